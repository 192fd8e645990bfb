"""What spiders over the frontier share: from a leased target to its record, by the site's URLs in order."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar
from urllib.parse import urlsplit

import scrapy
from scrapy import Request
from scrapy.http import Response, TextResponse
from w3lib.encoding import http_content_type_encoding

from crawler.archive import Corpus, Target
from crawler.archive.profilechoice import ChosenProfile, choose_profile
from crawler.exceptions import ConfigError
from crawler.extensions.archivist import Archivist
from crawler.extensions.leases import Leases, LocalLeases
from crawler.extensions.readers import PageNotRead, Readers
from crawler.extensions.recoverer import ArchiveDown, Fetched, Recoverer
from crawler.frontier.targets import Validators
from crawler.items import Article, Attempt, Capture
from crawler.pages.facts import PageFacts
from crawler.pages.records import article_record, stub_record
from crawler.pages.soft404 import SETTLED, is_settled, soft_404
from crawler.utils.engine import Stopping
from crawler.utils.response import NOT_HELD, captured, header, reason_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)

T = TypeVar("T")

_NOT_MODIFIED = 304
_PAGE_STATUSES = frozenset({200, 201, 202, 203})
"""Answers that browsers show as pages: 203 is what a proxy has changed."""
_EMPTY = "an empty answer"
_CORPUS = "_corpus"
"""The argument by which :meth:`ArticleSpider.from_crawler` tells where the corpus is."""
_NOWHERE_RE = re.compile(r"^/?(?:[a-z]{2}(?:-[a-z]{2})?/?)?(?:index\.\w{3,5})?$|404|not-?_?found", re.IGNORECASE)
"""Paths of front pages and of error pages: where a site sends those who ask for what it has not."""

_DURATION_RE = re.compile(r"(\d{1,6})([dhm]?)", re.ASCII)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "": 86400}


class ArticleSpider(scrapy.Spider):
    """A spider whose requests come from the frontier. Subclasses say which targets (:meth:`lease`) and name themselves.

    ``depth`` is how far from the seeds targets are asked for, ``max_articles`` how many articles at most (None: all),
    ``retries_dropped`` whether what pipelines dropped in earlier runs is asked for again.
    """

    handle_httpstatus_list: ClassVar[tuple[int, ...]] = (_NOT_MODIFIED, *range(400, 600))
    """Answers that are news about a target, not errors; Scrapy's retries have had their turn by then."""

    can_share: ClassVar[bool] = True
    """Whether it works with a frontier that machines share (FRONTIER_URL)."""

    without_corpus: ClassVar[bool] = False
    """Whether it archives nothing."""

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
            raise ConfigError(f"-a dropped={dropped}: the only word for it is retry")
        self.retries_dropped = dropped is not None
        self.max_articles = None if max_articles is None else number("max_articles", max_articles, minimum=1)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Make the spider for the corpus in CORPUS_DIR, whose own site profile it takes unless it is given one."""
        if not cls.without_corpus:
            kwargs[_CORPUS] = Path(crawler.settings["CORPUS_DIR"])
        return super().from_crawler(crawler, *args, **kwargs)

    def corpus_opened(self, corpus: Corpus) -> None:
        """Settle with *corpus*, before anything is asked for, how far to go, and which profile it keeps."""
        earlier = corpus.keep_profile(self.chosen.content)
        if self.chosen.remark:
            kept = f"; the crawl uses it and keeps it there, the earlier one is {earlier.name} now" if earlier else ""
            self.logger.warning("%s%s", self.chosen.remark[0].upper() + self.chosen.remark[1:], kept)
        self.depth = corpus.depths.allow(self._depth_given)

    def lease(self, corpus: Corpus, limit: int, *, run: str, until: float) -> list[Target]:
        """Lease up to *limit* of the targets that this spider asks for. Called in the archivist's thread."""
        corpus.depths.pass_on()
        return corpus.frontier.lease(limit, max_depth=self.depth, run=run, until=until)

    def request(self, target: Target, attempts: tuple[Attempt, ...] = ()) -> Request | None:
        """Return the request for the next URL of *target* after those tried in vain; None if there is none left."""
        urls = [*self.profile.article_urls(target.id), *self.profile.sister_urls(target.id)]
        held = target.validators
        if held and self.profile.allows(held.url):
            urls = [held.url, *(url for url in urls if url != held.url)]
        urls = urls[len(attempts) :]
        if not urls:
            return None
        return Request(
            urls[0],
            callback=self.parse_article,
            errback=self.no_answer,
            headers=_conditions(held) if held and held.url == urls[0] else None,
            meta={"target": target, "attempts": attempts},
        )

    async def parse_article(self, response: Response) -> AsyncIterator[Article | Request]:
        """Yield the article's record; or, if this is not it, the next request for it or its stub."""
        target: Target = response.meta["target"]
        if response.status == _NOT_MODIFIED and target.validators:
            await self.leases.unchanged(target.key)
            return
        facts, refusal = await self._page(response, target)
        if facts is None or refusal is not None:
            # Only a page that says what it is instead of the article is evidence that there is none.
            is_evidence = response.status not in _PAGE_STATUSES or is_settled(refusal or "")
            status = response.status if is_evidence and NOT_HELD not in response.flags else None
            async for one in self._next(response.request, Attempt(response.url, status, refusal or "")):
                yield one
            return
        self._count_cleaned(facts)
        self.leases.validators[target.key] = _validators(response)
        attempts = response.meta["attempts"]
        where = captured(response)._asdict()
        capture = Capture(source="origin", url=response.url, status=response.status, attempts=attempts, **where)
        yield article_record(target, facts, self.profile, capture, run=self.archivist.run, url=response.url)

    async def _page(self, response: Response, target: Target) -> tuple[PageFacts | None, str | None]:
        """Return what the page in *response* tells, if it is one, and why it is not that of *target*, if it is not."""
        refusal = self._refusal(response)
        if refusal is not None:
            return None, refusal
        facts = await self.readers.read(response.body, response.url, self.profile, _declared_charset(response))
        return facts, soft_404(facts, target, self.profile, response.url)

    def _count_cleaned(self, facts: PageFacts) -> None:
        for rule, times in facts.cleaned:
            self.crawler.stats.inc_value(f"gleaner/cleaned/{rule}", times)

    async def no_answer(self, failure: Failure) -> AsyncIterator[Article | Request]:
        """Yield the next request for a target whose URL gave no answer, or its stub; nothing if the crawl is ending."""
        if isinstance(failure.value, Stopping):
            return  # its lease is given back when the spider is closed
        request: Request = failure.request  # type: ignore[attr-defined]
        async for one in self._next(request, Attempt(request.url, None, reason_of(failure.value))):
            yield one

    async def _next(self, request: Request | None, attempt: Attempt) -> AsyncIterator[Article | Request]:
        """Yield what follows an attempt in vain: the next request, or what web archives hold, or the stub."""
        assert request is not None  # noqa: S101 - Scrapy sets it
        target: Target = request.meta["target"]
        attempts: tuple[Attempt, ...] = (*request.meta["attempts"], attempt)
        self._note(target, attempt)
        following = self.request(target, attempts)
        if following is None:
            record = await self._recovered(target, list(attempts))
            if record is not None:
                yield record
        else:
            yield following

    async def _recovered(self, target: Target, attempts: list[Attempt]) -> Article | None:
        """Return the record of *target* from web archives, or its stub; None if it is to wait for an archive."""
        run = self.archivist.run
        try:
            if self.recoverer.has_archives and not await self._held(target):
                async with aclosing(self.recoverer.article(target)) as steps:
                    async for step in steps:
                        facts, attempt = await self._judged(step, target)
                        if facts is not None and isinstance(step, Fetched):
                            self.crawler.stats.inc_value(f"gleaner/recover/articles/{step.capture.source}")
                            self._count_cleaned(facts)
                            capture = replace(step.capture, attempts=tuple(attempts))
                            return article_record(target, facts, self.profile, capture, run=run, url=step.url)
                        attempts += [attempt] if attempt else []
        except ArchiveDown as error:
            self.crawler.stats.inc_value("gleaner/recover/waiting")
            if error.limited:
                self.crawler.stats.inc_value("gleaner/recover/rate_limited")
            await self.leases.end(target.key, "failed", "; ".join(dict.fromkeys(one.reason for one in attempts))[:500])
            return None
        except Stopping:
            return None  # its lease is given back when the spider is closed
        return stub_record(target, attempts, self.profile, run=run, tried=_now())

    async def _held(self, target: Target) -> bool:
        """Tell whether the corpus holds the article, so that only the site is asked whether it has changed."""
        held = await self.archivist.do(lambda corpus: corpus.catalogue.held(target.key))
        return held is not None and held.kind == "article"

    async def _judged(self, step: Fetched | Attempt, target: Target) -> tuple[PageFacts | None, Attempt | None]:
        """Return what a capture tells of *target*, or the attempt that it was."""
        if isinstance(step, Fetched):
            facts, refusal = None, None
            charset = http_content_type_encoding(step.content_type) if step.content_type else None
            try:
                facts = await self.readers.read(step.body, step.url, self.profile, charset, step.archived)
                refusal = soft_404(facts, target, self.profile, None, strict=True)
            except PageNotRead as error:
                refusal = str(error)
            if refusal is None:
                return facts, None
            source = step.capture.source
            step = Attempt(step.capture.url or step.url, step.capture.status, f"{source}: {refusal}", source)
        self._note(target, step)
        return None, step

    def _note(self, target: Target, attempt: Attempt) -> None:
        logger.info("%s: %s (%s)", target.key, attempt.reason, attempt.url)
        self.crawler.stats.inc_value(f"gleaner/attempts_failed/{_stat(attempt)}")

    def _refusal(self, response: Response) -> str | None:
        """Return why *response* cannot be the page of an article, None if it may be."""
        if NOT_HELD in response.flags:
            return NOT_HELD
        if response.status not in _PAGE_STATUSES:
            return f"status {response.status}"
        if self.profile.article_id(response.url) is None:
            settled = SETTLED if _NOWHERE_RE.search(urlsplit(response.url).path) else ""
            return f"{settled}redirected to a page that is not an article"
        if not response.body:
            return _EMPTY
        if not isinstance(response, TextResponse):
            return "not a page"
        return None

    @property
    def archivist(self) -> Archivist:
        """The archivist of this crawl."""
        return self._extension(Archivist)

    @property
    def leases(self) -> Leases:
        """The leases of this crawl."""
        return self._extension(LocalLeases)

    @property
    def recoverer(self) -> Recoverer:
        """The recoverer of this crawl."""
        return self._extension(Recoverer)

    @property
    def readers(self) -> Readers:
        """The readers of this crawl."""
        return self._extension(Readers)

    def _extension(self, kind: type[T]) -> T:
        extension = self.crawler.get_extension(kind)
        assert extension is not None  # noqa: S101 - crawler/settings.py enables it
        return extension


def number(name: str, value: str, *, minimum: int) -> int:
    """Return the spider argument *name* as a number; raise ``ConfigError`` if it is none or below *minimum*."""
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


def _stat(attempt: Attempt) -> str:
    return attempt.source if attempt.source != "origin" else str(attempt.status or "no_answer")


def _conditions(held: Validators) -> dict[str, str]:
    conditions = {"If-None-Match": held.etag, "If-Modified-Since": held.modified}
    return {name: value for name, value in conditions.items() if value}


def _validators(response: Response) -> Validators:
    return Validators(response.url, header(response, "ETag"), header(response, "Last-Modified"))


def _declared_charset(response: Response) -> str | None:
    content_type = header(response, "Content-Type")
    return http_content_type_encoding(content_type) if content_type else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
