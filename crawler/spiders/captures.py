"""Spider ``captures``: from lists of captures to the articles that web archives hold, in one version or in all."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from scrapy import Request, signals

from crawler.archive import Corpus, Target
from crawler.captures.intake import CaptureLists
from crawler.captures.table import PER_ARTICLE, SETTLED, FoundCapture, TargetWithCaptures
from crawler.exceptions import ConfigError, GleanerError, SeedError
from crawler.items import Article
from crawler.pages.attempts import Attempts
from crawler.plan.counting import Planned
from crawler.spiders.base import ArticleSpider, number
from crawler.spiders.listed import ListedArticles, Table
from crawler.utils.doors import is_closing
from crawler.utils.engine import Stopping

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

_ARTICLES_AT_ONCE = 16
_POLL_SECONDS = 0.25
_MAX_WARNINGS = 20
_LINES_PER_MESSAGE = 100_000
_BEFORE_ALL_TIDS = -(2**63)


class CapturesSpider(ArticleSpider):
    """Archive the articles of listed captures, from the archives that the lists name, and follow their dumps.

    ``-a captures=FILE[,FILE...]`` lists of captures (``scrapy captures list``, CDX, CDXJ), or - for standard input;
    ``-a per_article=nearest|first|last|all`` which captures of an article: the one nearest to the date of the article
    (for articles that the corpus does not hold), the first, the last, or all of them as versions (nearest);
    ``-a source=NAME`` the archive of lines that name none; ``-a depth=N`` how far to go from the listed articles (1);
    ``-a site=NAME|FILE.toml`` the site profile (that of the corpus, alalam for a new one); ``-a max_articles=N`` the
    most articles to fetch; ``-a dropped=retry`` requests again what pipelines dropped.
    """

    name = "captures"
    can_share = False
    """Only its own corpus knows what the lists hold."""

    def __init__(
        self,
        captures: str | None = None,
        site: str | None = None,
        per_article: str = "nearest",
        depth: str = "1",
        source: str | None = None,
        max_articles: str | None = None,
        dropped: str | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__(site, number("depth", depth, minimum=0), max_articles, unknown, dropped)
        if not captures:
            raise SeedError(
                "-a captures=", "no list of captures given; give a file of scrapy captures list, or a CDX file"
            )
        found = [one for one in PER_ARTICLE if one == per_article]
        if not found:
            raise ConfigError(f"-a per_article={per_article}: give one of {', '.join(PER_ARTICLE)}")
        self._warned = 0
        self._table = Table(secrets.token_hex(8), found[0])
        self._lists = CaptureLists([path for path in captures.split(",") if path], self.profile, source, self._warn)
        # Looked into before anything is written; kept, as standard input cannot be read twice.
        self._parts: Iterator[list[FoundCapture]] = self._lists.parts()
        first = next(self._parts, None)
        if first is None:
            raise SeedError(captures, _nothing_listed(self._lists.counts, self.profile.name))
        self._parts = chain([first], self._parts)
        self._after = _BEFORE_ALL_TIDS
        self._waiting: list[TargetWithCaptures] = []
        self._turn = asyncio.Lock()
        self._underway = 0

    def planned(self, settings: BaseSettings) -> Planned:
        captures: Counter[str] = Counter()
        return super().planned(settings)._replace(targets=self._named(captures), captures=captures)

    def _named(self, captures: Counter[str]) -> Iterator[Target]:
        """Yield the targets in the lists, and count their *captures* by source."""
        for one in chain.from_iterable(self._parts):
            captures[one.source] += 1
            yield Target(key=self.profile.key(one.article_id), id=one.article_id, depth=0)

    def corpus_opened(self, corpus: Corpus) -> None:
        """Read the lists into the catalogue of *corpus*, before the first request."""
        super().corpus_opened(corpus)
        logged = 0
        for part in self._parts:
            with corpus.group():
                self._table.of(corpus).add(part, self.profile.name)
            if self._lists.counts["lines"] - logged >= _LINES_PER_MESSAGE:
                logged = self._lists.counts["lines"]
                logger.info("%d lines of captures read", logged)
        listed, held = self._table.of(corpus).articles()
        counts = self._lists.counts
        for name, count in counts.items():
            self.crawler.stats.set_value(f"gleaner/captures/{name}", count)
        self.crawler.stats.set_value("gleaner/captures/articles", listed)
        logger.info("%d lines of captures, of %d articles; the corpus holds %d of them", counts["lines"], listed, held)

    def corpus_closing(self, corpus: Corpus) -> None:
        """Set the outcomes of all listed captures in the stats, before *corpus* is closed."""
        table, stats = self._table.of(corpus), self.crawler.stats
        stats.set_value("gleaner/captures/articles_held", table.articles()[1])
        for outcome, count in table.counts().items():
            name = "not_requested" if outcome is None else outcome.replace(" ", "_")
            is_failure = outcome is not None and outcome not in SETTLED
            stats.set_value(f"gleaner/captures/{f'failed/{outcome}' if is_failure else name}", count)

    async def start(self) -> AsyncIterator[Article | Request]:
        """Yield the records of listed captures; the requests for what they list come from the frontier."""
        self._listed = ListedArticles(self, self._table)
        self.crawler.signals.connect(self._listed.dropped, signal=signals.item_dropped)
        self.crawler.signals.connect(self._listed.failed, signal=signals.item_error)
        self.leases.on_archived = self._listed.archived
        found: asyncio.Queue[Article | Request | None] = asyncio.Queue()
        self._work_done = asyncio.ensure_future(self._work(found))
        while (one := await found.get()) is not None:
            yield one
        await self._work_done

    def lease(self, corpus: Corpus, limit: int, *, run: str, until: float) -> list[Target]:
        """Lease targets that dumps list; those with listed captures are leased by :meth:`start` first."""
        corpus.depths.pass_on()
        return self._table.of(corpus).lease_others(limit, max_depth=self.depth, run=run, until=until)

    def _warn(self, message: str) -> None:
        self._warned += 1
        if self._warned <= _MAX_WARNINGS:
            logger.warning("%s", message)

    async def _work(self, found: asyncio.Queue[Article | Request | None]) -> None:
        """Put what each listed article gives into *found*, of some articles at the same time; last, None."""
        try:
            await asyncio.gather(*(self._take_turns(found) for _ in range(_ARTICLES_AT_ONCE)))
        finally:
            await found.put(None)

    async def _take_turns(self, found: asyncio.Queue[Article | Request | None]) -> None:
        while (listed := await self._next()) is not None:
            try:
                async for one in self._listed.article(listed):
                    if not isinstance(one, Attempts):
                        await found.put(one)
                        continue
                    async for further in self._go_on(one):
                        await found.put(further)
            except Stopping:
                return  # its lease is released when the spider is closed
            except GleanerError:
                if self.archivist.error is None:
                    raise
                return  # the crawl is ending on an error of the corpus
            finally:
                self._underway -= 1

    async def _next(self) -> TargetWithCaptures | None:
        """Return a leased target with listed captures; None if no more are to be requested."""
        async with self._turn:
            while not self._waiting:
                if is_closing(self.crawler):
                    return None
                if (room := self.leases.room(lambda: 0)) <= 0:
                    if not self._underway:
                        return None  # max_articles
                    await asyncio.sleep(_POLL_SECONDS)
                    continue
                self._waiting = await self.leases.take(min(room, _ARTICLES_AT_ONCE), self._lease_listed)
                if not self._waiting:
                    return None
            self._underway += 1
            return self._waiting.pop(0)

    def _lease_listed(self, corpus: Corpus, limit: int, run: str, until: float) -> list[TargetWithCaptures]:
        table, site = self._table.of(corpus), self.profile.name
        leased, self._after = table.lease(limit, after=self._after, site=site, run=run, until=until)
        return leased


def _nothing_listed(counts: Counter[str], site: str) -> str:
    reasons = ", ".join(
        f"{count} {name.removeprefix('unused/').replace('_', ' ')}"
        for name, count in counts.most_common()
        if name.startswith("unused/")
    )
    return (
        f"no capture of an article of the site {site} in {counts['lines']} lines ({reasons or 'the lists are empty'})"
    )
