"""robots.txt: which answers allow, which forbid, and that a delay which it asks for is kept."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import ExitStack
from itertools import pairwise
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.middlewares import robots
from tests.crawling import crawl, records, write_seed
from tests.scripted import Scripted, article, http, write_profile

IDS = (1793001, 1793002, 1793003)
DELAY = 0.4
NEVER = b"User-agent: *\nDisallow: /"
LONG = b"User-agent: *\nDisallow: /nothing\n" + b"# a comment of some length\n" * 20_000 + b"Disallow: /news/\n"
STARS = b"User-agent: *\nDisallow: /" + b"*n" * 2000 + b"$\n"
REACHED = "status 404"

# What is answered to the request for robots.txt, and what then became of the article (asked for: 404).
CASES = [
    ("503", http(503, NEVER), "robots.txt cannot be read: status 503"),
    ("500", http(500), "robots.txt cannot be read: status 500"),
    ("429", http(429), "robots.txt cannot be read: status 429"),
    ("closed", None, "robots.txt cannot be read: "),
    ("silent", b"", "robots.txt cannot be read: "),
    ("cut short", http(200, NEVER, "Content-Length: 5000"), "robots.txt cannot be read: "),
    ("a loop", http(302, b"", "Location: /robots.txt"), "robots.txt cannot be read: "),
    ("away", http(302, b"", "Location: http://evil.example/robots.txt"), "robots.txt cannot be read: refused"),
    ("a file", http(302, b"", "Location: file:///etc/passwd"), "robots.txt cannot be read: "),
    ("forbids", http(200, NEVER), "forbidden by robots.txt"),
    ("forbids, gzip not said", http(200, gzip.compress(NEVER)), "forbidden by robots.txt"),
    ("forbids, gzip said and not so", http(200, NEVER, "Content-Encoding: gzip"), "forbidden by robots.txt"),
    ("forbids in UTF-16", http(200, NEVER.decode().encode("utf-16")), "forbidden by robots.txt"),
    ("forbids in UTF-16 without a mark", http(200, NEVER.decode().encode("utf-16-be")), "forbidden by robots.txt"),
    ("gzip cut short", http(200, gzip.compress(NEVER)[:-9]), "robots.txt cannot be read: "),
    ("forbids us", http(200, b"User-agent: Gleaner\nDisallow: /news/\n"), "forbidden by robots.txt"),
    ("forbids others", http(200, b"User-agent: other\nDisallow: /\n"), REACHED),
    ("404", http(404), REACHED),
    ("403", http(403, NEVER), REACHED),
    ("empty", http(200), REACHED),
    ("a page", http(200, b"<html>Disallow: all you want</html>"), REACHED),
    ("too long", http(200, LONG), REACHED),
    ("all stars", http(200, STARS), REACHED),
]


_REQUESTS = {"a loop": 6, "gzip cut short": 3}


def site(robots):
    return lambda path: robots if path == "/robots.txt" else http(404)


def well_behaved(path):
    if path == "/robots.txt":
        return http(200, f"User-agent: *\nCrawl-delay: {DELAY}\nDisallow: /search\n".encode())
    return article(path)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """Ask a site for articles at the address of each case in turn, and last at one that has them."""
    folder = tmp_path_factory.mktemp("robots")
    with ExitStack() as stack:
        servers = [stack.enter_context(Scripted(site(answer))) for _, answer, _ in CASES]
        servers.append(stack.enter_context(Scripted(well_behaved)))
        profile = write_profile(folder / "site.toml", *(server.url for server in servers))
        settings = ["RETRY_ENABLED=False", "DOWNLOAD_TIMEOUT=60", "IMAGES_FETCH=none"]
        seed = write_seed(folder / "seed.txt", *IDS)
        done = crawl(seed, folder / "corpus", profile, settings=settings)
    assert done.returncode == 0, done.stderr
    articles = [record for record in records(folder / "corpus") if record["kind"] == "article"]
    assert len(articles) == len(IDS)
    return articles, servers


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name for name, *_ in CASES])
def test_unreadable_robots_txt_forbids_and_missing_one_allows(crawled, number):
    articles, servers = crawled
    name, _, reason = CASES[number]
    assert servers[number].paths.count("/robots.txt") == _REQUESTS.get(name, 1)
    for record in articles:
        assert record["capture"]["attempts"][number]["reason"].startswith(reason)
        assert (f"/news/{record['id']}" in servers[number].paths) == (reason == REACHED)


def test_a_crawl_delay_is_kept(crawled):
    _, servers = crawled
    times = [asked.at for asked in servers[-1].asked]
    assert len(times) == 1 + len(IDS)
    assert all(later - earlier > DELAY * 0.9 for earlier, later in pairwise(times))


class Engine:
    """Answers each request for robots.txt with a delay to keep, and counts them."""

    def __init__(self):
        self.asked = 0
        self.downloader = SimpleNamespace(get_slot_key=lambda _: "slot", slots={}, per_slot_settings={}, _delay=1.0)

    async def download_async(self, request):
        self.asked += 1
        return Response(request.url, body=b"User-agent: *\nCrawl-delay: 30\n")


@pytest.fixture
def middleware():
    crawler = get_crawler(settings_dict={"ROBOTSTXT_OBEY": True, "ROBOTSTXT_MAX_CRAWL_DELAY": 20})
    crawler.engine = Engine()
    return robots.RobotsMiddleware.from_crawler(crawler)


def ask(middleware, times=1):
    """Let so many requests pass, one after the other; return the last."""

    async def pass_all():
        for _ in range(times):
            request = Request("http://127.0.0.1/news/1")
            await middleware.process_request(request)
        return request

    return asyncio.run(pass_all())


def test_crawl_delay_holds_for_a_later_slot_and_autothrottle_keeps_it(middleware):
    assert ask(middleware).meta["autothrottle_dont_adjust_delay"]
    slow = {"concurrency": 1, "jitter": 0.0, "delay": 20.0}
    assert middleware._crawler.engine.downloader.per_slot_settings == {"slot": slow}


@pytest.mark.parametrize(("valid_seconds", "asked"), [(24 * 3600.0, 1), (0.0, 3)])
def test_rules_are_requested_again_only_when_they_are_too_old(middleware, monkeypatch, valid_seconds, asked):
    monkeypatch.setattr(robots, "_VALID_SECONDS", valid_seconds)
    ask(middleware, times=3)
    assert middleware._crawler.engine.asked == asked
