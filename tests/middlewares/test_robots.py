"""robots.txt: which answers allow, which forbid, and that a delay which it asks for is kept."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise

import pytest

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
    ("forbids us", http(200, b"User-agent: Gleaner\nDisallow: /news/\n"), "forbidden by robots.txt"),
    ("forbids others", http(200, b"User-agent: other\nDisallow: /\n"), REACHED),
    ("404", http(404), REACHED),
    ("403", http(403, NEVER), REACHED),
    ("empty", http(200), REACHED),
    ("a page", http(200, b"<html>Disallow: all you want</html>"), REACHED),
    ("in UTF-16", http(200, NEVER.decode().encode("utf-16")), REACHED),
    ("too long", http(200, LONG), REACHED),
    ("all stars", http(200, STARS), REACHED),
]


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
        settings = ["RETRY_ENABLED=False", "DOWNLOAD_TIMEOUT=20", "IMAGES_FETCH=none"]
        seed = write_seed(folder / "seed.txt", *IDS)
        done = crawl(seed, folder / "corpus", profile, settings=settings)
    assert done.returncode == 0, done.stderr
    articles = [record for record in records(folder / "corpus") if record["kind"] == "article"]
    assert len(articles) == len(IDS)
    return articles, servers


@pytest.mark.parametrize("number", range(len(CASES)), ids=[name for name, *_ in CASES])
def test_what_cannot_be_read_forbids_and_what_is_not_there_allows(crawled, number):
    articles, servers = crawled
    name, _, reason = CASES[number]
    assert servers[number].paths.count("/robots.txt") == (6 if name == "a loop" else 1)
    for record in articles:
        assert record["capture"]["attempts"][number]["reason"].startswith(reason)
        assert (f"/news/{record['id']}" in servers[number].paths) == (reason == REACHED)


def test_a_crawl_delay_is_kept(crawled):
    _, servers = crawled
    times = [asked.at for asked in servers[-1].asked]
    assert len(times) == 1 + len(IDS)
    assert all(later - earlier > DELAY * 0.9 for earlier, later in pairwise(times))
