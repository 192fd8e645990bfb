"""From one answer of a server to one record: facts of a page, soft 404s, records, pictures."""
