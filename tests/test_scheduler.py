"""The scheduler: what becomes of leases when a spider's own code has a mistake."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from scrapy import Request, signals
from scrapy.exceptions import DontCloseSpider, DropItem
from scrapy.http import Response
from scrapy.utils.test import get_crawler
from twisted.python.failure import Failure

from crawler.archive import Corpus
from crawler.extensions.archivist import Archivist
from crawler.extensions.leases import LocalLeases
from crawler.items import RelatedItem
from crawler.runs.exitcodes import FAILED_URLS, INTERNAL, exit_code
from crawler.scheduler import FrontierScheduler
from tests.factories import make_article
from tests.waiting import HANG_SECONDS


class Engine:
    """Notes for which reason the spider is closed, what is to be crawled, and how often it is to look around."""

    running, spider = True, object()

    def __init__(self):
        self.woken = 0
        self._slot = SimpleNamespace(closing=None, nextcall=SimpleNamespace(schedule=self._wake))
        self.closed = asyncio.Event()
        self.crawled = asyncio.get_running_loop().create_future()

    def _wake(self):
        self.woken += 1

    def crawl(self, request):
        self.crawled.set_result(request)

    async def close_spider_async(self, *, reason):
        self.reason = reason
        self.closed.set()


class Spider:
    depth, max_articles = 1, None

    def lease(self, corpus, limit, *, run, until):
        return corpus.frontier.lease(limit, max_depth=1, run=run, until=until)


class CannotLease(Spider):
    def lease(self, corpus, limit, **_):
        raise TypeError(corpus, limit)


class CannotRequest(Spider):
    def request(self, target):
        raise KeyError(target)


class Works(Spider):
    def request(self, target):
        return Request("http://127.0.0.1/", meta={"target": target})


@pytest.fixture
def corpus(tmp_path):
    """A corpus whose frontier holds one target."""
    corpus = Corpus(tmp_path / "corpus", "replica")
    with corpus.group():
        corpus.add(make_article(1, related=(RelatedItem(id="2"),)))
    yield corpus
    corpus.close()


@asynccontextmanager
async def scheduling(corpus, spider):
    """Give the scheduler of a crawl of *spider*, its leases and its engine."""
    crawler = get_crawler()
    crawler.engine, crawler.spider = Engine(), spider
    archivist, leases = Archivist(corpus, "run", crawler), LocalLeases(crawler)
    crawler.get_extension = {Archivist: archivist, LocalLeases: leases}.get
    scheduler = FrontierScheduler.from_crawler(crawler)
    scheduler.open(spider)
    assert scheduler.next_request() is None
    yield scheduler, leases, crawler.engine
    archivist._thread.shutdown()


@pytest.mark.parametrize("spider", [CannotLease(), CannotRequest()], ids=["lease", "request"])
def test_error_in_leasing_ends_the_crawl_and_is_reported(corpus, caplog, spider):
    async def crawl():
        async with scheduling(corpus, spider) as (_, _, engine):
            await asyncio.wait_for(engine.closed.wait(), HANG_SECONDS)
            return engine.reason

    assert exit_code({"finish_reason": asyncio.run(crawl())}) == INTERNAL
    assert "The frontier cannot be read" in caplog.text


def test_the_end_waits_for_a_lease_that_is_being_given_up_which_is_counted_once(corpus, caplog):
    async def crawl():
        async with scheduling(corpus, Works()) as (scheduler, leases, engine):
            request = await asyncio.wait_for(engine.crawled, HANG_SECONDS)
            await settled(scheduler)
            assert not scheduler.has_pending_requests()
            tell(scheduler, signals.spider_error, failure=Failure(KeyError()), response=Response("", request=request))
            assert scheduler.has_pending_requests()
            await settled(scheduler)
            assert tell(scheduler, signals.spider_idle) is None
            return leases.held, scheduler._crawler.stats.get_value("gleaner/failed")

    assert asyncio.run(crawl()) == (set(), 1)
    assert "lost" not in caplog.text


def test_engine_looks_for_the_end_when_a_lease_finds_nothing(corpus):
    """Nothing else would wake it: it would look five seconds later."""
    with corpus.group():
        corpus.frontier.lease(9, max_depth=9, run="another", until=2e9)

    async def crawl():
        async with scheduling(corpus, Works()) as (scheduler, _, engine):
            assert (engine.woken, scheduler.has_pending_requests()) == (0, True)
            await settled(scheduler)
            await asyncio.sleep(0)
            return engine.woken, scheduler.has_pending_requests()

    assert asyncio.run(crawl()) == (1, False)


def test_seed_that_cannot_be_archived_changes_the_exit_code(corpus):
    async def crawl():
        async with scheduling(corpus, Works()) as (scheduler, _, _):
            await settled(scheduler)
            item = make_article(3, kind="seed")
            send = scheduler._crawler.signals.send_catch_log_async
            await send(signals.item_error, item=item, failure=Failure(TypeError()))
            return scheduler._crawler.stats.get_stats()

    assert exit_code({**asyncio.run(crawl()), "finish_reason": "finished"}) == FAILED_URLS


@pytest.mark.parametrize(
    ("signal", "facts", "state"),
    [
        (signals.item_error, {"failure": Failure(TypeError())}, "failed"),
        (signals.item_dropped, {"exception": DropItem("not wanted")}, "dropped"),
    ],
    ids=["error", "dropped"],
)
def test_a_record_that_is_not_archived_ends_its_lease(corpus, signal, facts, state):
    async def crawl():
        async with scheduling(corpus, Works()) as (scheduler, leases, engine):
            await asyncio.wait_for(engine.crawled, HANG_SECONDS)
            await settled(scheduler)
            await scheduler._crawler.signals.send_catch_log_async(signal, item=make_article(2), **facts)
            return leases.held, scheduler._crawler.stats.get_value(f"gleaner/{state}")

    assert asyncio.run(crawl()) == (set(), 1)


def test_a_lease_that_is_held_when_nothing_is_underway_was_lost_and_counts_as_failed(corpus, caplog):
    async def crawl():
        async with scheduling(corpus, Works()) as (scheduler, leases, engine):
            await asyncio.wait_for(engine.crawled, HANG_SECONDS)
            await settled(scheduler)
            assert isinstance(tell(scheduler, signals.spider_idle).value, DontCloseSpider)
            await settled(scheduler)
            return leases.held, scheduler._crawler.stats.get_value("gleaner/failed")

    assert asyncio.run(crawl()) == (set(), 1)
    assert "The request for replica/2 was lost without an answer" in caplog.text


def tell(scheduler, signal, **facts):
    """Send a signal as Scrapy does; return what the scheduler makes of it."""
    ((_, answer),) = scheduler._crawler.signals.send_catch_log(signal, dont_log=DontCloseSpider, **facts)
    return answer


async def settled(scheduler):
    while scheduler._tasks:
        await asyncio.wait(scheduler._tasks)
