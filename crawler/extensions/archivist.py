"""The archivist: the one thread that writes to the corpus, with asyncio in front of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.archive import Added, Corpus, Duplicate, Outcome, Target
from crawler.exceptions import ConfigError, CorpusError, DiskFull
from crawler.items import Article

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

T = TypeVar("T")
Operation = Callable[[Corpus], Any]

LEASE_SECONDS = 3600


class _Waiting(NamedTuple):
    operation: Operation
    future: asyncio.Future[Any]


class Archivist:
    """Does to the corpus what spiders, pipelines and scheduler ask for, many things in one durable group.

    While one group is being synced the next gathers, so the busier the crawl the fewer the syncs per line.
    An error of the disk or the catalogue ends the crawl: see ``error``, and ``crawler.exitcodes``.
    """

    def __init__(self, corpus: Corpus, run: str, crawler: Crawler) -> None:
        self.corpus = corpus
        self.run = run
        self.error: CorpusError | None = None
        self.leases: set[str] = set()
        self.articles_added = 0
        self.on_added: Callable[[Article], None] | None = None
        """Called with each record that became a line: targets that it lists wait in the frontier now."""
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archivist")
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        profile = getattr(crawler.spider, "profile", None)
        if profile is None:
            raise NotConfigured("the spider has no site profile, so there is no corpus to open")
        settings = crawler.settings
        if settings["FRONTIER_URL"]:
            raise ConfigError("FRONTIER_URL: this version keeps the frontier in the catalogue only; leave it unset")
        segment_bytes = int(settings.getfloat("ARCHIVE_SEGMENT_MB") * 1024 * 1024)
        corpus = Corpus(Path(settings["CORPUS_DIR"]), profile.name, segment_bytes=segment_bytes)
        archivist = cls(corpus, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{token_hex(2)}", crawler)
        for message in corpus.recovery.messages():
            logger.warning("Corpus %s: %s", corpus.root, message)
        with corpus.group():
            released = corpus.frontier.release(now=0)
            retried = corpus.frontier.retry_failed()
        crawler.stats.set_value("gleaner/run", archivist.run)
        crawler.stats.set_value("gleaner/leases_released", released)
        crawler.stats.set_value("gleaner/failed_retried", retried)
        crawler.signals.connect(archivist.spider_closed, signal=signals.spider_closed)
        return archivist

    async def do(self, operation: Callable[[Corpus], T]) -> T:
        """Return what *operation* returns, once the group it was done in is durable.

        Raises what it raises, and ``CorpusError`` if the corpus cannot be written.
        """
        if self.error:
            raise self.error
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(_Waiting(operation, future))
        if not self._busy:
            self._busy = True
            asyncio.ensure_future(self._work())  # noqa: RUF006 - _busy is its handle
        return await future

    async def add(self, article: Article) -> Outcome:
        """Archive *article*, which ends the lease of its key; return what became of it, once that is durable."""
        outcome = await self.do(lambda corpus: corpus.add(article))
        self.leases.discard(article.key)
        if isinstance(outcome, Added | Duplicate):
            self.articles_added += article.kind == "article"
            if self.on_added:
                self.on_added(article)
        return outcome

    async def lease(self, limit: int, max_depth: int) -> list[Target]:
        """Lease up to *limit* targets to this run."""
        until = datetime.now(UTC).timestamp() + LEASE_SECONDS
        targets = await self.do(
            lambda corpus: corpus.frontier.lease(limit, max_depth=max_depth, run=self.run, until=until)
        )
        self.leases.update(target.key for target in targets)
        return targets

    async def end(self, key: str, state: str, reason: str) -> None:
        """End the lease of *key* without a line."""
        await self.do(lambda corpus: corpus.frontier.end(key, state=state, reason=reason))
        self.leases.discard(key)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                results = await loop.run_in_executor(self._thread, self._group, [w.operation for w in batch])
                for (_, future), result in zip(batch, results, strict=True):
                    if future.done():
                        continue
                    if isinstance(result, Exception):
                        future.set_exception(result)
                    else:
                        future.set_result(result)
        finally:
            self._busy = False

    def _group(self, operations: list[Operation]) -> list[Any]:
        """Do *operations* in one group, in the archivist's thread; return their results or errors, in order."""
        results: list[Any] = []
        try:
            with self.corpus.group():
                for operation in operations:
                    try:
                        results.append(operation(self.corpus))
                    except (TypeError, ValueError) as error:  # a record that JSON cannot hold: nothing was written
                        results.append(error)
        except CorpusError as error:
            self.fail(error)
            return [error] * len(operations)
        return results

    def fail(self, error: CorpusError) -> None:
        """End the crawl because the corpus cannot be written. May be called from any thread."""
        if self.error is None:
            self.error = error
            logger.critical("%s", error)
            self._loop.call_soon_threadsafe(self._close_spider, error)

    def _close_spider(self, error: CorpusError) -> None:
        reason = "disk_full" if isinstance(error, DiskFull) else "corpus_error"
        self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))

    async def spider_closed(self) -> None:
        """Give back what is still leased, and close the corpus."""
        if self.error is None:
            try:
                await self.do(lambda corpus: corpus.frontier.release(now=0))
                counts = await self.do(lambda corpus: corpus.frontier.counts())
                for state, count in counts.items():
                    self._crawler.stats.set_value(f"gleaner/targets/{state}", count)
            except CorpusError:
                logger.exception("Leases could not be given back; the next run takes them back")
        await asyncio.get_running_loop().run_in_executor(self._thread, self.corpus.close)
        self._thread.shutdown()
