"""The plan of a crawl: what it would request, of whom, for how long, without a request or a write. Pure."""
