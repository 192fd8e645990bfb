"""Scrapy extensions: archivist, readers of pages, recoverer, progress, monitors, the record of the run."""
