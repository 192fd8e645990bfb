"""Lists of captures: what web archives hold of a site, one line a capture. Pure; no Scrapy, no network."""
