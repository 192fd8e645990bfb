"""A site that is gone, and two web archives that hold a part of it: the truth, the archives, and what a corpus has of it.

Used by ``benchmarks/wholesite.py`` at full size, and by ``tests/test_whole_site.py``.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import parse_qs, quote_plus
from urllib.request import urlopen

from crawler.replica import Site
from crawler.replica.routes import Routes
from crawler.warc import Exchange
from tests.crawling import REPOSITORY, records, scrapy_command, setting_arguments
from tests.recover.webarchive import Pywb, page, recovering
from tests.waiting import HANG_SECONDS

COLLECTIONS = ("web", "wayback")
"""The collections of pywb, which are two archives at two paths; the second is named ``library`` in the profile."""
SOURCES = {"web": "wayback", "wayback": "library"}
FAST = {"cdx_per_minute": 60_000, "captures_per_minute": 60_000}
SETTINGS = ("REPORT_SECONDS=0", "ROBOTSTXT_OBEY=False", "IMAGES_FETCH=none", "RECOVER_CONCURRENCY=8")
_CHANGED_SHARE = 0.3
_OPENING_LETTERS = 25


class HeldCapture(NamedTuple):
    """A capture that an archive holds: of the text number ``edition`` of the article, 0 for the first."""

    id: int
    date: datetime
    edition: int
    collection: str


@dataclass(frozen=True)
class Holdings:
    """What archives hold of a site of ``articles`` articles: ``captures`` captures of ``held`` of them.

    An article is in the first archive, in the second, or has captures in both. Three of ten articles change their text between
    captures, and never return to an earlier one.
    """

    articles: int = 2000
    held: int = 1400
    captures: int = 4000

    @cached_property
    def site(self) -> Site:
        """The site as it was."""
        return Site(articles=self.articles, missing=0, soft_missing=0, redirects=0)

    @cached_property
    def all(self) -> list[HeldCapture]:
        """All captures, by article and time."""
        draw = random.Random(self.articles)
        ids = sorted(draw.sample([self.site.id_at(index) for index in range(self.articles)], self.held))
        counts = Counter([*ids, *draw.choices(ids, k=self.captures - self.held)])
        return [capture for one in ids for capture in self._of(one, counts[one], draw)]

    def _of(self, article_id: int, count: int, draw: random.Random) -> Iterator[HeldCapture]:
        published = self.site.calendar.published(article_id).astimezone(UTC)
        days = sorted(draw.sample(range(1, 1500), count))
        choices = draw.choice((COLLECTIONS[:1], COLLECTIONS[1:], COLLECTIONS))
        changes = draw.random() < _CHANGED_SHARE
        edition = 0
        for day in days:
            yield HeldCapture(article_id, published + timedelta(days=day), edition, draw.choice(choices))
            edition += changes and draw.random() < 0.5

    @cached_property
    def texts(self) -> dict[int, list[str]]:
        """The texts that the captures of each article have, each once, the oldest first."""
        found: dict[int, list[str]] = {}
        for one in self.all:
            texts = found.setdefault(one.id, [])
            text = self.text(one.id, one.edition)
            if text not in texts:
                texts.append(text)
        return found

    def text(self, article_id: int, edition: int) -> str:
        """Return the text of an article in its *edition*."""
        return words_of(edition) + "\n\n".join(self.site.article(article_id).paragraphs)

    def exchanges(self, base: str, collection: str) -> list[Exchange]:
        """Return what *collection* holds, as if the site had been at *base*."""
        routes = Routes(self.site, base)
        return [self._exchange(routes, base, one) for one in self.all if one.collection == collection]

    def _exchange(self, routes: Routes, base: str, one: HeldCapture) -> Exchange:
        whole = routes.reply(f"/news/{one.id}", {})[1].body
        opening = escape(self.site.article(one.id).paragraphs[0][:_OPENING_LETTERS], quote=False).encode()
        before, found, after = whole.rpartition(b"<p>" + opening)
        assert found, one
        return page(
            f"{base}/news/{one.id}", one.date, before + b"<p>" + words_of(one.edition).encode() + found[3:] + after
        )


def words_of(edition: int) -> str:
    """Return what the text of an *edition* begins with: nothing in the first."""
    return f"Corrected by the editors on day {edition} of the week. " if edition else ""


class _ServerForKilled(ThreadingHTTPServer):
    """Says nothing of clients that were killed."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class SmallPages:
    """Stands before pywb: its index gives at most *lines* lines, and answers each *turn*-th request with 429.

    ``counts`` are the requests that were answered, by the first part of their path; ``on_request`` is called after each.
    """

    def __init__(self, pywb: Pywb, lines: int = 500, turn: int = 3) -> None:
        self.counts: Counter[str] = Counter()
        self.refused = 0
        self.victim: subprocess.Popen[str] | None = None
        self.kill_at: int | None = None
        self._lock = Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, headers, body = proxy.answer(self.path, pywb.url, lines, turn)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _ServerForKilled(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def answer(self, path: str, upstream: str, lines: int, turn: int) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the answer to *path*."""
        kind = path.split("/")[1].partition("?")[0]
        with self._lock:
            self.counts[kind] += 1
            total = self.counts.total()
            if self.kill_at is not None and total >= self.kill_at and self.victim is not None:
                self.victim.send_signal(signal.SIGKILL)
                self.kill_at = None
            if kind.endswith("-index") and self.counts[kind] % turn == 0:
                self.refused += 1
                return 429, {"Retry-After": "1", "Content-Type": "text/plain"}, b"Too many requests\n"
        asked = parse_qs(path.partition("?")[2])
        try:
            with urlopen(upstream + path, timeout=HANG_SECONDS) as response:
                headers, status, body = dict(response.headers), response.status, response.read()
        except HTTPError as error:
            headers, status, body = dict(error.headers), error.code, error.read()
        dropped = {"content-length", "transfer-encoding", "connection", "date", "server"}
        if kind.endswith("-index") and status == HTTPStatus.OK:
            body = part_of_index(body, asked.get("resumeKey", [""])[0], lines)
        return status, {name: value for name, value in headers.items() if name.lower() not in dropped}, body

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def part_of_index(body: bytes, resume_key: str, lines: int) -> bytes:
    """Return at most so many *lines* of the index lines in *body*, and the key of the last one if there are more.

    As the Wayback Machine's server does: the lines begin with the one of *resume_key*.
    """
    rows = sorted(body.splitlines())
    begin = resume_key.encode().rstrip(b"!")
    rest = [row for row in rows if row[: len(begin)] >= begin]
    if len(rest) <= lines:
        return b"".join(row + b"\n" for row in rest)
    urlkey, timestamp, _ = rest[lines - 1].split(b" ", 2)
    key = quote_plus(f"{urlkey.decode()} {timestamp.decode()}!").encode()
    return b"".join(row + b"\n" for row in rest[:lines]) + b"\n" + key + b"\n"


class Ran(NamedTuple):
    """What a command did: its exit code (negative: the signal), output, seconds, and greatest memory."""

    code: int
    output: str
    seconds: float
    mebibytes: float


def run(folder: Path, *arguments: object, archives: SmallPages | None = None, kill_after: int | None = None) -> Ran:
    """Run ``scrapy`` to its end; or kill it (SIGKILL) when it has sent *kill_after* requests to *archives*."""
    started = time.monotonic()
    log = folder / "command.log"
    with log.open("w") as stream:
        process = subprocess.Popen(scrapy_command(*arguments), cwd=REPOSITORY, stdout=stream, stderr=stream, text=True)
        if archives is not None and kill_after is not None:
            archives.victim = process
            archives.kill_at = archives.counts.total() + kill_after
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if archives is not None:
        archives.victim = archives.kill_at = None
    return Ran(process.returncode, log.read_text(), time.monotonic() - started, usage.ru_maxrss / 1024)


def profile_of(replica_profile: Path, folder: Path, archives: SmallPages) -> Path:
    """Write the profile of the site with its two archives."""
    library = {
        "name": "library",
        "cdx": f"{archives.url}/wayback-index",
        "replay": f"{archives.url}/wayback/{{timestamp}}id_/{{url}}",
    }
    return recovering(replica_profile, folder, [library], wayback=archives.url, cdx=f"{archives.url}/web-index", **FAST)


def list_arguments(site: Path, out: Path) -> list[object]:
    """Return the arguments that list all captures of the site."""
    return ["captures", "list", "--site", site, "-o", out]


def crawl_arguments(captures: Path, site: Path, corpus: Path, per_article: str) -> list[object]:
    """Return the arguments of a crawl of listed captures."""
    spider = [f"captures={captures}", f"site={site}", f"per_article={per_article}", "depth=0"]
    return [
        "crawl",
        "captures",
        *(part for one in spider for part in ("-a", one)),
        *setting_arguments(f"CORPUS_DIR={corpus}", *SETTINGS),
    ]


@dataclass(frozen=True)
class Compared:
    """What a corpus has of what the archives hold, in numbers of articles."""

    articles: int
    right_title: int
    right_text: int
    all_versions: int
    foreign: int


def compare(corpus: Path, truth: Holdings) -> Compared:
    """Compare the articles in *corpus* with the truth. A text is right if it is one of the texts that were captured."""
    found: dict[int, list[dict[str, object]]] = {}
    for record in (*records(corpus), *records(corpus, "duplicates")):
        if record["kind"] == "article":
            found.setdefault(int(record["id"]), []).append(record)
    held = {one: versions for one, versions in found.items() if one in truth.texts}
    return Compared(
        articles=len(held),
        right_title=sum(versions[-1]["title"] == truth.site.title(one) for one, versions in held.items()),
        right_text=sum(all(v["text"] in truth.texts[one] for v in versions) for one, versions in held.items()),
        all_versions=sum([v["text"] for v in versions] == truth.texts[one] for one, versions in held.items()),
        foreign=len(found) - len(held),
    )
