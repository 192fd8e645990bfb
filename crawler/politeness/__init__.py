"""What a host asks of those who crawl it, and how long to leave it alone. Pure: no clock, no network."""

from crawler.politeness.retry_after import MAX_WAIT, retry_after

__all__ = ["MAX_WAIT", "retry_after"]
