"""The written forms of a dump, one module each: bytes and a place in them to records, and where the dump ends."""
