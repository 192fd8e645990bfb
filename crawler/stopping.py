"""The end of a crawl, for what waits in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.exceptions import GleanerError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Stopping(GleanerError):
    """The crawl is ending; what waits for a host or an archive is left for the next run."""


def is_closing(crawler: Crawler) -> bool:
    """Tell whether *crawler* has begun to end: nothing new is to be waited for."""
    engine = crawler.engine
    slot = engine._slot  # noqa: SLF001 - no signal is sent when an engine begins to close
    return not engine.running or slot is None or bool(slot.closing)
