"""Scrapy's scheduler over the frontier: requests come from leased targets, not from memory or a job directory."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from scrapy import Request, Spider, signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.exceptions import DontCloseSpider

from crawler.archive import Corpus, Target
from crawler.exceptions import CorpusError
from crawler.extensions.archivist import Archivist
from crawler.frontier.targets import stub_reason, stub_state
from crawler.items import Article
from crawler.utils.engine import Stopping, is_closing, let_scraper_end

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)

_BATCH = 32
_MAX_REASON_LETTERS = 500
_SHARED_AHEAD = 2
"""Targets that a worker leases before the network can take them: the others have as much of a right to them."""


class FrontierSpider(Protocol):
    """What the scheduler needs of a spider."""

    depth: int
    max_articles: int | None

    def lease(self, corpus: Corpus, limit: int, *, run: str, until: float) -> list[Target]:
        """Lease up to *limit* of the targets that the spider asks for."""

    def request(self, target: Target) -> Request | None:
        """Return the first request for *target*, with it as ``meta["target"]``; None if it has no URL."""


class FrontierScheduler(BaseScheduler):
    """Leases targets from the corpus's frontier and hands them to the engine as requests, nearest to the seeds first.

    A lease ends when the record of its target is archived, with its pictures; or here, when the record could not be
    made. Retries, redirects and second URLs of a target come back through :meth:`enqueue_request` under its lease
    and wait in memory: they are as few as the requests underway. So is a request without a target, which a spider of
    your own may yield: it is kept for this run only.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._ready: deque[Request] = deque()
        self._leasing = False
        self._may_wait = True
        self._archivist: Archivist | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        scheduler = cls(crawler)
        connect = crawler.signals.connect
        connect(scheduler._item_error, signal=signals.item_error)
        connect(scheduler._item_dropped, signal=signals.item_dropped)
        connect(scheduler._spider_error, signal=signals.spider_error)
        connect(scheduler._spider_idle, signal=signals.spider_idle)
        connect(scheduler._on_network, signal=signals.request_reached_downloader)
        return scheduler

    def open(self, spider: Spider) -> None:
        self._archivist = self._crawler.get_extension(Archivist)
        self._spider = cast("FrontierSpider", spider)
        if self._archivist is None:  # a spider without a corpus, such as that of scrapy shell and scrapy fetch
            self._may_wait = False
        else:
            self._archivist.on_added = self._record_added
        self._watching = asyncio.ensure_future(let_scraper_end(self._crawler))

    def close(self, reason: str) -> None:  # noqa: ARG002 - Scrapy's
        self._watching.cancel()

    def has_pending_requests(self) -> bool:
        return bool(self._ready) or bool(self._tasks) or (self._may_wait and self._budget() > 0)

    def enqueue_request(self, request: Request) -> bool:
        self._ready.append(request)
        return True

    def next_request(self) -> Request | None:
        self._lease_if_low()
        return self._ready.popleft() if self._ready else None

    def _record_added(self, article: Article) -> None:
        if article.related and article.depth < self._spider.depth:
            self._may_wait = True
            self._lease_if_low()

    def _budget(self) -> int:
        """Return how many more targets may be leased now: all that a batch holds, or what max_articles leaves."""
        limit, archivist = self._spider.max_articles, self._archivist
        if archivist is not None and archivist.sharing is not None:  # which knows what max_articles leaves
            return max(0, _SHARED_AHEAD - self._ahead())
        if limit is None or archivist is None:
            return _BATCH
        return min(_BATCH, limit - archivist.articles_answered - len(archivist.leases))

    def _low(self) -> bool:
        return self._may_wait and len(self._ready) < _BATCH // 2 and self._budget() > 0

    def _ahead(self) -> int:
        """Return how many targets are leased whose request has not come as far as the network."""
        downloader: Any = self._crawler.engine.downloader
        begun = {request for slot in downloader.slots.values() for request in slot.active}
        return len(self._ready) + sum("target" in one.meta and one not in begun for one in downloader.active)

    def _on_network(self) -> None:
        if self._archivist is not None and self._archivist.sharing is not None:
            self._lease_if_low()

    def _lease_if_low(self) -> None:
        if self._low() and not self._leasing:
            self._leasing = True
            self._begin(self._lease())

    async def _lease(self) -> None:
        archivist = self._archivist
        assert archivist is not None  # noqa: S101 - without one, nothing may wait
        try:
            while self._low():
                self._may_wait = False  # unless this batch tells of more, or a record lists new targets meanwhile
                limit = self._budget()
                targets = await archivist.lease(limit, self._spider.lease, max_depth=self._spider.depth)
                more = len(targets) == limit or (bool(targets) and archivist.sharing is not None)
                self._may_wait = self._may_wait or more
                for target in targets:
                    await self._request(archivist, target)
        finally:
            self._leasing = False

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do *work* in a task; an error of it, which nobody would hear of, ends the crawl."""
        task = asyncio.ensure_future(self._end_on_error(work))
        self._tasks.add(task)  # the loop itself holds no task alive
        task.add_done_callback(self._tasks.discard)

    async def _end_on_error(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CorpusError:
            pass  # the archivist is closing the spider
        except Exception:
            logger.critical("The frontier cannot be asked", exc_info=True)
            if not is_closing(self._crawler):
                await self._crawler.engine.close_spider_async(reason="scheduler_error")

    async def _request(self, archivist: Archivist, target: Target) -> None:
        request = self._spider.request(target)
        if request is None:
            await archivist.end(target.key, "gone", "the site profile has no URL for it")
        elif self._crawler.engine.spider is not None:
            self._crawler.engine.crawl(request)  # rather than to enqueue it: this also wakes the engine

    async def _fail(self, key: str, reason: str) -> None:
        """End a lease as failed, unless the whole crawl is ending on an error of the corpus."""
        if archivist := self._holder(key):
            await archivist.postpone(key, reason)
            self._crawler.stats.inc_value("gleaner/failed")

    def _holder(self, key: str) -> Archivist | None:
        """Return the archivist if it still holds a lease of *key*, and can end it."""
        archivist = self._archivist
        return archivist if archivist is not None and key in archivist.leases and archivist.error is None else None

    async def _item_error(self, item: Any, failure: Failure) -> None:
        if isinstance(item, Article) and not isinstance(failure.value, Stopping):  # then the lease is given back
            if item.kind == "seed":  # which nobody leases
                self._crawler.stats.inc_value("gleaner/seeds_failed")
            await self._fail(item.key, f"its record could not be archived: {failure.value!r}"[:_MAX_REASON_LETTERS])

    async def _item_dropped(self, item: Any, exception: Exception) -> None:
        """End the lease of an article that a pipeline of the user's dropped before it was archived.

        A dropped stub says as much as an archived one: the site has nothing, or gave no answer.
        """
        if not isinstance(item, Article):
            return
        if item.kind == "seed":  # which nobody leases
            self._crawler.stats.inc_value("gleaner/seeds_dropped")
        archivist = self._holder(item.key)
        if archivist is None:
            return
        reason = str(exception)[:_MAX_REASON_LETTERS] or "no reason given"
        self._crawler.stats.inc_value("gleaner/dropped")
        if item.kind != "stub":
            await archivist.drop(item.key, reason)
        elif stub_state(item.capture.status) == "gone":
            await archivist.end(item.key, "gone", stub_reason(item) or reason)
        else:
            await archivist.postpone(item.key, stub_reason(item) or reason)

    def _spider_error(self, failure: Failure, response: Response | None) -> None:
        request = getattr(response, "request", None)
        target = request.meta.get("target") if request else None
        if target:
            reason = f"its page could not be read: {failure.value!r}"[:_MAX_REASON_LETTERS]
            self._begin(self._fail(target.key, reason))

    def _spider_idle(self) -> None:
        """With nothing underway, a lease that is still held was lost on the way: say so, and end it as failed."""
        archivist = self._archivist
        if archivist is None or archivist.error or not archivist.leases:
            return
        for key in list(archivist.leases):
            logger.error("The request for %s was lost on the way; it counts as failed", key)
            self._begin(self._fail(key, "its request was lost"))
        raise DontCloseSpider
