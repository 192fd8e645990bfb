"""The corpus in a browser, on loopback: Datasette over the search index and the catalogue, and a page for each record.

Nothing is written: the databases are opened read-only, and no request but GET and HEAD is answered.
"""
