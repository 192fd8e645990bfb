"""Whatever a site says, in redirects, pages or dumps: nothing is asked, looked up or listened to beyond the profile."""

from __future__ import annotations

import json
import os
import re
from html import escape
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest

from tests.crawling import crawl_arguments, records, scrapy
from tests.net.hostile import PICS, URLS
from tests.scripted import Scripted, http, write_profile

CANARY = ["http://{canary}/news/1", "http://localhost:{canary_port}/x.jpg", "//{canary}/x.jpg"]
HOSTILE = [*URLS, *CANARY]
REDIRECTS = range(1_793_000, 1_793_000 + len(HOSTILE))
PAGES = range(1_794_000, 1_794_000 + len(HOSTILE))
LISTED = range(1_795_000, 1_795_000 + len(PICS))

# Python tells of each connection and look-up, whoever makes it: https://docs.python.org/3/library/audit_events.html
AUDIT = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "listen"):
        with open(os.environ["AUDIT_LOG"], "a") as log:
            log.write(f"{event} {arguments[1:] if event == 'socket.connect' else arguments[:2]}\\n")
sys.addaudithook(note)
import socket
listen = socket.socket.listen
def noted_listen(self, *arguments):
    note("listen", (self.getsockname(), ""))
    return listen(self, *arguments)
socket.socket.listen = noted_listen
"""
PAGE = """<html><head><title>Story {number}</title><link rel="canonical" href="{url}"><meta property="og:url"
content="{url}"><meta property="og:image" content="{url}"><meta http-equiv="refresh" content="0; url={url}">
<base href="{url}"><script type="application/ld+json">{{"@type": "NewsArticle", "image": {json}, "url": {json}}}</script>
</head><body><article><h1>Story {number}</h1><img src="{url}"><p>The harbour was closed on Monday, {number} people said,
because the water stood too high for the ferry to come in.</p><p>It is to open again as soon as the wind has turned to
the south, which may be a matter of days. <a href="{url}">Read on</a></p></article>{pics}</body></html>"""


def asked_for(path):
    """Return the article that is asked for, -1 for what is none."""
    match = re.fullmatch(r"/news/(\d{7})", path)
    return int(match[1]) if match else -1


class Outside(NamedTuple):
    """What was left of a crawl of a site that says nothing but hostile things."""

    done: CompletedProcess[str]
    asked: list[str]
    caught: list[str]
    events: list[str]
    run: dict[str, Any]
    records: list[dict[str, Any]]


class Site:
    """Redirects some articles to hostile URLs, and names them in all ways that a page can in others."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def place(self, here: str, canary: str) -> None:
        """Make the hostile URLs around the addresses of this site and of the server that nobody may ask."""
        places = {"127.0.0.1:8765": here, "{canary}": canary, "{canary_port}": canary.rpartition(":")[2]}
        self.urls = list(HOSTILE)
        for written, meant in places.items():
            self.urls = [url.replace(written, meant) for url in self.urls]

    def answer(self, path: str) -> bytes:
        number = asked_for(path)
        if number in REDIRECTS:
            location = self.urls[number - REDIRECTS.start].encode("utf-8", "surrogatepass")
            return (
                b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: " + location + b"\r\n\r\n"
            )
        if number in PAGES:
            url = self.urls[number - PAGES.start]
            pics = "".join(f'<img src="{escape(pic)[:500]}">' for pic in PICS)
            page = PAGE.format(number=number, url=escape(url), json=json.dumps(url), pics=pics)
            return http(200, page.encode("utf-8", "surrogatepass"))
        return http(404, b"Not found")


def write_seeds(folder):
    """Write dumps that list all of the articles, some with hostile pictures."""
    folder.mkdir()
    pics = dict(zip(LISTED, PICS, strict=True))
    items = [
        {"id": str(number), "sort": "1", "contenttypeid": "21", "pic": pics.get(number, ""), "title": f"Story {number}"}
        for number in (*REDIRECTS, *PAGES, *LISTED)
    ]
    for start in range(0, len(items), 200):
        dump = "[" + " ,".join(json.dumps(item, separators=(",", ":")) for item in items[start : start + 200]) + " ]"
        (folder / f"{start}.txt").write_text(f'Page {start}.\nstring({len(dump)}) "{dump}"', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outside")
    (folder / "sitecustomize.py").write_text(AUDIT)
    log = folder / "audit.log"
    hostile = Site()
    with Scripted(hostile.answer) as site, Scripted(lambda _path: http(200, b"caught")) as canary:
        hostile.place(site.url.removeprefix("http://"), canary.url.removeprefix("http://"))
        profile = write_profile(folder / "site.toml", site.url)
        settings = ["RETRY_ENABLED=False", "IMAGES_FETCH=all"]
        arguments = crawl_arguments(write_seeds(folder / "seeds"), folder / "corpus", profile, settings=settings)
        environment = {**os.environ, "PYTHONPATH": str(folder), "AUDIT_LOG": str(log)}
        done = scrapy(*arguments, env=environment)
        again = ["crawl", "revisit", "-a", f"site={profile}", *arguments[arguments.index("-s") :]]
        assert scrapy(*again, env=environment).returncode in {0, 9}
        run = min((folder / "corpus" / "runs").glob("*/stats.json"))
        return Outside(
            done,
            site.paths,
            canary.paths,
            [event for event in log.read_text().splitlines() if site.url.rpartition(":")[2] not in event],
            json.loads(run.read_text()),
            [record for family in ("articles", "duplicates") for record in records(folder / "corpus", family)],
        )


def test_the_crawl_went_through_all_of_it(crawled):
    assert crawled.done.returncode in {0, 9}, crawled.done.stderr
    assert {asked_for(path) for path in crawled.asked} >= {*REDIRECTS, *PAGES, *LISTED}
    kept = {record["id"]: record["kind"] for record in crawled.records if record["kind"] != "seed"}
    # A page that says that its address is the front page, in one of the ways of spelling that, is a soft 404.
    assert [kept[str(number)] for number in PAGES].count("article") > 0.9 * len(PAGES)
    assert {kept[str(number)] for number in (*REDIRECTS, *LISTED)} == {"stub"}


def test_neither_spider_connects_to_anything_else_or_looks_it_up_or_listens(crawled):
    assert crawled.caught == []
    assert crawled.events == []
    assert len(crawled.run["hosts"]) == 1


def test_refused_requests_are_counted_and_logged(crawled):
    refused = {name: count for name, count in crawled.run["stats"].items() if name.startswith("gleaner/refused/")}
    assert {name.rpartition("/")[2] for name in refused} >= {"other_host", "other_port", "user_info", "characters"}
    assert crawled.done.stderr.count("Refused a request beyond the profile's hosts") == sum(refused.values()) > 100


def test_no_hostile_picture_has_a_file(crawled):
    images = [image for record in crawled.records for image in record["images"]]
    assert images
    assert {image["status"] for image in images} <= {"refused", "missing"}
