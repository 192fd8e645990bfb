"""Download handlers: Scrapy's own, with a guard on what is connected to and a bound on what a server may say first."""
