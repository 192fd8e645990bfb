"""The archivist's dealings with a frontier that machines share (FRONTIER_URL)."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from scrapy.exceptions import CloseSpider

from crawler.archive import Corpus, Target
from crawler.exceptions import ConfigError, FrontierGone, GleanerError
from crawler.frontier.targets import Known, stub_state
from crawler.items import Article
from crawler.utils.conf import number
from crawler.utils.engine import Stopping, is_closing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable

    from scrapy.crawler import Crawler

    from crawler.frontier.shared import Ended, Entry, SharedFrontier
    from crawler.frontier.shared.states import State

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S", bound="State")

_SHORTEST_POLL, _LONGEST_POLL = 0.05, 0.5
_BEATS_A_LEASE = 4
_FIRST_TID = -(2**63)
_TARGETS_A_PART = 1_000


class Doing(Protocol):
    """Does an operation to the corpus, in its thread."""

    def __call__(self, operation: Callable[[Corpus], T]) -> Awaitable[T]:
        """Return what *operation* returns."""


class Sharing:
    """Claims targets from the shared frontier, and tells it what is durable in this worker's corpus.

    No method raises for a frontier that is gone: the crawl is closed (``frontier_gone``, exit code 8), claims find
    nothing, and what was archived meanwhile is told at the next start, like all that the corpus holds.
    """

    def __init__(self, frontier: SharedFrontier, crawler: Crawler, site: str, beat_seconds: float) -> None:
        self._frontier = frontier
        self._crawler = crawler
        self._site = site
        self._beat_seconds = beat_seconds
        self._max_articles: int | None = getattr(crawler.spider, "max_articles", None)
        self._is_open = False
        self._reason: str | None = None
        """Why the crawl must end: Redis is gone, or refuses what a worker asks for."""
        self._told = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, site: str) -> Self | None:
        """Return the sharing that the settings ask for, None if they ask for none.

        Raises ``ConfigError`` for settings that make no sense or a Redis that no worker can use, ``FrontierGone`` if
        none answers.
        """
        settings = crawler.settings
        url = settings["FRONTIER_URL"]
        if not url:
            return None
        if not getattr(crawler.spider, "can_share", False):
            raise ConfigError("FRONTIER_URL: this spider works on a corpus of its own; leave it unset")
        what = "a number of seconds, from 1 to a day"
        seconds = number(settings, "FRONTIER_LEASE_SECONDS", what, least=1, most=86_400)
        try:
            from crawler.frontier.shared import SharedFrontier, check  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            raise ConfigError(f"FRONTIER_URL needs redis: pip install 'scrapy-gleaner[redis]' ({error})") from error
        name = settings["FRONTIER_KEY"] or site
        check(url, name)
        worker = _worker(Path(settings["CORPUS_DIR"]))
        frontier = SharedFrontier(url, site, name=name, worker=worker, lease_seconds=seconds)
        return cls(frontier, crawler, site, seconds / _BEATS_A_LEASE)

    async def open(self, do: Doing) -> None:
        """Join the other workers, and tell all that the corpus knows: what it holds, and what that lists.

        Raises Scrapy's ``CloseSpider`` if the frontier is gone by now: the crawl then ends before it has begun.
        """
        with self._unless_gone():
            dropped = getattr(self._crawler.spider, "retries_dropped", False)
            retried = await self._frontier.join(retry_failed=True, retry_dropped=dropped)
            self._crawler.stats.inc_value("gleaner/failed_retried", retried)
            self._beating = asyncio.ensure_future(self._beat())
            await self._tell_all(do)
            self._crawler.stats.inc_value("gleaner/leases_released", await self._frontier.release())
        if self._reason:
            raise CloseSpider(self._reason)
        self._is_open = True

    async def _tell_all(self, do: Doing) -> None:
        from crawler.frontier.shared import Ended, entry_of, fetched  # noqa: PLC0415 - an optional extra

        last = _FIRST_TID
        while rows := await do(partial(_known, after=last)):
            last = rows[-1].tid
            depths = {row.key: row.depth for row in rows if row.state == "fetched"}
            ended = [Ended(row.key, row.state, row.depth) for row in rows if row.state in {"gone", "dropped"}]
            listed = [entry_of(row.key, row.depth, row.title, row.pic) for row in rows if row.state == "pending"]
            lists = await do(partial(_lists, keys=await self._frontier.forgotten(list(depths)))) if depths else {}
            ended += [fetched(key, depth, lists.get(key, ())) for key, depth in depths.items()]
            await self._frontier.tell(ended, listed, known_before=True)

    async def _beat(self) -> None:
        while not self._reason:
            await asyncio.sleep(self._beat_seconds)
            with self._unless_gone():
                await self._frontier.beat()

    async def lease(self, limit: int, *, max_depth: int) -> list[Target]:
        """Lease up to *limit* targets; wait while there are none and other workers may bring some."""
        poll = _SHORTEST_POLL
        while not self._reason and not is_closing(self._crawler):
            self._told.clear()
            targets, more = list[Target](), False
            with self._unless_gone():
                targets, more = await self._frontier.claim(limit, max_depth=max_depth, max_articles=self._max_articles)
            if targets or not more:
                return targets
            try:
                await asyncio.wait_for(self._told.wait(), poll)
            except TimeoutError:
                poll = min(2 * poll, _LONGEST_POLL)
        return []

    async def archived(self, article: Article) -> None:
        """Tell that *article* is durable: its target is done, and what it lists is to be fetched."""
        from crawler.frontier.shared import Ended, entry_of_related, fetched  # noqa: PLC0415 - an optional extra

        listed = [entry_of_related(self._site, item, article.depth + 1) for item in article.related]
        if article.kind == "seed":
            await self._tell([], listed)
        elif article.kind == "stub":
            await self._tell([Ended(article.key, stub_state(article.capture.status))], listed)
        else:
            await self._tell([fetched(article.key, article.depth, (item.id for item in article.related))], listed)

    async def end(self, key: str, state: str) -> None:
        """Tell that the lease of *key* ended without a record."""
        from crawler.frontier.shared import Ended  # noqa: PLC0415 - an optional extra

        await self._tell([Ended(key, state)])

    async def _tell(self, ended: list[Ended], listed: Iterable[Entry] = ()) -> None:
        if not self._reason:
            with self._unless_gone():
                await self._frontier.tell(ended, listed)
        self._told.set()

    async def act(self, name: str, make: Callable[[], S], do: Callable[[S, float], R]) -> R:
        """Return what *do* returns, which is done to the budget *name* of all workers at Redis's time.

        *make* makes the budget of a new run. Raises ``Stopping`` if the frontier is gone: so is the budget.
        """
        if not self._reason:
            with self._unless_gone():
                return await self._frontier.change(name, make, do)
        raise Stopping("the shared frontier is gone")

    async def seeded(self) -> None:
        """Tell that this worker brings no more seeds."""
        if not self._reason:
            with self._unless_gone():
                await self._frontier.seeded()

    async def turn(self, host: str, delay: float) -> float:
        """Take this worker's turn at *host*; return 0, or in how many seconds to try again."""
        if not self._reason:
            with self._unless_gone():
                return await self._frontier.turn(host, delay)
        return delay  # until the crawl, which is being closed, is

    async def close(self) -> dict[str, int]:
        """Give back what is leased, and leave; return the numbers of targets by state, of all workers together."""
        counts: dict[str, int] = {}
        if self._beating:
            self._beating.cancel()
        if not self._reason:
            try:
                await self._frontier.leave()
                counts = await self._frontier.counts()
            except GleanerError as error:
                logger.warning("%s", error)
        if self._frontier.refused:
            self._crawler.stats.set_value("gleaner/frontier_refused", self._frontier.refused)
            logger.warning("%d entries of the shared frontier were not as we write them", self._frontier.refused)
        await self._frontier.close()
        return counts

    @contextmanager
    def _unless_gone(self) -> Generator[None]:
        """Close the crawl, once, if the frontier turns out to be of no use any more."""
        try:
            yield
        except GleanerError as error:
            if not self._reason:
                self._reason = "frontier_gone" if isinstance(error, FrontierGone) else "frontier_refused"
                self._crawler.stats.set_value("gleaner/frontier_failed", self._reason)
                logger.critical("%s", error)
                if self._is_open:
                    closing = self._crawler.engine.close_spider_async(reason=self._reason)
                    self._closing = asyncio.ensure_future(closing)


def _known(corpus: Corpus, after: int) -> list[Known]:
    return corpus.frontier.known(after, _TARGETS_A_PART)


def _lists(corpus: Corpus, keys: list[str]) -> dict[str, set[str]]:
    return {key: {one.rpartition("/")[2] for one in corpus.depths.listed_by(key)} for key in keys}


def _worker(root: Path) -> str:
    """Return a name for whoever writes to the corpus at *root*: its lock sees to it that this is one at a time."""
    words = f"{socket.gethostname()}\0{os.path.realpath(root)}"
    return blake2b(words.encode(errors="surrogateescape"), digest_size=8).hexdigest()
