"""The verbs of ``scrapy sites``."""
