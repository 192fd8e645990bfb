"""The frontier: targets and their states, and when each is due. Local in SQLite, or shared in Redis."""
