"""Scrapy middlewares: where requests may go."""
