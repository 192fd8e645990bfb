"""The written forms of a dump, one module each: from bytes and a place to records and the end of the dump."""
