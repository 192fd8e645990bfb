"""Lists of articles: feeds, sitemaps, tables, JSON and plain lines of URLs or ids, told by their content."""
