"""The end of a crawl, which must come, whatever was underway when it began."""

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
    """Sees to it that a crawl that is to end does.

    When the corpus has failed nothing that is still underway can be kept: requests that wait for their turn are given
    up here, those that are being answered by their handler, pages by the readers.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._failed = False
        self._watching: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        end_seconds(crawler.settings)  # a wrong one ends the run before its first request
        ending = cls(crawler)
        crawler.signals.connect(ending.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(ending.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(ending.corpus_failed, signal=corpus_failed)
        return ending

    def spider_opened(self) -> None:
        """Begin to watch, and to log an error once."""
        for handler in logging.root.handlers:  # here, as Scrapy makes its own late
            handler.addFilter(is_news)
        self._watching = asyncio.ensure_future(self._watch())

    def spider_closed(self) -> None:
        """Have done: the scraper is closed."""
        if self._watching is not None:
            self._watching.cancel()

    def corpus_failed(self) -> None:
        """End the crawl, now or as soon as it has begun."""
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
