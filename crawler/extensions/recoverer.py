"""The recoverer: requests from web archives, step by step, what the site no longer serves."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Container, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

from scrapy import signals

from crawler.extensions.archiveanswers import collections_answer, index_answer, timemap_answer
from crawler.extensions.archives import COMMONCRAWL_INDEX, ArchiveDown, Archives, Excluded, index_service
from crawler.extensions.archivist import Archivist
from crawler.extensions.capturefetch import CaptureFetcher, NamesTarget, Outcome, unanswered
from crawler.items import Attempt, CaptureSource
from crawler.pages.attempts import Unanswered
from crawler.recover.cdx import Answer, commoncrawl_query, wayback_query
from crawler.recover.commoncrawl import Collection, nearest
from crawler.recover.holdings import Holdings, IndexLine
from crawler.recover.ladder import (
    MAX_CAPTURES,
    MAX_UNCERTAIN_CAPTURES,
    Kind,
    Place,
    article_places,
    best_first,
    host_and_path,
    names_target,
    picture_places,
)
from crawler.recover.questions import KEPT_SECONDS, Question, keep, question
from crawler.recover.timemap import timemap_url
from crawler.sites import SiteProfile
from crawler.sites.recovery import COMMONCRAWL, SISTERS, WebArchive
from crawler.utils.components import needed_profile
from crawler.warc.sources import source_path

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.archive import Corpus, Target

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_TIMEMAP_PAGES = 10
"""The most pages of the TimeMap of one URL that are requested."""

Outcomes = AsyncGenerator[Outcome]
"""Captures, the most promising first; between them, failed attempts and archives that did not answer."""


class _Index(NamedTuple):
    """An index of captures: its name in the catalogue, the service that answers for it, and how to ask it.

    *query* returns the URL that asks for the names at a place that begin with a prefix, given a resume key. An index
    that has a *timemap*, the archive with TimeMaps, answers for one name only.
    """

    name: str
    source: CaptureSource
    service: str
    query: Callable[[Place, str, str | None], str]
    timemap: WebArchive | None = None


class _Exclusions:
    """The sites that archives say they exclude, as far as this run has learned; each is logged once."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._known: dict[tuple[CaptureSource, str], Excluded] = {}

    def attempt(self, source: CaptureSource, host: str, url: str) -> Attempt | None:
        """Return the attempt to record instead of the request *url* to the archive *source*, if it excludes *host*."""
        known = self._known.get((source, host))
        return None if known is None else self.note(source, host, url, known)

    def note(self, source: CaptureSource, host: str, url: str, error: Excluded) -> Attempt:
        """Note that the archive *source* excludes the site at *host*; return the attempt to record."""
        key = (source, host)
        if key not in self._known:
            self._known[key] = error
            self._crawler.stats.inc_value(f"gleaner/recover/excluded/{source}")
            logger.warning(
                "Archive %s excludes %s (status %d: %s): this run requests nothing more of that site there",
                source, host, error.status, error,
            )  # fmt: skip
        words = f"{source}: the archive excludes the site ({error})"
        return Attempt(url, error.status, words, source)


