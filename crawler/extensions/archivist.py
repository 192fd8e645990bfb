"""The archivist: the one thread that writes to the corpus, with asyncio in front of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, TypeVar

from scrapy import signals

from crawler.archive import Added, Corpus, Duplicate, Outcome, Target
from crawler.archive.near import near_threshold
from crawler.archive.sealing import Compression, compression_named
from crawler.exceptions import CorpusError, DiskFull
from crawler.extensions.sharing import Sharing
from crawler.frontier.targets import Validators, target_id
from crawler.items import Article
from crawler.runs.record import new_run
from crawler.utils.components import needed_profile
from crawler.utils.conf import bytes_of
from crawler.utils.engine import Stopping, corpus_failed

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_TOLD_LINES = 50_000

T = TypeVar("T")
Operation = Callable[[Corpus], Any]

LEASE_SECONDS = 3600
SEAL_SECONDS = 5.0
"""After that a crawl that ends begins to seal no further segment: a person may be waiting for it to end."""


class Leasing(Protocol):
    """Leases targets of a corpus; called in the archivist's thread."""

    def __call__(self, corpus: Corpus, limit: int, *, run: str, until: float) -> list[Target]:
        """Return up to *limit* targets, leased to *run* until the Unix time *until*."""


class _Waiting(NamedTuple):
    operation: Operation
    future: asyncio.Future[Any]
    article: Article | None


