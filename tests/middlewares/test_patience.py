"""Hosts that ask for patience: left alone for as long as they say, or for the rest of the run."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import ExitStack
from types import SimpleNamespace

from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.extensions import sharing
from crawler.middlewares.patience import PatienceMiddleware
from crawler.net import Patience
from crawler.utils.response import REPLAYED
from tests.crawling import crawl, records, write_seed
from tests.scripted import Scripted, article, http, write_profile

IDS = (1793001, 1793002)


def test_a_host_is_left_alone_for_as_long_as_it_says_and_no_longer_than_there_is_time(tmp_path):
    asked: Counter[str] = Counter()

    def endless(path):
        return http(404) if path == "/robots.txt" else http(429, b"", "Retry-After: 999999999")

    def busy(path):
        asked[path] += 1
        if path == "/robots.txt":
            return http(404)
        return http(503, b"", "Retry-After: 1") if asked[path] == 1 else article(path)

    with ExitStack() as stack:
        first, second = (stack.enter_context(Scripted(answer)) for answer in (endless, busy))
        profile = write_profile(tmp_path / "site.toml", first.url, second.url)
        settings = ["PATIENCE=30", "IMAGES_FETCH=none", "CONCURRENT_REQUESTS=1"]
        done = crawl(write_seed(tmp_path / "seed.txt", *IDS), tmp_path / "corpus", profile, settings=settings)
    assert done.returncode == 18, done.stderr
    assert first.paths == ["/robots.txt", f"/news/{IDS[0]}"]  # then never again
    articles = {record["id"]: record for record in records(tmp_path / "corpus") if record["kind"] == "article"}
    assert articles.keys() == {str(number) for number in IDS}
    for record in articles.values():
        assert "longer pause" in record["capture"]["attempts"][0]["reason"]
    for number in IDS:
        refused, had = (one.at for one in second.asked if one.path == f"/news/{number}")
        assert had - refused > 0.9


def test_replayed_capture_of_429_causes_no_pause():
    middleware = PatienceMiddleware.from_crawler(get_crawler(settings_dict={"PATIENCE": 1}))
    request = Request("http://127.0.0.1/news/1")
    replayed = Response(request.url, status=429, headers={"Retry-After": "60"}, flags=[REPLAYED])
    assert asyncio.run(middleware.process_response(request, replayed)) is replayed
    asyncio.run(middleware.process_request(request))


def test_pauses_grow_until_the_host_answers_well(monkeypatch):
    middleware = PatienceMiddleware.from_crawler(get_crawler(settings_dict={"PATIENCE": 600}))
    request = Request("http://127.0.0.1/news/1")
    waits = []
    for now, status in ((0, 429), (10, 429), (30, 200), (40, 429)):
        monkeypatch.setattr(sharing, "time", SimpleNamespace(monotonic=lambda now=now: now))
        asyncio.run(middleware.process_response(request, Response(request.url, status=status)))
        waits.append(asyncio.run(middleware._budgets.act("patience:127.0.0.1", Patience, Patience.wait)))
    assert waits == [5, 10, 0, 5]
