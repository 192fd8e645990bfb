"""What a host asks of those who crawl it, and how long to leave it alone. Pure: no clock, no network."""

from crawler.politeness.patience import Patience
from crawler.politeness.retry_after import MAX_WAIT, retry_after
from crawler.politeness.robots import MAX_ROBOTS_BYTES, readable_part, robots_meaning

__all__ = ["MAX_ROBOTS_BYTES", "MAX_WAIT", "Patience", "readable_part", "retry_after", "robots_meaning"]
