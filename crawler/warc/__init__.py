"""Captures in WARC/1.1 files: written, read back strictly, indexed, looked up and packed as WACZ. No Scrapy in it.

:mod:`~crawler.warc.exchange` models a request with its response, :mod:`~crawler.warc.writing` makes records of it.
"""

from crawler.warc.exchange import Exchange
from crawler.warc.writing import Encoded, Original, encode_exchange, encode_warcinfo, write_warc

__all__ = ["Encoded", "Exchange", "Original", "encode_exchange", "encode_warcinfo", "write_warc"]
