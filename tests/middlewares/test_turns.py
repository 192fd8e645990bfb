"""Turns: workers that share a frontier ask a host, all together, no more often than one alone."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest
from redis import Redis
from scrapy import Request

from crawler.frontier.shared.redis import SharedFrontier
from crawler.middlewares.turns import TurnsMiddleware
from crawler.utils.engine import Stopping


@pytest.fixture
def frontier(redis_server):
    """Give a function that makes the frontier of a worker."""
    with Redis.from_url(redis_server.url) as direct:
        direct.flushall()
    return lambda name: SharedFrontier(redis_server.url, "site", name="corpus", worker=name, lease_seconds=60)


def middleware(shared, *, delay, closing=False):
    """Return the middleware of a worker whose download slot has *delay*."""
    downloader = SimpleNamespace(get_slot_key=lambda _: "slot", slots={"slot": SimpleNamespace(delay=delay)})
    engine = SimpleNamespace(downloader=downloader, running=True, _slot=SimpleNamespace(closing=closing))
    stats = SimpleNamespace(inc_value=lambda _: None)
    return TurnsMiddleware(SimpleNamespace(engine=engine, stats=stats), shared)


def test_requests_of_all_workers_are_a_delay_apart(frontier):
    passed = []

    async def ask(worker, number):
        await worker.process_request(Request(f"http://a.example/{number}"))
        passed.append(time.monotonic())

    async def act():
        async with frontier("one") as one, frontier("two") as two:
            for shared in (one, two):
                await shared.join(retry_failed=True)
            workers = [middleware(shared, delay=0.1) for shared in (one, two)]
            await asyncio.gather(*(ask(worker, number) for worker in workers for number in range(5)))

    asyncio.run(act())
    assert len(passed) == 10
    assert max(passed) - min(passed) > 0.8  # nine delays; what a clock measures in between may differ a little


def test_host_without_a_delay_is_requested_at_once_and_an_ending_crawl_does_not_wait(frontier):
    async def act():
        async with frontier("one") as one:
            await one.join(retry_failed=True)
            for _ in range(3):
                await middleware(one, delay=0).process_request(Request("http://a.example/"))
            ending = middleware(one, delay=3600, closing=True)
            await ending.process_request(Request("http://a.example/"))
            with pytest.raises(Stopping):
                await ending.process_request(Request("http://a.example/"))

    asyncio.run(act())
