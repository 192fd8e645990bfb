"""The base of spiders over the frontier: from a leased target to its record, by the site's URLs in order."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import scrapy
from scrapy import Request
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.archive import Corpus, Target
from crawler.archive.profilechoice import ChosenProfile, choose_profile
from crawler.exceptions import ConfigError
from crawler.extensions.archivist import Archivist
from crawler.extensions.leases import Leases, LocalLeases
from crawler.frontier.targets import Validators
from crawler.items import Article, Attempt
from crawler.net.statuses import is_page
from crawler.pages.attempts import Ask, AskArchives, Attempts, Wait
from crawler.pages.records import stub_record
from crawler.plan.counting import CrawlScope, Planned
from crawler.spiders.steps import Steps
from crawler.utils.components import needed
from crawler.utils.engine import Stopping
from crawler.utils.response import header, reason_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)


_MAX_REASON_LETTERS = 500
_CORPUS = "_corpus"
"""The argument by which :meth:`ArticleSpider.from_crawler` passes the folder of the corpus."""
_DURATION_RE = re.compile(r"(\d{1,6})([dhm]?)", re.ASCII)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "": 86400}


class ArticleSpider(scrapy.Spider):
    """A spider whose requests come from the frontier. Subclasses say which targets (:meth:`lease`) and name themselves.

    ``depth`` is how far from the seeds targets are requested, ``max_articles`` the most articles to fetch (None: all),
    ``retries_dropped`` whether articles that pipelines dropped in earlier runs are requested again.
    """

    handle_httpstatus_list: ClassVar[tuple[int, ...]] = (HTTPStatus.NOT_MODIFIED, *range(400, 600))
    """Statuses that tell something about a target and are not errors; Scrapy's retries are over by then."""

    can_share: ClassVar[bool] = True
    """Whether the spider works with a frontier that machines share (FRONTIER_URL)."""

    retries_failed: ClassVar[bool] = True
    """Whether each run requests failed targets again."""

    without_corpus: ClassVar[bool] = False
    """Whether the spider archives nothing."""

    def __init__(
        self,
        site: str | ChosenProfile | None,
        depth: int | None,
        max_articles: str | None,
        unknown: Mapping[str, Any],
        dropped: str | None = None,
    ) -> None:
        super().__init__()
        wrong = [name for name in unknown if not name.startswith("_")]  # scrapyd passes _job
        if wrong:
            raise ConfigError(f"unknown argument -a {wrong[0]}= of the spider {self.name}")
        self.chosen = site if isinstance(site, ChosenProfile) else choose_profile(unknown.get(_CORPUS), site)
        self.profile = self.chosen.profile
        self.depth = depth or 0
        self._depth_given = depth
        if dropped not in {None, "retry"}:
            raise ConfigError(f"-a dropped={dropped}: the only value is retry")
        self.retries_dropped = dropped is not None
        self.max_articles = None if max_articles is None else number("max_articles", max_articles, minimum=1)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Create the spider for the corpus in CORPUS_DIR; without an argument it uses the corpus's own site profile."""
        if not cls.without_corpus:
            kwargs[_CORPUS] = Path(crawler.settings["CORPUS_DIR"])
        return super().from_crawler(crawler, *args, **kwargs)

    @classmethod
    def for_plan(cls, root: Path, arguments: Mapping[str, str]) -> Self:
        """Create the spider with its *arguments* for the plan of a crawl into the corpus at *root*."""
        make: Callable[..., Self] = cls
        return make(**arguments, **{_CORPUS: root})

    def planned(self, _settings: BaseSettings) -> Planned:
        """Return what the spider would request, for the plan of a crawl."""
        return Planned(
            CrawlScope(
                depth=self._depth_given,
                retries_failed=self.retries_failed,
                retries_dropped=self.retries_dropped,
                max_articles=self.max_articles,
            )
        )

    def corpus_opened(self, corpus: Corpus) -> None:
        """Agree with *corpus*, before the first request, on the depth and on the profile that it keeps."""
        earlier = corpus.keep_profile(self.chosen.content)
        if self.chosen.remark:
            kept = f"; the crawl uses it and keeps it there, the earlier one is {earlier.name} now" if earlier else ""
            self.logger.warning("%s%s", self.chosen.remark[0].upper() + self.chosen.remark[1:], kept)
        self.depth = corpus.depths.allow(self._depth_given)

    def lease(self, corpus: Corpus, limit: int, *, run: str, until: float) -> list[Target]:
        """Lease up to *limit* targets for this spider. Called in the archivist's thread."""
        corpus.depths.pass_on()
        return corpus.frontier.lease(limit, max_depth=self.depth, run=run, until=until)

    def request(self, target: Target, attempts: Attempts | None = None) -> Request | None:
        """Return the request for the next URL of *target* (without *attempts* the first); None if none is left."""
        attempts = attempts or self.steps.first(target)
        step = attempts.next
        if not isinstance(step, Ask):
            return None
        return Request(
            step.url,
            callback=self.parse_article,
            errback=self.no_answer,
            headers=_conditions(step.validators) if step.validators else None,
            meta={"target": target, "attempts": attempts},
        )

    async def parse_article(self, response: Response) -> AsyncIterator[Article | Request]:
        """Yield the article's record; if *response* is not the article, the next request for it or its stub."""
        attempts: Attempts = response.meta["attempts"]
        target = attempts.target
        if response.status == HTTPStatus.NOT_MODIFIED and target.validators:
            await self.leases.unchanged(target.key)
            return
        found = await self.steps.answer(response, attempts)
        if isinstance(found, Article):
            self.leases.validators[target.key] = _validators(response)
            yield found
        else:
            async for one in self._go_on(found):
                yield one

    async def no_answer(self, failure: Failure) -> AsyncIterator[Article | Request]:
        """Yield the next request for a target whose URL gave no answer, or its stub; nothing if the crawl is ending."""
        if isinstance(failure.value, Stopping):
            return  # its lease is released when the spider is closed
        if isinstance(failure.value, HttpError):
            response = failure.value.response
            if is_page(response.status, header(response, "Location")):  # a redirect without a target
                async for one in self.parse_article(response):
                    yield one
                return
        request: Request = failure.request  # type: ignore[attr-defined]
        attempt = Attempt(request.url, None, reason_of(failure.value))
        async for one in self._go_on(self.steps.failed(request.meta["attempts"], attempt)):
            yield one

    async def _go_on(self, attempts: Attempts) -> AsyncIterator[Article | Request]:
        """Yield the next request, the record from web archives, or the stub; nothing if it waits for an archive."""
        target = attempts.target
        if isinstance(attempts.next, AskArchives):
            try:
                is_held = await self._is_held(target)
                found = attempts.after_archives() if is_held else await self.steps.archives(attempts)
            except Stopping:
                return  # its lease is released when the spider is closed
            if isinstance(found, Article):
                yield found
                return
            attempts = found
        following, step = self.request(target, attempts), attempts.next
        if following is not None:
            yield following
        elif isinstance(step, Wait):
            self.crawler.stats.inc_value("gleaner/recover/waiting")
            if step.is_limited:
                self.crawler.stats.inc_value("gleaner/recover/rate_limited")
            reasons = dict.fromkeys(one.reason for one in attempts.tried)
            await self.leases.end(target.key, "failed", "; ".join(reasons)[:_MAX_REASON_LETTERS])
        else:
            yield stub_record(target, attempts.tried, self.profile, run=self.archivist.run, tried=_now())

    async def _is_held(self, target: Target) -> bool:
        """Return whether the corpus holds the article, so that only the site is asked whether it has changed."""
        held = await self.archivist.do(lambda corpus: corpus.catalogue.highest_version(target.key))
        return held is not None and held.kind == "article"

    @cached_property
    def steps(self) -> Steps:
        """The steps from an answer to a record."""
        return Steps(self.crawler, self.profile, self.archivist.run)

    @property
    def archivist(self) -> Archivist:
        """The archivist of this crawl."""
        return needed(self.crawler, Archivist)

    @property
    def leases(self) -> Leases:
        """The leases of this crawl."""
        return needed(self.crawler, LocalLeases)


def number(name: str, value: str, *, minimum: int) -> int:
    """Return the spider argument *name* as a number; raise ``ConfigError`` if it is invalid or below *minimum*."""
    if not (value.isascii() and value.isdigit() and len(value) < len(str(2**62)) and int(value) >= minimum):
        raise ConfigError(f"-a {name}={value}: give a whole number of at least {minimum}")
    return int(value)


def duration(name: str, value: str) -> float:
    """Return the spider argument *name*, such as ``30d``, ``12h`` or ``45m``, in seconds; a bare number counts days.

    Raises ``ConfigError`` for anything else.
    """
    match = _DURATION_RE.fullmatch(value)
    if match is None:
        raise ConfigError(f"-a {name}={value}: give a time such as 30d, 12h or 45m")
    return float(int(match[1]) * _SECONDS[match[2]])


def _conditions(held: Validators) -> dict[str, str]:
    conditions = {"If-None-Match": held.etag, "If-Modified-Since": held.modified}
    return {name: value for name, value in conditions.items() if value}


def _validators(response: Response) -> Validators:
    return Validators(response.url, header(response, "ETag"), header(response, "Last-Modified"))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
