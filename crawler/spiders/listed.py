"""From the listed captures of an article to its records, one capture after the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from crawler.archive import Corpus, Outcome, Target, Unchanged
from crawler.captures.choice import SameCaptures, chosen, is_open
from crawler.captures.table import (
    ARCHIVED,
    DROPPED,
    GOOD,
    UNCHANGED,
    ListedCapture,
    ListedCaptures,
    PerArticle,
    TargetWithCaptures,
)
from crawler.extensions.capturefetch import Fetched
from crawler.extensions.recoverer import Recoverer
from crawler.items import Article, Attempt
from crawler.pages.attempts import Attempts
from crawler.sites.captured import captured_id
from crawler.spiders.base import ArticleSpider
from crawler.utils.components import needed
from crawler.utils.doors import count_items, is_closing
from crawler.utils.engine import Stopping

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.25
_MAX_REASON_LETTERS = 500
_NEW = frozenset({"pending", "failed", "seed"})
"""States of targets that may be requested in other ways if no listed capture is the article."""


class Table(NamedTuple):
    """The listed captures of a crawl, of which *per_article* are requested."""

    listing: str
    per_article: PerArticle

    def of(self, corpus: Corpus) -> ListedCaptures:
        """Return them in the catalogue of *corpus*, in a group of it."""
        return ListedCaptures(corpus.catalogue.connection, self.listing, self.per_article)


class _Found(NamedTuple):
    """The record of an article, and the listed capture that gave it."""

    article: Article
    capture: ListedCapture


class ListedArticles:
    """Takes the steps of *spider* for articles with listed captures in *table*.

    A record must be archived before the next capture of its article is requested, so that versions come in order and
    each outcome is noted after its line. *spider* passes on what became of records.
    """

    def __init__(self, spider: ArticleSpider, table: Table) -> None:
        self._spider = spider
        self._table = table
        self._stats = spider.crawler.stats
        self._recoverer = needed(spider.crawler, Recoverer)
        self._ended: dict[str, asyncio.Future[str | None]] = {}

    async def article(self, listed: TargetWithCaptures) -> AsyncIterator[Article | Attempts]:
        """Yield the records of the chosen captures of a target; if none is the article, the attempts to go on with."""
        target, attempts = listed.target, Attempts(target=listed.target, urls=(), archives=False)
        captures = await self._spider.archivist.do(lambda corpus: self._table.of(corpus).captures(target.key))
        is_found = any(one.outcome in GOOD for one in captures)
        wanted = self._spider.profile.picture_time(target.pic) or self._spider.profile.id_time(target.id)
        for same in chosen(captures, self._table.per_article, wanted):
            if any(one.outcome in GOOD for one in same.captures):
                continue
            found, attempts = await self._first_good(same, attempts)
            if found is None:
                continue
            ended = self._ended[target.key] = asyncio.get_running_loop().create_future()
            yield found.article
            outcome = await self._outcome(ended)
            if outcome is None or (outcome == DROPPED and not is_found):
                return  # its lease has ended
            await self._settle(target.key, found.capture, outcome, same)
            is_found = True
            if self._table.per_article != "all":
                break
        await self._finish(target.key, is_whole=attempts.unanswered is None)
        if is_found or listed.home not in _NEW:
            await self._leave(target.key, attempts)
            return
        logger.info("%s: none of its listed captures is the article", target.key)
        self._stats.inc_value("gleaner/captures/by_other_ways")
        yield replace(self._spider.steps.first(target), tried=attempts.tried, unanswered=attempts.unanswered)

    async def _first_good(self, same: SameCaptures, attempts: Attempts) -> tuple[_Found | None, Attempts]:
        """Return the record of the first of *same* that is the article, if there is one, and the attempts so far."""
        target = attempts.target
        for one in same.captures:
            if not (is_open(one) or (one.outcome == DROPPED and self._spider.retries_dropped)):
                continue
            found = await self._recoverer.capture(one.source, one.line, partial(self._names, target))
            if isinstance(found, Fetched):
                record = await self._spider.steps.capture(found, attempts)
                if isinstance(record, Article):
                    return _Found(record, one), attempts
                found = record
            attempts = self._spider.steps.failed(attempts, found)
            if isinstance(found, Attempt):
                reason = found.reason.removeprefix(f"{one.source}: ")[:_MAX_REASON_LETTERS]
                await self._settle(target.key, one, reason)
        return None, attempts

    def _names(self, target: Target, url: str) -> bool:
        """Return whether *url*, of a redirect or a record, is that of *target*."""
        return captured_id(self._spider.profile, url) == target.id

    async def _settle(self, key: str, one: ListedCapture, outcome: str, same: SameCaptures | None = None) -> None:
        """Note the *outcome* of a capture of *key*, and that the rest of *same* repeats it."""

        def note(corpus: Corpus) -> None:
            table = self._table.of(corpus)
            table.settle(key, [one], outcome)
            if same is not None:
                table.repeat(key, [other for other in same.captures if other is not one])

        await self._spider.archivist.do(note)

    async def _finish(self, key: str, *, is_whole: bool) -> None:
        """Note that all chosen captures of *key* are settled (unless not *is_whole*), with its newest version last."""

        def finish(corpus: Corpus) -> bool:
            repeats = self._table.per_article == "all" and corpus.put_newest_last(key, self._spider.archivist.run)
            if is_whole:
                self._table.of(corpus).finish(key)
            return repeats

        if await self._spider.archivist.do(finish):
            self._stats.inc_value("gleaner/captures/newest_repeated")

    async def _leave(self, key: str, attempts: Attempts) -> None:
        """End the lease of *key*, if no record has, in the state that it had; count it if it waits for an archive."""
        if (unanswered := attempts.unanswered) is not None:
            self._stats.inc_value("gleaner/captures/unanswered")
            self._stats.inc_value("gleaner/recover/waiting")
            if unanswered.is_limited:
                self._stats.inc_value("gleaner/recover/rate_limited")
        if self._spider.leases.holds(key):
            await self._spider.leases.release(key)

    async def _outcome(self, ended: asyncio.Future[str | None]) -> str | None:
        """Return what became of a record; None if it could not be archived. Raises Stopping if the crawl ends first."""
        while not ended.done():
            await asyncio.wait([ended], timeout=_POLL_SECONDS)
            if not ended.done() and is_closing(self._spider.crawler) and not count_items(self._spider.crawler):
                raise Stopping("the crawl is ending")
        return ended.result()

    def archived(self, article: Article, outcome: Outcome) -> None:
        self._end(article, UNCHANGED if isinstance(outcome, Unchanged) else ARCHIVED)

    def dropped(self, item: Any) -> None:
        self._end(item, DROPPED)

    def failed(self, item: Any) -> None:
        self._end(item, None)

    def _end(self, item: Any, outcome: str | None) -> None:
        ended = self._ended.pop(getattr(item, "key", ""), None)
        if ended is not None and not ended.done():
            ended.set_result(outcome)
