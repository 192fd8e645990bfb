"""A run: its record and exit code, its summary, and how it compares with earlier runs."""
