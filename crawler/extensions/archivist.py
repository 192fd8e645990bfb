"""The archivist: the one thread that writes to the corpus, with asyncio in front of it.

It knows neither leases nor frontiers: :mod:`crawler.extensions.leases` informs them, and closes the archivist.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from scrapy import signals

from crawler.archive import Corpus, Outcome
from crawler.archive.near import near_threshold
from crawler.archive.sealing import Compression, compression_named
from crawler.exceptions import CorpusError, DiskFull
from crawler.frontier.targets import Validators
from crawler.items import Article
from crawler.runs.record import new_run
from crawler.utils.components import needed_profile
from crawler.utils.conf import bytes_of
from crawler.utils.engine import Stopping, corpus_failed

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_LINES_PER_MESSAGE = 50_000

T = TypeVar("T")
Operation = Callable[[Corpus], Any]

SEAL_SECONDS = 5.0
"""Seconds after which an ending crawl starts to seal no further segment: a person may be waiting for its end."""


class _Waiting(NamedTuple):
    operation: Operation
    future: asyncio.Future[Any]
    article: Article | None


class Archivist:
    """Runs operations on the corpus, many in one durable group. It writes, and decides nothing.

    While one group is synced, the next is collected, so a busier crawl needs fewer syncs for each line.
    A disk or catalogue error ends the crawl: see ``error``, and ``crawler.runs.exitcodes``.
    """

    def __init__(self, corpus: Corpus, run: str, crawler: Crawler, compression: Compression | None = None) -> None:
        self.corpus = corpus
        self.compression = compression
        self.run = run
        self.error: CorpusError | None = None
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archivist")
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        profile = needed_profile(crawler)
        settings = crawler.settings
        compression = compression_named(settings["ARCHIVE_COMPRESSION"])
        threshold = near_threshold(settings["NEAR_DUPLICATE_THRESHOLD"])
        segment_bytes = bytes_of(settings, "ARCHIVE_SEGMENT_MB")
        corpus = Corpus(Path(settings["CORPUS_DIR"]), profile.name, segment_bytes=segment_bytes)
        archivist = cls(corpus, new_run(), crawler, compression)
        for message in (*corpus.repairs.messages(), *corpus.mended.messages()):
            logger.warning("Corpus %s: %s", corpus.root, message)
        if threshold is not None and (
            read := corpus.find_near_duplicates(threshold, partial(_log_progress, corpus.root))
        ):
            logger.info("Corpus %s: %d archived lines were taken into the index of near duplicates", corpus.root, read)
        if corpus_opened := getattr(crawler.spider, "corpus_opened", None):
            corpus_opened(corpus)
            crawler.stats.set_value("gleaner/depth", getattr(crawler.spider, "depth", 0))
        crawler.stats.set_value("gleaner/run", archivist.run)
        crawler.signals.connect(archivist.spider_opened, signal=signals.spider_opened)
        return archivist

    async def spider_opened(self) -> None:
        """Note the event loop of the crawl: threads may report errors from now on."""
        self._loop = asyncio.get_running_loop()

    async def do(self, operation: Callable[[Corpus], T], article: Article | None = None) -> T:
        """Return what *operation* returns, once its group is durable; *article* is the article that it adds, if any.

        Raises any error of *operation*, ``CorpusError`` if the corpus cannot be written, and ``Stopping`` once it is
        closed.
        """
        if self.error:
            raise copy(self.error)  # raising one error object many times would collect the tracebacks of all raises
        if self._closed:
            raise Stopping("the corpus of this crawl is closed")
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(_Waiting(operation, future, article))
        self._wake()
        return await future

    async def add(self, article: Article, validators: Validators | None = None) -> Outcome:
        """Archive *article*; return the outcome, once it is durable.

        *validators* are the ETag and Last-Modified of its response, for the next conditional request.
        """
        return await self.do(lambda corpus: corpus.add(article, validators), article)

    def _wake(self) -> None:
        if not self._busy and not self._closed:
            self._busy = True
            asyncio.ensure_future(self._work())  # noqa: RUF006 - _busy is its handle

    async def _work(self) -> None:
        """Run waiting operations in groups; collect one while the one before is synced; if none waits, commit."""
        while not self._closed:
            batch, self._waiting = self._waiting, []
            results, durable = await self._loop.run_in_executor(self._thread, self._group, batch)
            durable.add_done_callback(partial(self._acknowledge_soon, batch, results))
            if not self._waiting:
                break
        self._busy = False

    def _acknowledge_soon(self, batch: list[_Waiting], results: list[Any], durable: Future[None]) -> None:
        raised = durable.exception()
        error = None if raised is None else self._corpus_error(raised)
        self._loop.call_soon_threadsafe(self._acknowledge, batch, results, error)

    def _acknowledge(self, batch: list[_Waiting], results: list[Any], error: CorpusError | None) -> None:
        """Give each waiter in *batch* its result or error."""
        if error:
            error.is_logged = True  # fail() below logs it, after all waiters have their answer
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
            self._wake()  # if nothing waits, commit what is durable, so that concurrent readers of the catalogue see it

    def _group(self, batch: list[_Waiting]) -> tuple[list[Any], Future[None]]:
        """Run the operations in *batch* as one group, in the archivist's thread.

        Returns the results or errors, in order, and the future that is done once they are durable.
        """
        results: list[Any] = []
        try:
            with self.corpus.group(wait=not batch):
                with suppress(TypeError, ValueError):  # handled below: then each article is looked up by itself
                    self.corpus.look_up([one.article for one in batch if one.article])
                for one in batch:
                    try:
                        results.append(one.operation(self.corpus))
                    except (TypeError, ValueError) as error:  # a record that JSON cannot hold: nothing was written
                        results.append(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            failed: Future[None] = Future()
            failed.set_exception(self._corpus_error(error))
            return [None] * len(batch), failed
        return results, self.corpus.durable

    def _corpus_error(self, error: BaseException) -> CorpusError:
        return error if isinstance(error, CorpusError) else CorpusError(str(self.corpus.root), repr(error))

    def fail(self, error: CorpusError) -> None:
        """End the crawl because the corpus cannot be written. May be called from any thread."""
        if self.error is None:
            self.error = error
            logger.critical("%s", error)
            reason = "disk_full" if isinstance(error, DiskFull) else "corpus_error"
            self._crawler.stats.set_value("gleaner/corpus_failed", reason)  # an ending crawl already has its reason
            self._loop.call_soon_threadsafe(self._crawler.signals.send_catch_log, corpus_failed)
        error.is_logged = True

    async def close(self) -> None:
        """Close the corpus. Waiting operations raise ``Stopping``."""
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
            except CorpusError as error:  # archived lines are safe without sealing
                logger.warning("Closed segments could not be sealed, the next run tries again: %s", error)
            else:
                self._crawler.stats.set_value("gleaner/segments_sealed", len(seals))
        try:
            self.corpus.close()
        except CorpusError as error:
            self.fail(error)


def _log_progress(root: Path, read: int) -> None:
    """Log at intervals that a crawl of an old corpus first builds its index of near duplicates."""
    if read % _LINES_PER_MESSAGE == 0:
        logger.info("Corpus %s: %d archived lines are in the index of near duplicates so far", root, read)
