"""Extracts the fields of an article from the HTML of its page: pure, usable alone, safe in worker processes.

>>> page = b"<html lang=en><title>Rain</title><h1>Rain</h1><article><p>It rained all day in the city.</p></article>"
>>> extract(page, "http://example.com/1")["title"]
'Rain'
"""

from crawler.extract.fields import extract
from crawler.extract.visible import page_text
from crawler.text.charset import decode

__all__ = ["decode", "extract", "page_text"]
