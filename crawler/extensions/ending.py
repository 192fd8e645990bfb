"""The end of a crawl: ensures that it completes, whatever was in progress when it began."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from scrapy import signals

from crawler.utils.doors import give_up_waiting, is_closing
from crawler.utils.engine import POLL_SECONDS, Stopping, corpus_failed
from crawler.utils.log import is_news
from crawler.utils.watchdog import end_seconds

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Ending:
    """Ensures that a crawl that should end does end.

    When the corpus has failed, no work in progress can be archived. This class drops the requests that wait for their
    turn, the download handler those being answered, and the readers their pages.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._failed = False
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        end_seconds(crawler.settings)  # an invalid value ends the run before its first request
        ending = cls(crawler)
        crawler.signals.connect(ending.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(ending.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(ending.corpus_failed, signal=corpus_failed)
        return ending

    def spider_opened(self) -> None:
        """Start to watch, and to log each error once."""
        for handler in logging.root.handlers:  # here, because Scrapy creates its own late
            handler.addFilter(is_news)
        self._watching = asyncio.ensure_future(self._watch())

    def spider_closed(self) -> None:
        """Stop watching: the scraper is closed."""
        if self._watching is not None:
            self._watching.cancel()

    def corpus_failed(self) -> None:
        """End the crawl, now or as soon as it has started."""
        self._failed = True
        self._close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._failed:
                self._close()

    def _close(self) -> None:
        engine = self._crawler.engine
        if engine.running and not is_closing(self._crawler):
            reason = self._crawler.stats.get_value("gleaner/corpus_failed")
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason=reason))
        give_up_waiting(self._crawler, Stopping("the crawl is ending"))
