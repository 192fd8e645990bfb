"""Leases: which targets this crawl holds, and when each lease ends. Only this module decides that.

Scheduler, spiders and the archive pipeline speak to :class:`Leases`. They need not know whether the frontier is that of
the corpus (:class:`LocalLeases`) or one that machines share in Redis (:class:`SharedLeases`). The order for a record:

1. The archivist makes its line durable and its target ``fetched`` in the corpus (:mod:`crawler.archive.writer`).
2. A shared frontier receives what the record lists; then, in the last call, that its target is fetched.
3. The lease ends: its key is no longer ``held``.
4. The scheduler is notified that listed targets wait.

A lease that ends without a line (a failure, an unchanged page, a dropped record) ends in the same order: in the corpus,
in Redis, here. So if the process is killed at any moment, each target is archived or will be leased again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self, TypeVar, cast

from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.archive import Added, Corpus, Duplicate, Outcome, Target
from crawler.exceptions import CorpusError
from crawler.extensions.archivist import Archivist
from crawler.extensions.sharing import Sharing
from crawler.frontier.shared.entries import Ended, Entry, entry_of, fetched, messages_of
from crawler.frontier.targets import KnownTarget, Validators, target_id
from crawler.items import Article
from crawler.utils.components import needed
from crawler.utils.doors import is_closing

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from crawler.frontier.shared.redis import SharedFrontier

logger = logging.getLogger(__name__)

LEASE_SECONDS = 3600

_MAX_LEASED_AT_ONCE = 32
_MAX_SHARED_AHEAD = 2
"""Targets that a worker leases ahead of the network: a worker must leave enough for the others."""
_MIN_POLL_SECONDS, _MAX_POLL_SECONDS = 0.05, 0.5
_FIRST_TID = -(2**63)
_TARGETS_A_PART = 1_000


class WithTarget(Protocol):
    """What holds a leased target."""

    @property
    def target(self) -> Target: ...


T = TypeVar("T", bound=WithTarget)

EndState = Literal["gone", "failed", "dropped"]
"""How a lease ends without a line: gone from the site; to be tried again; its record dropped by a pipeline."""


class FrontierSpider(Protocol):
    """What leases and the scheduler need from a spider."""

    depth: int

    def lease(self, corpus: Corpus, limit: int, *, run: str, until: float) -> list[Target]:
        """Lease up to *limit* targets to *run* until the Unix time *until*; called in the archivist's thread."""

    def request(self, target: Target) -> Request | None:
        """Return the first request for *target*, with it as ``meta["target"]``; None if it has no URL."""


class Leased(NamedTuple):
    """Leased targets, and whether there may be more."""

    targets: list[Target]
    more: bool


class Leases(Protocol):
    """The targets that this crawl holds."""

    held: set[str]
    """Keys of the targets whose lease has not ended."""
    answered: int
    """How many articles the site answered in this run: archived or unchanged."""
    validators: dict[str, Validators]
    """By key, the validators of its response (ETag, Last-Modified), until its record is archived."""
    on_added: Callable[[Article], None]
    """Called with each record that became a line: targets that it lists wait in the frontier now."""
    on_archived: Callable[[Article, Outcome], None]
    """Called with each record that came to the archive, and its outcome, once that is durable."""
    on_wanted: Callable[[], None]
    """Called when targets that no record lists wait in the frontier."""

    def room(self, ahead: Callable[[], int]) -> int:
        """Return how many more targets may be leased now; *ahead* counts those that wait for the network."""

    async def lease(self, limit: int) -> Leased:
        """Lease up to *limit* targets of the kind that the spider wants."""

    async def take(self, limit: int, lease: Callable[[Corpus, int, str, float], list[T]]) -> list[T]:
        """Return up to *limit* leased targets: what *lease* returns for a corpus, a limit, a run and a time."""

    async def release(self, key: str) -> None:
        """End the lease of *key* in the state that it had before."""

    async def want(self, targets: Sequence[Target]) -> int:
        """Put *targets*, which no record lists, into the frontier, durably; return how many the corpus did not know."""

    async def archive(self, article: Article) -> Outcome:
        """Archive *article*, which ends the lease of its key; return the outcome, once it is durable."""

    async def unchanged(self, key: str) -> None:
        """End the lease of *key*: the site said that the article is unchanged."""

    async def end(self, key: str, state: EndState, reason: str) -> None:
        """End the lease of *key* without a line."""

    def holds(self, key: str) -> bool:
        """Return whether this crawl holds the lease of *key*, so that it can be ended."""

    async def seeded(self) -> None:
        """Note that all seeds are archived."""


