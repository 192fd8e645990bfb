"""A worker's side of a shared frontier (FRONTIER_URL) and of the budgets that all workers share."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from scrapy.exceptions import CloseSpider, NotConfigured

from crawler.exceptions import ConfigError, FrontierGone, GleanerError
from crawler.frontier.shared.states import State
from crawler.utils.conf import number
from crawler.utils.engine import Stopping

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.frontier.shared.redis import SharedFrontier

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S", bound=State)

_BEATS_A_LEASE = 4


class Budgets(Protocol):
    """Budgets by name: how often requests may go to a host or an archive."""

    async def act(self, name: str, make: Callable[[], S], do: Callable[[S, float], R]) -> R:
        """Apply *do* to the budget *name* at a monotonic time and return its result; *make* creates a new budget."""


class LocalBudgets:
    """The budgets of this crawl alone, by its own clock."""

    def __init__(self) -> None:
        self._budgets: dict[str, Any] = {}

    async def act(self, name: str, make: Callable[[], S], do: Callable[[S, float], R]) -> R:
        if name not in self._budgets:
            self._budgets[name] = make()
        return do(self._budgets[name], time.monotonic())


class Sharing:
    """Calls the shared frontier while it is available. Its :meth:`act` applies to the budgets of all workers.

    No method raises if the frontier is unavailable: the crawl is closed (``frontier_gone``, exit code 8), claims find
    nothing, and the next start sends what was archived meanwhile, with all that the corpus holds.
    """

    def __init__(self, frontier: SharedFrontier, crawler: Crawler, beat_seconds: float) -> None:
        self._frontier = frontier
        self._crawler = crawler
        self._beat_seconds = beat_seconds
        self._is_open = False
        self.lost: str | None = None
        """Why the crawl must end: Redis is unavailable, or refuses a worker's command."""
        self._beating: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the sharing that the settings ask for, before anything is written to disk.

        Raises ``ConfigError`` for settings that make no sense or a Redis that no worker can use, ``FrontierGone`` if
        none answers.
        """
        settings, profile = crawler.settings, getattr(crawler.spider, "profile", None)
        url = settings["FRONTIER_URL"]
        if not url or profile is None:
            raise NotConfigured
        if not getattr(crawler.spider, "can_share", False):
            raise ConfigError("FRONTIER_URL: this spider works on a corpus of its own; leave it unset")
        what = "a number of seconds, from 1 to a day"
        seconds = number(settings, "FRONTIER_LEASE_SECONDS", what, minimum=1, maximum=86_400)
        try:
            from crawler.frontier.shared.redis import SharedFrontier, check  # noqa: PLC0415 - an optional extra
            from crawler.frontier.shared.sentinel import primary_of  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError(f"FRONTIER_URL needs redis: pip install 'scrapy-gleaner[redis]' ({error})") from error
        name = settings["FRONTIER_KEY"] or profile.name
        url = primary_of(url)
        check(url, name)
        worker = _worker(Path(settings["CORPUS_DIR"]))
        frontier = SharedFrontier(url, profile.name, name=name, worker=worker, lease_seconds=seconds)
        return cls(frontier, crawler, seconds / _BEATS_A_LEASE)

    async def open(self, pass_all_on: Callable[[SharedFrontier], Awaitable[None]]) -> None:
        """Join the other workers; *pass_all_on* sends what this worker holds, before its old leases are released.

        Raises Scrapy's ``CloseSpider`` if the frontier is unavailable: the crawl then ends before it has started.
        """

        async def join(frontier: SharedFrontier) -> None:
            stats, dropped = self._crawler.stats, getattr(self._crawler.spider, "retries_dropped", False)
            retried = await frontier.join(retry_failed=True, retry_dropped=dropped)
            stats.inc_value("gleaner/failed_retried", retried)
            self._beating = asyncio.ensure_future(self._beat())
            await pass_all_on(frontier)
            stats.inc_value("gleaner/leases_released", await frontier.release())

        await self.ask(join, None)
        if self.lost:
            raise CloseSpider(self.lost)
        self._is_open = True

    async def ask(self, question: Callable[[SharedFrontier], Awaitable[T]], otherwise: T) -> T:
        """Return what *question* gets from the frontier; *otherwise* if the frontier is unavailable.

        The first failure closes the crawl.
        """
        if not self.lost:
            try:
                return await question(self._frontier)
            except (FrontierGone, ConfigError) as error:
                if not self.lost:
                    self._close_crawl(error)
        return otherwise

    def _close_crawl(self, error: GleanerError) -> None:
        self.lost = "frontier_gone" if isinstance(error, FrontierGone) else "frontier_refused"
        self._crawler.stats.set_value("gleaner/frontier_failed", self.lost)
        logger.critical("%s", error)
        if self._is_open:
            self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=self.lost))

    async def _beat(self) -> None:
        while not self.lost:
            await asyncio.sleep(self._beat_seconds)
            await self.ask(lambda frontier: frontier.beat(), None)

    async def act(self, name: str, make: Callable[[], S], do: Callable[[S, float], R]) -> R:
        """Apply *do* to the budget *name* of all workers at Redis's time and return its result.

        *make* creates the budget of a new run. Raises ``Stopping`` if the frontier is unavailable.
        """
        done = await self.ask(lambda frontier: _boxed(frontier.change(name, make, do)), None)
        if done is None:
            raise Stopping("the shared frontier is unavailable")
        return done[0]

    async def turn(self, host: str, delay: float) -> float:
        """Take this worker's turn at *host*; return 0, or the seconds after which to try again.

        Without a frontier it returns *delay* until the crawl, which is being closed, has ended.
        """
        return await self.ask(lambda frontier: frontier.turn(host, delay), delay)

    async def close(self) -> dict[str, int]:
        """Release all leases, and leave; return the number of targets by state, of all workers together."""
        counts: dict[str, int] = {}
        if self._beating:
            self._beating.cancel()
        if not self.lost:
            try:
                await self._frontier.leave()
                counts = await self._frontier.counts()
            except GleanerError as error:
                logger.warning("%s", error)
        if self._frontier.refused:
            self._crawler.stats.set_value("gleaner/frontier_refused", self._frontier.refused)
            logger.warning("%d entries of the shared frontier were of an unknown form", self._frontier.refused)
        await self._frontier.close()
        return counts


def budgets_of(crawler: Crawler) -> Budgets:
    """Return the budgets of all workers that share a frontier with *crawler*; new ones of its own if none does."""
    return (crawler.get_extension(Sharing) if crawler.extensions else None) or LocalBudgets()


async def _boxed(value: Awaitable[R]) -> tuple[R]:
    """Return *value* in a box, so that None as a value differs from no answer."""
    return (await value,)


def _worker(root: Path) -> str:
    """Return the worker name for the corpus at *root*; the corpus's lock allows one writer at a time."""
    words = f"{socket.gethostname()}\0{os.path.realpath(root)}"
    return blake2b(words.encode(errors="surrogateescape"), digest_size=8).hexdigest()
