"""Leases of targets whose record was not archived: an error, a dropped item, a spider's mistake, a lost request."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import DontCloseSpider

from crawler.extensions.leases import EndState, Leases
from crawler.frontier.targets import stub_reason, stub_state
from crawler.items import Article
from crawler.utils.engine import Stopping, Tasks

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)

_MAX_REASON_LETTERS = 500


class Unarchived:
    """Ends each such lease on Scrapy's signals. The scheduler owns it, and its *tasks* keep the spider open."""

    def __init__(self, crawler: Crawler, leases: Leases, tasks: Tasks) -> None:
        self._leases = leases
        self._stats = crawler.stats
        self._tasks = tasks
        crawler.signals.connect(self._item_error, signal=signals.item_error)
        crawler.signals.connect(self._item_dropped, signal=signals.item_dropped)
        crawler.signals.connect(self._spider_error, signal=signals.spider_error)
        crawler.signals.connect(self._spider_idle, signal=signals.spider_idle)

    async def _fail(self, key: str, reason: str) -> None:
        """End a lease as failed, unless the whole crawl is ending on an error of the corpus."""
        if self._leases.holds(key):
            await self._leases.end(key, "failed", reason[:_MAX_REASON_LETTERS])
            self._stats.inc_value("gleaner/failed")

    async def _item_error(self, item: Any, failure: Failure) -> None:
        if isinstance(item, Article) and not isinstance(failure.value, Stopping):  # then the lease is released
            if item.kind == "seed":  # which nobody leases
                self._stats.inc_value("gleaner/seeds_failed")
            await self._fail(item.key, f"its record could not be archived: {failure.value!r}")

    async def _item_dropped(self, item: Any, exception: Exception) -> None:
        """End the lease of an article that a pipeline of the user's dropped before it was archived.

        A dropped stub means the same as an archived one: the article is gone, or the site gave no answer.
        """
        if not isinstance(item, Article):
            return
        if item.kind == "seed":  # which nobody leases
            self._stats.inc_value("gleaner/seeds_dropped")
        if not self._leases.holds(item.key):
            return
        self._stats.inc_value("gleaner/dropped")
        state: EndState = "dropped"
        if item.kind == "stub":
            state = "gone" if stub_state(item.capture.status) == "gone" else "failed"
        reason = stub_reason(item) or str(exception)[:_MAX_REASON_LETTERS] or "no reason given"
        await self._leases.end(item.key, state, reason)

    def _spider_error(self, failure: Failure, response: Response | None) -> None:
        request = getattr(response, "request", None)
        target = request.meta.get("target") if request else None
        if target:
            self._tasks.begin(self._fail(target.key, f"its page could not be read: {failure.value!r}"))

    def _spider_idle(self) -> None:
        """Report each lease still held when nothing is in progress, as its request was lost, and end it as failed."""
        lost = [key for key in self._leases.held if self._leases.holds(key)]
        for key in lost:
            logger.error("The request for %s was lost without an answer; it counts as failed", key)
            self._tasks.begin(self._fail(key, "its request was lost"))
        if lost:
            raise DontCloseSpider
