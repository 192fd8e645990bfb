"""Requests that leave the profile's hosts and ports are refused, counted and logged; redirects included."""

from __future__ import annotations

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from crawler.middlewares.origins import OriginsMiddleware
from crawler.sites import load_profile


@pytest.fixture
def stats():
    return MemoryStatsCollector(get_crawler())


@pytest.fixture
def middleware(stats):
    return OriginsMiddleware(load_profile("replica"), stats)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8765/news/1", "http://127.0.0.1:8765/robots.txt"])
def test_the_sites_own_pages_pass_and_loopback_is_not_throttled(middleware, url):
    request = Request(url)
    assert middleware.process_request(request) is None
    assert request.meta["autothrottle_dont_adjust_delay"] is True


def test_other_hosts_keep_their_throttle(stats):
    request = Request("https://en.alalam.ir/news/1")
    OriginsMiddleware(load_profile("alalam"), stats).process_request(request)
    assert "autothrottle_dont_adjust_delay" not in request.meta


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:6379/",
        "http://localhost:8765/",
        "http://2130706433:8765/",
        "http://0x7f.1:8765/",
        "http://[::ffff:127.0.0.1]:8765/",
        "http://user@127.0.0.1:8765/",
        "http://evil.example/",
        "https://127.0.0.1.evil.example:8765/",
        "ftp://127.0.0.1:8765/",
        "file:///etc/passwd",
        "data:text/html,x",
    ],
)
def test_everything_else_is_refused_and_counted(middleware, stats, url):
    with pytest.raises(IgnoreRequest, match="refused: "):
        middleware.process_request(Request(url))
    assert sum(count for name, count in stats.get_stats().items() if name.startswith("gleaner/refused/")) == 1
