"""The frontier that many machines share, in Redis or Valkey. Pure: no Scrapy. Needs ``scrapy-gleaner[redis]``."""

from crawler.sharing.entries import Entry, entry_of, entry_of_related, read_entry
from crawler.sharing.frontier import SharedFrontier, check

__all__ = ["Entry", "SharedFrontier", "check", "entry_of", "entry_of_related", "read_entry"]