class LocalLeases:
    """Leases from the corpus's own frontier.

    Over 15 methods: one for each way in which a target begins to wait, is leased, and ends.
    """

    is_shared = False

    def __init__(self, crawler: Crawler) -> None:
        self.held: set[str] = set()
        self.answered = 0
        self._promised = 0
        """How many targets may be among those that are being leased now."""
        self.on_added: Callable[[Article], None] = lambda _article: None
        self.on_archived: Callable[[Article, Outcome], None] = lambda _article, _outcome: None
        self.on_wanted: Callable[[], None] = lambda: None
        self.validators: dict[str, Validators] = {}
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if getattr(crawler.spider, "profile", None) is None or bool(crawler.settings["FRONTIER_URL"]) != cls.is_shared:
            raise NotConfigured
        leases = cls(crawler)
        crawler.signals.connect(leases.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(leases.spider_closed, signal=signals.spider_closed)
        return leases

    @cached_property
    def _archivist(self) -> Archivist:
        return needed(self._crawler, Archivist)

    async def spider_opened(self) -> None:
        """Release leases that ended runs left behind, and make targets pending that are to be retried."""
        retries_failed = getattr(self._crawler.spider, "retries_failed", True)
        retries_dropped = getattr(self._crawler.spider, "retries_dropped", False)

        def take_back(corpus: Corpus) -> dict[str, int]:
            return {
                "leases_released": corpus.frontier.release(now=0),
                "failed_retried": corpus.frontier.retry_failed() if retries_failed else 0,
                "dropped_retried": corpus.frontier.retry_dropped() if retries_dropped else 0,
            }

        for name, count in (await self._archivist.do(take_back)).items():
            self._crawler.stats.set_value(f"gleaner/{name}", count)

    async def spider_closed(self) -> None:
        """Release what is still leased, then close the archivist, as nothing more is written."""
        archivist = self._archivist
        try:
            counts = await self._leave()
            if archivist.error is None:
                if corpus_closing := getattr(self._crawler.spider, "corpus_closing", None):
                    await archivist.do(corpus_closing)
                await archivist.do(lambda corpus: corpus.frontier.release(now=0))
                counts = counts or await archivist.do(lambda corpus: corpus.frontier.counts())
                for state, count in counts.items():
                    self._crawler.stats.set_value(f"gleaner/targets/{state}", count)
        except CorpusError:
            logger.info("Leases could not be released; the next run takes them back")
        finally:
            await archivist.close()

    def room(self, ahead: Callable[[], int]) -> int:  # noqa: ARG002 - of Leases
        limit: int | None = getattr(self._crawler.spider, "max_articles", None)
        if limit is None:
            return _MAX_LEASED_AT_ONCE
        return min(_MAX_LEASED_AT_ONCE, limit - self.answered - len(self.held) - self._promised)

    async def lease(self, limit: int) -> Leased:
        self._promised += limit
        try:
            leased = await self._lease(limit, cast("FrontierSpider", self._crawler.spider))
        finally:
            self._promised -= limit
        self.held.update(target.key for target in leased.targets)
        self._crawler.stats.inc_value("gleaner/asked", len(leased.targets))
        return leased

    async def take(self, limit: int, lease: Callable[[Corpus, int, str, float], list[T]]) -> list[T]:
        archivist, until = self._archivist, _now() + LEASE_SECONDS
        self._promised += limit
        try:
            taken = await archivist.do(lambda corpus: lease(corpus, limit, archivist.run, until))
        finally:
            self._promised -= limit
        self.held.update(one.target.key for one in taken)
        self._crawler.stats.inc_value("gleaner/asked", len(taken))
        return taken

    async def release(self, key: str) -> None:
        await self._archivist.do(lambda corpus: corpus.frontier.end(key, state=None, reason=None))
        self.held.discard(key)

    async def _lease(self, limit: int, spider: FrontierSpider) -> Leased:
        archivist, until = self._archivist, _now() + LEASE_SECONDS
        targets = await archivist.do(lambda corpus: spider.lease(corpus, limit, run=archivist.run, until=until))
        return Leased(targets, len(targets) == limit)

    async def want(self, targets: Sequence[Target]) -> int:
        new = await self._archivist.do(lambda corpus: corpus.frontier.want(targets))
        await self._pass_on(targets)
        self.on_wanted()
        return new

    async def archive(self, article: Article) -> Outcome:
        outcome = await self._archivist.add(article, self.validators.pop(article.key, None))
        await self._pass_on(article)
        is_further = outcome.version > 1 and article.key not in self.held  # the first version ended the lease
        self.answered += article.kind == "article" and not is_further
        if article.kind != "seed":  # seeds have no lease
            self.held.discard(article.key)
        self.on_archived(article, outcome)
        if isinstance(outcome, Added | Duplicate):
            self.on_added(article)
        return outcome

    async def unchanged(self, key: str) -> None:
        now = _now()
        await self._archivist.do(lambda corpus: corpus.unchanged(key, now))
        self.held.discard(key)
        self.answered += 1
        self._crawler.stats.inc_value("gleaner/not_modified")

    async def end(self, key: str, state: EndState, reason: str) -> None:
        await self._archivist.do(partial(_end, key=key, state=state, reason=reason, now=_now()))
        await self._pass_on(Ended(key, state))
        self.validators.pop(key, None)
        self.held.discard(key)

    def holds(self, key: str) -> bool:
        return key in self.held and self._archivist.error is None

    async def seeded(self) -> None:
        """Do nothing: no other worker waits for seeds."""

    async def _pass_on(self, what: Article | Ended | Sequence[Target]) -> None:
        """Do nothing: the corpus's own frontier already knows what the corpus holds."""

    async def _leave(self) -> dict[str, int]:
        """Return the number of targets in each state, as the shared frontier counts them."""
        return {}


class SharedLeases(LocalLeases):
    """Leases from a frontier that machines share; it receives what becomes durable in this worker's corpus."""

    is_shared = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._something_passed_on = asyncio.Event()

    @cached_property
    def _sharing(self) -> Sharing:
        return needed(self._crawler, Sharing)

    async def spider_opened(self) -> None:
        """Join the other workers, and send what the corpus holds and the targets that its records list.

        Raises Scrapy's ``CloseSpider`` if the frontier is unavailable: the crawl then ends before it has started.
        """
        await super().spider_opened()
        await self._sharing.open(self._pass_all_on)

    async def _pass_all_on(self, frontier: SharedFrontier) -> None:
        do, last = self._archivist.do, _FIRST_TID
        while rows := await do(partial(_known_targets, after=last)):
            last = rows[-1].tid
            depths = {row.key: row.depth for row in rows if row.state == "fetched"}
            ended = [Ended(row.key, row.state, row.depth) for row in rows if row.state in {"gone", "dropped"}]
            listed = [entry_of(row.key, row.depth, row.title, row.pic) for row in rows if row.state == "pending"]
            lists = await do(partial(_lists, keys=await frontier.forgotten(list(depths)))) if depths else {}
            ended += [fetched(key, depth, lists.get(key, ())) for key, depth in depths.items()]
            await frontier.pass_on(ended, listed, known_before=True)

    def room(self, ahead: Callable[[], int]) -> int:
        """Return how far ahead of the network this worker may lease; Redis applies max_articles."""
        return max(0, _MAX_SHARED_AHEAD - ahead())

    async def _lease(self, limit: int, spider: FrontierSpider) -> Leased:
        """Lease from the targets of all workers, as soon as there are any; an empty result means no more will come."""
        poll = _MIN_POLL_SECONDS
        max_articles: int | None = getattr(spider, "max_articles", None)

        def claim(frontier: SharedFrontier) -> Awaitable[tuple[list[Target], bool]]:
            return frontier.claim(limit, max_depth=spider.depth, max_articles=max_articles)

        while not self._sharing.lost and not is_closing(self._crawler):
            self._something_passed_on.clear()
            targets, more = await self._sharing.ask(claim, (list[Target](), False))
            if targets or not more:
                return Leased(targets, bool(targets))
            try:
                await asyncio.wait_for(self._something_passed_on.wait(), poll)
            except TimeoutError:
                poll = min(2 * poll, _MAX_POLL_SECONDS)
        return Leased([], more=False)

    async def seeded(self) -> None:
        """Tell the frontier that this worker has no more seeds."""
        await self._sharing.ask(lambda frontier: frontier.seeded(), None)

    async def _pass_on(self, what: Article | Ended | Sequence[Target]) -> None:
        """Send to the frontier what is durable: the targets that a record lists, then how its own target ended."""
        ended: list[Ended] = []
        listed: list[Entry] = []
        if isinstance(what, Article):
            ended, listed = messages_of(what)
        elif isinstance(what, Ended):
            ended = [what]
        else:
            listed = [entry_of(one.key, one.depth, one.title, one.pic) for one in what]
        await self._sharing.ask(lambda frontier: frontier.pass_on(ended, listed), None)
        self._something_passed_on.set()

    async def _leave(self) -> dict[str, int]:
        return await self._sharing.close()


def _end(corpus: Corpus, key: str, state: EndState, reason: str, now: float) -> None:
    """End the lease of *key* in the frontier of *corpus*, and note when it is due again."""
    if state == "dropped":  # only -a dropped=retry requests it again
        corpus.frontier.drop(key, reason)
    else:
        corpus.frontier.end(key, state=state, reason=reason)
    if state != "gone":
        corpus.catalogue.visits.record(target_id(key), "failed" if state == "failed" else "unchanged", now)


def _known_targets(corpus: Corpus, after: int) -> list[KnownTarget]:
    return corpus.frontier.known(after, _TARGETS_A_PART)


def _lists(corpus: Corpus, keys: Iterable[str]) -> dict[str, set[str]]:
    return {key: {one.rpartition("/")[2] for one in corpus.depths.listed_by(key)} for key in keys}


def _now() -> float:
    return datetime.now(UTC).timestamp()
