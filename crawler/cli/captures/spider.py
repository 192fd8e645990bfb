"""The crawl of a listing: requests to the indexes of web archives, each within its budget, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import scrapy

from crawler.captures.answers import IndexAnswer, read_answer, read_pages
from crawler.captures.cdxwalk import CdxQuery, CdxWalk, WalkState, load_state
from crawler.captures.lines import CaptureLine
from crawler.captures.scope import Pattern
from crawler.captures.sources import ListSource
from crawler.captures.timemaps import MAX_TIMEMAP_PAGES, TimeMapAnswer, read_timemap_lines
from crawler.captures.work import Task, WorkingFile
from crawler.cli.captures.listing import Listing
from crawler.extensions.archiveanswers import check_exclusion, collections_answer
from crawler.extensions.archives import (
    COMMONCRAWL_INDEX,
    ArchiveDown,
    Archives,
    Excluded,
    UnusableCapture,
    index_service,
)
from crawler.recover.commoncrawl import overlapping
from crawler.recover.timemap import timemap_url
from crawler.sites import SiteProfile
from crawler.sites.recovery import Recovery, WebArchive
from crawler.utils.engine import Stopping
from crawler.utils.process import WITHOUT_CORPUS, raise_failure, run_to_end

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import Settings

OnLines = Callable[[Iterable[CaptureLine]], None]

_SETTINGS: dict[str, Any] = {
    **WITHOUT_CORPUS,
    "SOURCE": None,
    "DOWNLOAD_TIMEOUT": 180,  # an index looks through many blocks before its first line
    "DOWNLOAD_MAXSIZE": 64 * 1024 * 1024,
}
_OK, _BAD_REQUEST, _NOT_FOUND = 200, 400, 404
_NO_CAPTURES_RE = re.compile(rb"no captures", re.IGNORECASE)
_MAX_MESSAGE_BYTES = 4096


@dataclass
class Outcome:
    """How the crawl ended. ``ends`` says in words what each source did not give, and why."""

    ends: dict[str, str] = field(default_factory=dict)
    is_partial: bool = False
    is_limited: bool = False
    is_stopped: bool = False
    is_forced: bool = False
    error: Exception | None = None
    """What ended it, and is none of our errors about one source."""


class ListingSpider(scrapy.Spider):
    """Walks through all *sources* at the same time, each task after the other; *on_lines* receives what came."""

    name = "captures"
    without_corpus: ClassVar[bool] = True
    can_share: ClassVar[bool] = False

    def __init__(
        self, listing: Listing, work: WorkingFile, sources: Sequence[ListSource], on_lines: OnLines, outcome: Outcome
    ) -> None:
        super().__init__()
        self._listing, self._work, self._sources = listing, work, sources
        self._on_lines, self._outcome = on_lines, outcome
        self.profile = listing_profile(sources, listing.patience)

    def _set_crawler(self, crawler: Crawler) -> None:
        super()._set_crawler(crawler)
        self._archives = Archives(crawler, self.profile.recovery)  # settings can still be changed here

    async def start(self) -> AsyncIterator[Any]:
        """Walk through all sources; captures go to the working file."""
        try:
            await asyncio.gather(*(self._list(source) for source in self._sources))
        except Exception as error:  # noqa: BLE001 - Scrapy would only log it
            self._outcome.error = error
        return
        yield  # an asynchronous generator, as Scrapy wants one, of nothing

    async def _list(self, source: ListSource) -> None:
        """Do the tasks of *source* until it is done, or gives no answer."""
        with suppress(Stopping):
            task = self._work.next_task(source.id)
            while task is not None:
                try:
                    await self._do(task, source)
                except Excluded as error:
                    self._outcome.ends[source.name] = f"it excludes {task.what.get('url', 'the site')}: {error}"
                    self._work.keep(task, (), task.state, done=True, counts={"requests": 1})
                except (ArchiveDown, UnusableCapture) as error:
                    self._outcome.ends[source.name] = f"no answer ({error}); the same command asks it again"
                    self._outcome.is_partial = True
                    self._outcome.is_limited |= isinstance(error, ArchiveDown) and error.limited
                    return
                task = self._work.next_task(source.id, task.id)

    async def _do(self, task: Task, source: ListSource) -> None:
        if task.what["kind"] == "collections":
            await self._find_collections(task, source)
        elif task.what["kind"] == "timemap":
            await self._read_timemap(task, source)
        else:
            await self._walk(task, source)

    async def _find_collections(self, task: Task, source: ListSource) -> None:
        """Add a task for each collection of Common Crawl whose time overlaps with what is to be listed."""
        scope, names = self._listing.scope, source.collections
        if not names:
            url = f"{source.place}/collinfo.json"
            found = await self._archives.ask(url, _service(source), collections_answer)
            names = overlapping(found, scope.begin, scope.end)
        tasks = [
            (source.id, {"kind": "collection", "name": name, "match": one.match, "url": one.url})
            for name in names
            for one in scope.patterns
        ]
        self._work.add_tasks(tasks)
        self._work.keep(task, (), {}, done=True, counts={"requests": 0 if source.collections else 1})

    async def _read_timemap(self, task: Task, source: ListSource) -> None:
        """Ask for the TimeMap of one URL, and for its further pages."""
        waiting: list[str] = task.state.get("waiting", [timemap_url(source.place, task.what["url"])])
        asked: list[str] = task.state.get("asked", [])
        while waiting:
            url = waiting.pop(0)
            read = partial(_mementos, url=task.what["url"], at=url, source=source.name)
            answer = await self._archives.ask(url, index_service(source.name), read)
            asked.append(url)
            if len(asked) < MAX_TIMEMAP_PAGES:
                waiting += [one for one in answer.further if one not in asked and one not in waiting]
            elif answer.further:
                self._outcome.ends[source.name] = f"{task.what['url']} has over {MAX_TIMEMAP_PAGES} TimeMaps"
                self._outcome.is_partial = True
            lines = [line for line in answer.lines if self._listing.scope.wants(line)]
            counts = {"requests": 1, "rows": answer.rows, "broken": answer.broken, "kept": len(lines)}
            state = {"waiting": waiting, "asked": asked}
            await asyncio.to_thread(partial(self._work.keep, task, lines, state, done=not waiting, counts=counts))
            self._on_lines(lines)

    async def _walk(self, task: Task, source: ListSource) -> None:
        """Ask a CDX server until all is listed."""
        walk = CdxWalk(self._query(task, source), load_state(task.state) if task.state else WalkState())
        is_index = source.kind == "commoncrawl"
        while (query := walk.ask()) is not None:
            answer: IndexAnswer | None = None
            if query.kind == "pages":
                walk.take_pages(await self._archives.ask(query.url, _service(source), partial(_pages, none=is_index)))
            else:
                read = partial(_lines, source=source.name, none=is_index or walk.state.mode == "pages")
                answer = await self._archives.ask(query.url, _service(source), read)
                walk.take(answer)
            await asyncio.to_thread(self._keep, task, answer, walk.state)
        self._end(source, task, walk.state)

    def _query(self, task: Task, source: ListSource) -> CdxQuery:
        listing, what = self._listing, task.what
        paged = source.kind == "commoncrawl"
        return CdxQuery(
            cdx=f"{source.place}/{what['name']}-index" if paged else source.place,
            pattern=Pattern(what["match"], what["url"]),
            begin=listing.scope.begin,
            end=listing.scope.end,
            filters=listing.filters,
            collapse=listing.collapse,
            paged=paged,
        )

    def _keep(self, task: Task, answer: IndexAnswer | None, state: WalkState) -> None:
        lines = [line for line in answer.lines if self._listing.scope.wants(line)] if answer else []
        counts = {"requests": 1, "kept": len(lines)}
        if answer:
            counts |= {"rows": answer.rows, "broken": answer.broken}
        self._work.keep(task, lines, state.save(), done=state.mode == "done", counts=counts)
        self._on_lines(lines)

    def _end(self, source: ListSource, task: Task, state: WalkState) -> None:
        if state.notes:
            self._outcome.ends[f"{source.name}, {task.what['url']}"] = "; ".join(dict.fromkeys(state.notes))
        self._outcome.is_partial |= state.is_incomplete


def crawl_sources(
    listing: Listing, work: WorkingFile, sources: Sequence[ListSource], settings: Settings, on_lines: OnLines
) -> Outcome:
    """Ask *sources* for all that *listing* wants, and return how that ended. Raises GleanerError."""
    outcome = Outcome()
    arguments = {"listing": listing, "work": work, "sources": sources, "on_lines": on_lines, "outcome": outcome}
    process = run_to_end(ListingSpider, settings, _SETTINGS, **arguments)
    raise_failure(outcome.error)
    outcome.is_stopped, outcome.is_forced = process.stopped, process.forced
    return outcome


def listing_profile(sources: Sequence[ListSource], patience: float) -> SiteProfile:
    """Return a profile that allows requests to the indexes of *sources* and to nothing else."""
    archives = tuple(
        WebArchive(
            name=one.name,
            cdx=one.place if one.kind == "cdx" else None,
            timemap=one.place if one.kind == "timemap" else None,
            replay=one.place,
            cdx_per_minute=one.per_minute,
            captures_per_minute=one.per_minute,
        )
        for one in sources
        if one.kind in {"cdx", "timemap"}
    )
    crawled = next((one for one in sources if one.kind == "commoncrawl"), None)
    recovery = Recovery(
        archives=archives,
        commoncrawl=crawled.place if crawled else None,
        commoncrawl_per_minute=crawled.per_minute if crawled else 24,
        patience=patience,
    )
    return SiteProfile("captures", ZoneInfo("UTC"), (), re.compile("(?P<id>(?!))"), recovery=recovery)


def _service(source: ListSource) -> str:
    return COMMONCRAWL_INDEX if source.kind == "commoncrawl" else index_service(source.name)


def _mementos(response: Response, *, url: str, at: str, source: str) -> TimeMapAnswer:
    """Return the captures in a TimeMap; none if there is no TimeMap of *url*."""
    if response.status == _NOT_FOUND:
        return TimeMapAnswer([], 0, 0, ())
    check_exclusion(response)
    if response.status != _OK:
        raise ValueError(f"its TimeMap cannot be read (status {response.status})")
    return read_timemap_lines(response.body, url, at, source)


def _pages(response: Response, *, none: bool) -> int | None:
    """Return the number of pages; None if the server has none, 0 if it has no captures."""
    check_exclusion(response)
    if response.status == _OK:
        return read_pages(response.body)
    return 0 if none and response.status == _NOT_FOUND else None


def _lines(response: Response, *, source: str, none: bool) -> IndexAnswer | None:
    """Return the captures; None if there are none, or no such page (*none* says that this status can mean it)."""
    check_exclusion(response)
    if response.status == _OK:
        return read_answer(response.body, source)
    if response.status in {_BAD_REQUEST, _NOT_FOUND} and (
        none or _NO_CAPTURES_RE.search(response.body[:_MAX_MESSAGE_BYTES])
    ):
        return None
    raise ValueError(f"its index cannot be read (status {response.status})")
