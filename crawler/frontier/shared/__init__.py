"""The frontier that many machines share, in Redis or Valkey. Pure: no Scrapy. Needs ``scrapy-gleaner[redis]``."""

from crawler.frontier.shared.entries import Ended, Entry, entry_of, entry_of_related, fetched, read_entry
from crawler.frontier.shared.redis import SharedFrontier, check

__all__ = ["Ended", "Entry", "SharedFrontier", "check", "entry_of", "entry_of_related", "fetched", "read_entry"]
