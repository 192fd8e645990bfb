"""Drafts site profiles from evidence: captured URLs, ids and pictures of dumps, texts. Pure; no Scrapy, no network."""
