"""The readers: processes that turn pages into fields, so that the crawl's own process never waits for a page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from scrapy import signals

from crawler.exceptions import ConfigError, GleanerError
from crawler.extensions.archivist import Archivist
from crawler.pages.facts import Cleaning, PageFacts, read_page
from crawler.pages.media import Media
from crawler.pages.pictures import look
from crawler.processes.workers import Pool
from crawler.sites import SiteProfile
from crawler.text.rules import rules_named
from crawler.utils.conf import number, whole
from crawler.utils.engine import Stopping, corpus_failed

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

T = TypeVar("T")


class PageNotRead(GleanerError):
    """A page or picture took too long to read, or crashed its reader."""


class Readers:
    """A pool of *processes* that read pages and look at pictures (0: one thread in this process).

    They run :func:`crawler.pages.facts.read_page` and :func:`crawler.pages.pictures.look`. A page that is not read
    within *timeout* seconds ends its process; other pages in the pool are read again. Pages that wait are not in the
    pool yet.
    """

    def __init__(self, processes: int, timeout: float, cleaning: Cleaning | None = None) -> None:
        self.cleaning = cleaning or Cleaning()
        self._processes = processes
        self._timeout = timeout
        self._turns = asyncio.Semaphore(processes + 1)  # so a page is ready when a process finishes its own
        self._pool: Executor | None = None
        self._crawler: Crawler | None = None
        self._archivist: Archivist | None = None
        self._failed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        cleaning = Cleaning(rules_off(settings))
        readers = cls(whole(settings, "EXTRACT_PROCESSES"), reading_time(settings), cleaning)
        readers._crawler = crawler
        crawler.signals.connect(readers.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(readers.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(readers.corpus_failed, signal=corpus_failed)
        return readers

    async def read(
        self, html: bytes, url: str, profile: SiteProfile, charset: str | None, seen: datetime | None = None
    ) -> PageFacts:
        """Return the facts of the page; raise :class:`PageNotRead` if it cannot be read."""
        cleaning = self.cleaning
        if self._archivist is not None:
            cleaning = cleaning._replace(boilerplate=self._archivist.corpus.catalogue.boilerplate)
        return await self._run(url, partial(read_page, html, url, profile, charset, seen, cleaning))

    async def look(self, data: bytes, url: str) -> Media:
        """Return what the picture is and shows.

        Raises ``ValueError`` with the reason if it should not be kept, :class:`PageNotRead` if it cannot be read.
        """
        return await self._run(url, partial(look, data))

    async def _run(self, url: str, work: Callable[[], T]) -> T:
        async with self._turns:
            for _ in range(2):
                if self._failed:
                    raise Stopping("the crawl is ending")
                pool = self._open()
                try:
                    # Shielded, as the executor fails in the end if one of its tasks was cancelled.
                    done = asyncio.shield(asyncio.wrap_future(pool.submit(work)))
                    return await asyncio.wait_for(done, self._timeout)
                except TimeoutError as error:
                    self._end(pool)
                    raise PageNotRead(f"{url}: not read within {self._timeout:g} s") from error
                except BrokenProcessPool:
                    self._end(pool)
        raise PageNotRead(f"{url}: two reader processes ended while they read it")

    def spider_opened(self) -> None:
        """Start to learn the site's boilerplate from the corpus."""
        if self._crawler is not None:
            self._archivist = self._crawler.get_extension(Archivist)

    def spider_closed(self) -> None:
        """End the readers."""
        if self._pool is not None:
            self._end(self._pool)

    def corpus_failed(self) -> None:
        """End the readers at once: their results cannot be archived."""
        self._failed = True
        self.spider_closed()

    def _open(self) -> Executor:
        if self._pool is None:
            if self._processes == 0:
                self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")
            else:
                self._pool = Pool(self._processes)
        return self._pool

    def _end(self, pool: Executor) -> None:
        if pool is not self._pool:
            return  # another page has already ended the same pool
        self._pool = None
        if isinstance(pool, Pool):
            pool.end(wait=False)  # lost pages raise BrokenProcessPool, and are read again
        else:
            pool.shutdown(wait=False)


def reading_time(settings: BaseSettings) -> float:
    """Return EXTRACT_TIMEOUT, the seconds that a page may take; raise ``ConfigError`` if it is invalid."""
    return number(settings, "EXTRACT_TIMEOUT", "a number of seconds above 0", minimum=0.001)


def rules_off(settings: BaseSettings) -> frozenset[str]:
    """Return the cleaning rules that CLEAN_RULES_OFF names; raise ``ConfigError`` if there is no such rule."""
    try:
        return rules_named(settings.getlist("CLEAN_RULES_OFF"))
    except ValueError as error:
        raise ConfigError(f"CLEAN_RULES_OFF: {error}") from error