class Archivist:
    """Does to the corpus what spiders, pipelines and scheduler ask for, many things in one durable group.

    While one group is synced the next is gathered, so the busier the crawl the fewer the syncs for each line.
    An error of the disk or the catalogue ends the crawl: see ``error``, and ``crawler.runs.exitcodes``.
    """

    def __init__(self, corpus: Corpus, run: str, crawler: Crawler, compression: Compression | None = None) -> None:
        self.corpus = corpus
        self.compression = compression
        self.run = run
        self.error: CorpusError | None = None
        self.sharing: Sharing | None = None
        """If machines share a frontier: targets are leased from there, and what becomes durable is told to it."""
        self.leases: set[str] = set()
        self.articles_answered = 0
        self._validators: dict[str, Validators] = {}
        self.on_added: Callable[[Article], None] | None = None
        """Called with each record that became a line: targets that it lists wait in the frontier now."""
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archivist")
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        profile = needed_profile(crawler)
        settings = crawler.settings
        sharing = Sharing.from_crawler(crawler, profile.name)
        compression = compression_named(settings["ARCHIVE_COMPRESSION"])
        threshold = near_threshold(settings["NEAR_DUPLICATE_THRESHOLD"])
        segment_bytes = bytes_of(settings, "ARCHIVE_SEGMENT_MB")
        corpus = Corpus(Path(settings["CORPUS_DIR"]), profile.name, segment_bytes=segment_bytes)
        archivist = cls(corpus, new_run(), crawler, compression)
        archivist.sharing = sharing
        for message in (*corpus.repairs.messages(), *corpus.mended.messages()):
            logger.warning("Corpus %s: %s", corpus.root, message)
        if threshold is not None and (read := corpus.find_near_duplicates(threshold, partial(_tell, corpus.root))):
            logger.info("Corpus %s: %d archived lines were taken into the index of near duplicates", corpus.root, read)
        if corpus_opened := getattr(crawler.spider, "corpus_opened", None):
            corpus_opened(corpus)
            crawler.stats.set_value("gleaner/depth", getattr(crawler.spider, "depth", 0))
        with corpus.group():
            released = corpus.frontier.release(now=0)
            retried = corpus.frontier.retry_failed() if getattr(crawler.spider, "retries_failed", True) else 0
            again = corpus.frontier.retry_dropped() if getattr(crawler.spider, "retries_dropped", False) else 0
        crawler.stats.set_value("gleaner/run", archivist.run)
        crawler.stats.set_value("gleaner/leases_released", released)
        crawler.stats.set_value("gleaner/failed_retried", retried)
        crawler.stats.set_value("gleaner/dropped_retried", again)
        crawler.signals.connect(archivist.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(archivist.spider_closed, signal=signals.spider_closed)
        return archivist

    async def spider_opened(self) -> None:
        """Join those who share a frontier."""
        self._loop = asyncio.get_running_loop()
        if self.sharing:
            await self.sharing.open(self.do)

    async def seeded(self) -> None:
        """Note that all seeds are archived."""
        if self.sharing:
            await self.sharing.seeded()

    async def do(self, operation: Callable[[Corpus], T], article: Article | None = None) -> T:
        """Return what *operation* returns, once the group it was done in is durable. *article*: what it adds, if so.

        Raises what it raises, ``CorpusError`` if the corpus cannot be written, and ``Stopping`` once it is closed.
        """
        if self.error:
            raise copy(self.error)  # one that is raised again and again would gather the tracebacks of all
        if self._closed:
            raise Stopping("the corpus of this crawl is closed")
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(_Waiting(operation, future, article))
        self._wake()
        return await future

    async def add(self, article: Article) -> Outcome:
        """Archive *article*, which ends the lease of its key; return what became of it, once that is durable."""
        validators = self._validators.pop(article.key, None)
        outcome = await self.do(lambda corpus: corpus.add(article, validators), article)
        if self.sharing:
            await self.sharing.archived(article)
        if article.kind != "seed":
            self.leases.discard(article.key)
        self.articles_answered += article.kind == "article"
        if isinstance(outcome, Added | Duplicate) and self.on_added:
            self.on_added(article)
        return outcome

    def keep_validators(self, key: str, validators: Validators) -> None:
        """Keep what the response for *key* gave to ask conditionally with, until its record is added."""
        self._validators[key] = validators

    async def unchanged(self, key: str) -> None:
        """Note that the site said that *key* is as the corpus holds it, which ends its lease."""
        now = datetime.now(UTC).timestamp()
        await self.do(lambda corpus: corpus.unchanged(key, now))
        self.leases.discard(key)
        self.articles_answered += 1
        self._crawler.stats.inc_value("gleaner/not_modified")

    async def lease(self, limit: int, choose: Leasing, *, max_depth: int) -> list[Target]:
        """Lease to this run up to *limit* of the targets that *choose* takes from the corpus's frontier.

        Of a shared one, those up to *max_depth*, as soon as there are any; none means that there will be none.
        """
        if self.sharing:
            targets = await self.sharing.lease(limit, max_depth=max_depth)
        else:
            until = datetime.now(UTC).timestamp() + LEASE_SECONDS
            targets = await self.do(lambda corpus: choose(corpus, limit, run=self.run, until=until))
        self.leases.update(target.key for target in targets)
        self._crawler.stats.inc_value("gleaner/asked", len(targets))
        return targets

    async def end(self, key: str, state: str, reason: str) -> None:
        """End the lease of *key* without a line."""
        await self._end(key, state, lambda corpus: corpus.frontier.end(key, state=state, reason=reason))

    async def postpone(self, key: str, reason: str) -> None:
        """End the lease of *key* without a line: it failed, and is due again like all that failed."""
        now = datetime.now(UTC).timestamp()

        def failed(corpus: Corpus) -> None:
            corpus.frontier.end(key, state="failed", reason=reason)
            corpus.catalogue.visits.record(target_id(key), "failed", now)

        await self._end(key, "failed", failed)

    async def drop(self, key: str, reason: str) -> None:
        """End the lease of *key* without a line: a pipeline dropped its record. No run requests it by itself."""
        now = datetime.now(UTC).timestamp()

        def dropped(corpus: Corpus) -> None:
            corpus.frontier.drop(key, reason)
            corpus.catalogue.visits.record(target_id(key), "unchanged", now)

        await self._end(key, "dropped", dropped)

    async def _end(self, key: str, state: str, operation: Operation) -> None:
        await self.do(operation)
        if self.sharing:
            await self.sharing.end(key, state)
        self._validators.pop(key, None)
        self.leases.discard(key)

    def _wake(self) -> None:
        if not self._busy and not self._closed:
            self._busy = True
            asyncio.ensure_future(self._work())  # noqa: RUF006 - _busy is its handle

    async def _work(self) -> None:
        """Do what waits, group by group, each gathered while the one before is synced; if nothing waits, commit."""
        while not self._closed:
            batch, self._waiting = self._waiting, []
            results, durable = await self._loop.run_in_executor(self._thread, self._group, batch)
            durable.add_done_callback(partial(self._acknowledge_soon, batch, results))
            if not self._waiting:
                break
        self._busy = False

    def _acknowledge_soon(self, batch: list[_Waiting], results: list[Any], durable: Future[None]) -> None:
        raised = durable.exception()
        error = None if raised is None else self._as_ours(raised)
        self._loop.call_soon_threadsafe(self._acknowledge, batch, results, error)

    def _acknowledge(self, batch: list[_Waiting], results: list[Any], error: CorpusError | None) -> None:
        """Tell those who wait for *batch* what came of it."""
        if error:
            error.is_logged = True  # by fail(), which comes last: whatever happens in it, nobody waits for ever
        for one, result in zip(batch, results, strict=True):
            if one.future.done():
                continue
            if error or isinstance(result, Exception):
                one.future.set_exception(copy(error) if error else result)
            else:
                one.future.set_result(result)
        if error:
            self.fail(error)
        elif self.corpus.catalogue.uncommitted:
            self._wake()  # if nothing waits by then, what is durable is committed too, for those who read beside it

    def _group(self, batch: list[_Waiting]) -> tuple[list[Any], Future[None]]:
        """Do what waits in *batch* in one group, in the archivist's thread.

        Returns the results or errors, in order, and the future that is done once they are durable.
        """
        results: list[Any] = []
        try:
            with self.corpus.group(wait=not batch):
                with suppress(TypeError, ValueError):  # as below: then each is looked up by itself
                    self.corpus.look_up([one.article for one in batch if one.article])
                for one in batch:
                    try:
                        results.append(one.operation(self.corpus))
                    except (TypeError, ValueError) as error:  # a record that JSON cannot hold: nothing was written
                        results.append(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            failed: Future[None] = Future()
            failed.set_exception(self._as_ours(error))
            return [None] * len(batch), failed
        return results, self.corpus.durable

    def _as_ours(self, error: BaseException) -> CorpusError:
        return error if isinstance(error, CorpusError) else CorpusError(str(self.corpus.root), repr(error))

    def fail(self, error: CorpusError) -> None:
        """End the crawl because the corpus cannot be written. May be called from any thread."""
        if self.error is None:
            self.error = error
            logger.critical("%s", error)
            reason = "disk_full" if isinstance(error, DiskFull) else "corpus_error"
            self._crawler.stats.set_value("gleaner/corpus_failed", reason)  # a crawl that ends has its reason by now
            self._loop.call_soon_threadsafe(self._crawler.signals.send_catch_log, corpus_failed)
        error.is_logged = True

    async def spider_closed(self) -> None:
        """Give back what is still leased, and close the corpus."""
        shared = await self.sharing.close() if self.sharing else {}
        if self.error is None:
            try:
                await self.do(lambda corpus: corpus.frontier.release(now=0))
                counts = shared or await self.do(lambda corpus: corpus.frontier.counts())
                for state, count in counts.items():
                    self._crawler.stats.set_value(f"gleaner/targets/{state}", count)
            except CorpusError:
                logger.info("Leases could not be given back; the next run takes them back")
        self._closed = True
        for one in self._waiting:
            if not one.future.done():
                one.future.set_exception(Stopping("the corpus of this crawl is closed"))
        self._waiting = []
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        """Seal the segments that this run closed, as far as time allows, and close the corpus; in its thread."""
        if self.error is None:
            try:
                seals = self.corpus.seal(self.compression, within=SEAL_SECONDS)
            except CorpusError as error:  # what is archived is safe without
                logger.warning("Closed segments could not be sealed, the next run tries again: %s", error)
            else:
                self._crawler.stats.set_value("gleaner/segments_sealed", len(seals))
        try:
            self.corpus.close()
        except CorpusError as error:
            self.fail(error)


def sharing_of(crawler: Crawler) -> Sharing | None:
    """Return the dealings of *crawler* with those who share its frontier, None if nobody does."""
    archivist = crawler.get_extension(Archivist) if crawler.extensions else None
    return archivist.sharing if archivist else None


def _tell(root: Path, read: int) -> None:
    """Say now and then that a crawl of an old corpus begins with making its index of near duplicates."""
    if read % _TOLD_LINES == 0:
        logger.info("Corpus %s: %d archived lines are in the index of near duplicates so far", root, read)