class Recoverer:
    """Walks the ladder of each target, for all waiting targets at the same time.

    Answers of an index are kept in the catalogue, and targets with near ids share a query. Without a corpus they are
    kept in *holdings*.
    """

    def __init__(self, crawler: Crawler, profile: SiteProfile, holdings: Holdings | None = None) -> None:
        self._crawler = crawler
        self._profile = profile
        self._recovery = profile.recovery
        self._holdings = holdings
        self._archives = Archives(crawler, profile.recovery)
        self._fetcher = CaptureFetcher(crawler, self._archives, profile.recovery)
        self._questions: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._collections: tuple[Collection, ...] | None = None
        self._exclusions = _Exclusions(crawler)
        replays = source_path(crawler.settings["SOURCE"]) is not None  # replay sends no requests
        steps = [step for step in self._recovery.steps if step != SISTERS]
        self.has_archives = not replays and any(map(self._recovery.asks, steps))
        """Whether there is any archive to request from."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        profile = needed_profile(crawler)
        holdings = memory_holdings() if getattr(crawler.spider, "without_corpus", False) else None
        recoverer = cls(crawler, profile, holdings)
        crawler.signals.connect(recoverer.spider_opened, signal=signals.spider_opened)
        return recoverer

    def spider_opened(self) -> None:
        self._archivist = self._crawler.get_extension(Archivist)

    async def capture(self, source: CaptureSource, line: IndexLine, names_target: NamesTarget) -> Outcome:
        """Return the capture of *line*, which a list names in the archive *source*, or why it is unavailable."""
        host = host_and_path(line.url).partition("/")[0]
        if excluded := self._exclusions.attempt(source, host, line.url):
            return excluded
        try:
            return await self._fetcher.fetch(source, line, names_target)
        except Excluded as error:
            return self._exclusions.note(source, host, line.url, error)

    async def article(self, target: Target, tried: Container[str] = ()) -> Outcomes:
        """Yield the captures of *target*'s page from web archives, without those at the URLs *tried*.

        Raises :class:`~crawler.utils.engine.Stopping` when the crawl is ending.
        """
        wanted = self._profile.picture_time(target.pic) or self._profile.id_time(target.id)
        places = article_places(self._profile, target.id)
        for step in self._recovery.steps:
            if step == SISTERS or not self._recovery.asks(step):
                continue
            try:
                indexes = await self._indexes(step, wanted)
            except ArchiveDown as error:
                yield unanswered(f"{self._recovery.commoncrawl}/collinfo.json", step, error)
                continue
            for index in indexes:
                async for one in self._captures(index, places, wanted, "page", tried):
                    yield one

    async def picture(self, pic: str) -> Outcomes:
        """Yield the captures of the picture path *pic* from web archives; Common Crawl keeps no pictures."""
        places, wanted = picture_places(self._profile, pic), self._profile.picture_time(pic)
        for step in self._recovery.steps:
            if step in {SISTERS, COMMONCRAWL} or not self._recovery.asks(step):
                continue
            for index in await self._indexes(step, wanted):
                async for one in self._captures(index, places, wanted, "picture"):
                    yield one

    async def _captures(
        self,
        index: _Index,
        places: Sequence[Place],
        wanted: datetime | None,
        kind: Kind,
        tried: Container[str] = (),
    ) -> Outcomes:
        for place in places:
            lines = await self._listed(index, place)
            if not isinstance(lines, list):
                yield lines
                continue
            good = list(best_first(lines, wanted, kind, MAX_CAPTURES if index.timemap else MAX_UNCERTAIN_CAPTURES))
            if index.source == COMMONCRAWL:
                good = [line for line in good if line.filename and line.length]
            if not good:
                yield _nothing(index, place, lines, kind)
            for line in good:
                if index.source != COMMONCRAWL and self._fetcher.url(index.source, line) in tried:
                    continue
                if excluded := self._exclusions.attempt(index.source, place.host, index.query(place, place.name, None)):
                    yield excluded
                    break
                try:
                    yield await self._fetcher.fetch(index.source, line, partial(names_target, places=places))
                except Excluded as error:
                    yield self._exclusions.note(index.source, place.host, index.query(place, place.name, None), error)

    async def _indexes(self, step: str, wanted: datetime | None) -> list[_Index]:
        """Return the indexes of the archive *step*."""
        archive = self._recovery.archive(step)
        if archive is None:
            return await self._commoncrawl_indexes(wanted)
        return [_archive_index(archive)]

    async def _commoncrawl_indexes(self, wanted: datetime | None) -> list[_Index]:
        collections = self._recovery.collections or await self._nearest_collections(wanted)
        return [_collection(self._recovery.commoncrawl or "", name) for name in collections]

    async def _nearest_collections(self, wanted: datetime | None) -> tuple[str, ...]:
        async with self._questions["collinfo"]:
            if self._collections is None:
                url = f"{self._recovery.commoncrawl}/collinfo.json"
                self._collections = await self._archives.ask(url, COMMONCRAWL_INDEX, collections_answer)
        return nearest(self._collections, wanted, self._recovery.nearest)

    async def _listed(self, index: _Index, place: Place) -> list[IndexLine] | Attempt | Unanswered:
        """Return the captures of *place* in *index*: from the catalogue, or by a query for it and its neighbours."""
        source, since = f"{index.name} {place.base}", time.time() - KEPT_SECONDS
        try:
            async with self._questions[source]:  # a second caller finds the answer there
                while True:
                    if excluded := self._exclusions.attempt(
                        index.source, place.host, index.query(place, place.name, None)
                    ):
                        return excluded
                    known = await self._store(lambda holdings: holdings.known(source, place.name, since))
                    if known is not None:
                        return known
                    await self._ask_index(index, source, place, since)
        except Excluded as error:
            return self._exclusions.note(index.source, place.host, index.query(place, place.name, None), error)
        except ArchiveDown as error:
            return unanswered(index.query(place, place.name, None), index.source, error)

    async def _ask_index(self, index: _Index, source: str, place: Place, since: float) -> None:
        """Request from *index* a page of captures of *place* and its neighbours, and keep it."""
        if index.timemap:
            await self._ask_timemaps(index, index.timemap, source, place)
            return
        asked = await self._store(lambda holdings: question(holdings, source, place, since))
        url = index.query(place, asked.prefix, asked.progress.resume if asked.progress else None)
        answer = await self._archives.ask(url, index.service, partial(index_answer, source=index.source))
        self._crawler.stats.inc_value(f"gleaner/recover/{index.source}_broken_lines", answer.broken)
        await self._store(lambda holdings: keep(holdings, source, place, asked, answer, time.time()))

    async def _ask_timemaps(self, index: _Index, archive: WebArchive, source: str, place: Place) -> None:
        """Request from *archive* the TimeMap of *place*, with its further pages, and keep it."""
        read = partial(timemap_answer, url=place.url, replay=archive.replay)
        lines: list[IndexLine] = []
        urls = [index.query(place, place.name, None)]
        while len(urls) <= MAX_TIMEMAP_PAGES and (url := urls[-1]):
            answer = await self._archives.ask(url, index.service, read)
            self._crawler.stats.inc_value(f"gleaner/recover/{index.source}_broken_lines", answer.broken)
            lines += answer.lines
            urls.append(answer.resume or "")
        asked, whole = Question(place.name, int(place.name.isdigit()), None), Answer(tuple(lines), 0, None)
        await self._store(lambda holdings: keep(holdings, source, place, asked, whole, time.time()))

    async def _store(self, operation: Callable[[Holdings], T]) -> T:
        """Run *operation* on the catalogue's holdings, in the archivist's thread; or on those in memory."""
        if self._holdings is not None:
            return operation(self._holdings)

        def on_corpus(corpus: Corpus) -> T:
            return operation(Holdings(corpus.catalogue.connection))

        assert self._archivist is not None  # noqa: S101 - a spider with a profile and a corpus has one
        return await self._archivist.do(on_corpus)


def memory_holdings() -> Holdings:
    """Return holdings in memory, for a run without a corpus; they contain no waiting targets."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE targets (tid INTEGER PRIMARY KEY, state TEXT)")
    return Holdings(connection)


def _collection(base: str, name: str) -> _Index:
    return _Index(
        f"{base}/{name}-index",
        COMMONCRAWL,
        COMMONCRAWL_INDEX,
        lambda place, prefix, _resume: commoncrawl_query(base, name, place.base + prefix),
    )


def _archive_index(archive: WebArchive) -> _Index:
    service = index_service(archive.name)
    if (cdx := archive.cdx) is not None:
        query = lambda place, prefix, resume: wayback_query(cdx, place.base + prefix, resume)  # noqa: E731 - beside its use
        return _Index(cdx, archive.name, service, query)
    template = archive.timemap or ""
    return _Index(template, archive.name, service, lambda place, *_: timemap_url(template, place.url), archive)


def _nothing(index: _Index, place: Place, lines: Sequence[IndexLine], kind: Kind) -> Attempt:
    what = f"no capture that is a good {kind}" if lines else "no capture"
    where = f" in {index.name.rpartition('/')[2].removesuffix('-index')}" if index.source == COMMONCRAWL else ""
    return Attempt(index.query(place, place.name, None), 200, f"{index.source}: {what}{where}", index.source)
