"""Download handlers: Scrapy's own, with a guard on connections and a limit on the bytes before a body."""
