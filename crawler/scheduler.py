"""Scrapy's scheduler for the frontier: requests come from leased targets, not from memory or a job directory."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self, cast

from scrapy import Request, Spider, signals
from scrapy.core.scheduler import BaseScheduler

from crawler.archive import Target
from crawler.extensions.leases import FrontierSpider, Leases, LocalLeases
from crawler.extensions.unarchived import Unarchived
from crawler.items import Article
from crawler.utils.doors import count_before_network
from crawler.utils.engine import Tasks, let_scraper_end

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

_MIN_READY_TARGETS = 16
"""More targets are leased while fewer requests than this wait."""


class FrontierScheduler(BaseScheduler):
    """Leases targets and hands them to the engine as requests, nearest to the seeds first.

    :mod:`crawler.extensions.leases` decides when a lease ends. Retries, redirects and second URLs of a target come
    back through :meth:`enqueue_request` under its lease and wait in memory: they are as few as the requests underway.
    So is a request without a target, which a spider of your own may yield: it is kept for this run only.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._ready: deque[Request] = deque()
        self._leasing = False
        self._may_wait = False
        self._leases: Leases | None = None
        self._tasks = Tasks(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        scheduler = cls(crawler)
        crawler.signals.connect(scheduler._lease_if_low, signal=signals.request_reached_downloader)
        return scheduler

    def open(self, spider: Spider) -> None:
        self._leases = self._crawler.get_extension(LocalLeases)
        self._spider = cast("FrontierSpider", spider)
        if self._leases is not None:
            self._may_wait = True
            self._leases.on_added = self._record_added
            self._leases.on_wanted = self._targets_wait
            self._unarchived = Unarchived(self._crawler, self._leases, self._tasks)
        self._watching = asyncio.ensure_future(let_scraper_end(self._crawler))

    def close(self, reason: str) -> None:  # noqa: ARG002 - Scrapy's
        self._watching.cancel()

    def has_pending_requests(self) -> bool:
        return bool(self._ready) or bool(self._tasks) or (self._may_wait and self._room() > 0)

    def enqueue_request(self, request: Request) -> bool:
        self._ready.append(request)
        return True

    def next_request(self) -> Request | None:
        self._lease_if_low()
        return self._ready.popleft() if self._ready else None

    def _record_added(self, article: Article) -> None:
        if article.related and article.depth < self._spider.depth:
            self._targets_wait()

    def _targets_wait(self) -> None:
        self._may_wait = True
        self._lease_if_low()

    def _room(self) -> int:
        return self._leases.room(self._ahead) if self._leases else 0

    def _low(self) -> bool:
        return self._may_wait and len(self._ready) < _MIN_READY_TARGETS and self._room() > 0

    def _ahead(self) -> int:
        """Return how many targets are leased whose request has not reached the network."""
        return len(self._ready) + count_before_network(self._crawler)

    def _lease_if_low(self) -> None:
        if self._leases and self._low() and not self._leasing:
            self._leasing = True
            self._tasks.begin(self._lease(self._leases))

    async def _lease(self, leases: Leases) -> None:
        try:
            while self._low():
                self._may_wait = False  # unless this batch promises more, or a record lists new targets meanwhile
                leased = await leases.lease(self._room())
                self._may_wait = self._may_wait or leased.more
                for target in leased.targets:
                    await self._request(leases, target)
        finally:
            self._leasing = False

    async def _request(self, leases: Leases, target: Target) -> None:
        request = self._spider.request(target)
        if request is None:
            await leases.end(target.key, "gone", "the site profile has no URL for it")
        elif self._crawler.engine.spider is not None:
            self._crawler.engine.crawl(request)  # preferred to enqueue_request, as this also wakes the engine
