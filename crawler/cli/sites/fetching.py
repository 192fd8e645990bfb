"""Fetches a sample of captured pages from the archives that a list names, within their budgets, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self
from zoneinfo import ZoneInfo

import scrapy
from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.captures.lines import CaptureLine
from crawler.draft.local import charset_in
from crawler.draft.pages import SampledPage
from crawler.extensions.archives import Archives, Excluded
from crawler.extensions.capturefetch import CaptureFetcher, Fetched
from crawler.items import Attempt
from crawler.recover.holdings import IndexLine
from crawler.sites import SiteProfile
from crawler.sites.recovery import COMMONCRAWL, Recovery
from crawler.utils.engine import Stopping
from crawler.utils.process import WITHOUT_CORPUS, run_to_end
from crawler.utils.response import header, reason_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import Settings

_SETTINGS: dict[str, Any] = {**WITHOUT_CORPUS, "SOURCE": None}
_OK = 200
_UNKNOWN_ARCHIVE = "the address of its archive is not known: give --archives"


class Wanted(NamedTuple):
    """A page to fetch: its id and capture; ``url`` is its address on the live site, None: from the archive."""

    article_id: str
    line: CaptureLine
    url: str | None = None


class FetchedSample(NamedTuple):
    """The pages; the captures that could not be fetched, and why; whether a signal ended it, and a second by force."""

    pages: list[SampledPage]
    failed: list[tuple[CaptureLine, str]]
    stopped: bool
    forced: bool


class SampleSpider(scrapy.Spider):
    """Fetches the pages *wanted*, one after the other for each archive; *on_page* and *on_failure* receive each."""

    name = "sites"
    without_corpus: ClassVar[bool] = True
    can_share: ClassVar[bool] = False

    def __init__(
        self,
        profile: SiteProfile,
        wanted: Sequence[Wanted],
        on_page: Callable[[SampledPage], None],
        on_failure: Callable[[CaptureLine, str], None],
    ) -> None:
        super().__init__()
        self.profile = profile
        self.fetcher: CaptureFetcher
        self._wanted, self._on_page, self._on_failure = wanted, on_page, on_failure

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        archives = Archives(crawler, spider.profile.recovery)  # while settings can be changed
        spider.fetcher = CaptureFetcher(spider.crawler, archives, spider.profile.recovery)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Fetch all."""
        queues: dict[str, list[Wanted]] = {}
        for one in self._wanted:
            queues.setdefault("" if one.url else one.line.source, []).append(one)
        with suppress(Stopping):
            await asyncio.gather(*(self._fetch_all(queue) for queue in queues.values()))
        return
        yield  # an asynchronous generator, as Scrapy wants one, of nothing

    async def _fetch_all(self, queue: Sequence[Wanted]) -> None:
        for one in queue:
            found = await (self._live(one, one.url) if one.url else self._capture(one))
            if isinstance(found, SampledPage):
                self._on_page(found)
            else:
                self._on_failure(one.line, found)

    async def _capture(self, one: Wanted) -> SampledPage | str:
        """Return the page of *one* from its archive, or why there is none."""
        line, recovery = one.line, self.profile.recovery
        if line.source == COMMONCRAWL:
            if not recovery.commoncrawl_data or not line.filename or not line.length:
                return "the list does not say where in Common Crawl's files it is"
        elif recovery.archive(line.source) is None:
            return _UNKNOWN_ARCHIVE
        listed = IndexLine(
            line.timestamp, line.url, line.mime or "", _OK, line.digest or "", line.length, line.offset, line.filename
        )
        try:
            found = await self.fetcher.fetch(line.source, listed, lambda url: url == line.url)
        except Excluded as error:
            return f"{line.source} excludes the site ({error})"
        if isinstance(found, Fetched):
            return SampledPage(line, one.article_id, found.body, charset_in(found.content_type))
        return found.reason if isinstance(found, Attempt) else found.attempt.reason

    async def _live(self, one: Wanted, url: str) -> SampledPage | str:
        """Return the page of *one* from the live site, or why there is none."""
        try:
            response = await self.crawler.engine.download_async(Request(url, callback=NO_CALLBACK))
        except Stopping:
            raise
        except Exception as error:  # noqa: BLE001 - Scrapy passes on whatever went wrong below it
            return reason_of(error)
        if response.status != _OK:
            return f"the site answers with status {response.status}"
        live = one.line._replace(url=response.url)
        return SampledPage(live, one.article_id, response.body, charset_in(header(response, "Content-Type")))


def fetch_sample(profile: SiteProfile, wanted: Sequence[Wanted], settings: Settings) -> FetchedSample:
    """Fetch the pages *wanted*; only hosts that *profile* names are requested. Raises GleanerError."""
    pages: list[SampledPage] = []
    failed: list[tuple[CaptureLine, str]] = []
    if not wanted:
        return FetchedSample(pages, failed, stopped=False, forced=False)
    process = run_to_end(
        SampleSpider,
        settings,
        _SETTINGS,
        profile=profile,
        wanted=wanted,
        on_page=pages.append,
        on_failure=lambda line, reason: failed.append((line, reason)),
    )
    return FetchedSample(pages, failed, process.stopped, process.forced)


def archives_only(recovery: Recovery) -> SiteProfile:
    """Return a profile that allows requests to the archives in *recovery* and to nothing else."""
    return SiteProfile("sample", ZoneInfo("UTC"), (), re.compile("(?P<id>(?!))"), recovery=recovery)
