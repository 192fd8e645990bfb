"""Progress for people: a live line on a terminal, a log line at intervals elsewhere."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text
from scrapy import signals

from crawler.exceptions import CorpusError
from crawler.extensions.archivist import Archivist
from crawler.extensions.leases import LocalLeases
from crawler.runs.summary import progress_line

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_LIVE_SECONDS, _LOG_SECONDS = 1.0, 10.0
_MAX_COUNTED_TARGETS = 100_000


class Progress:
    """Shows archived, waiting, duplicates, stubs, failures, rate and time left while a crawl runs."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._live: Live | None = None
        self._handlers: list[tuple[logging.StreamHandler[Any], Any]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        progress = cls(crawler)
        crawler.signals.connect(progress.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(progress.spider_closed, signal=signals.spider_closed)
        return progress

    def spider_opened(self) -> None:
        self._started = time.monotonic()
        if sys.stderr.isatty() and self._crawler.settings.getbool("LOG_ENABLED"):
            self._go_live()
        self._task = asyncio.ensure_future(self._show_often())

    def spider_closed(self) -> None:
        self._task.cancel()
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()
            for handler, stream in self._handlers:
                handler.setStream(stream)

    def _go_live(self) -> None:
        """Start the live line; log lines go above it, through the console that draws it."""
        console = Console(stderr=True)
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()
        for handler in logging.root.handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
                self._handlers.append((handler, handler.stream))
                handler.setStream(_AboveTheLine(console))

    async def _show_often(self) -> None:
        with suppress(
            CorpusError, OSError
        ):  # the archivist reports a catalogue error and ends the crawl; the terminal may be closed
            while True:
                await asyncio.sleep(_LIVE_SECONDS if self._live else _LOG_SECONDS)
                line = await self._line()
                if self._live is not None:
                    self._live.update(Text(line, overflow="ellipsis", no_wrap=True), refresh=True)
                else:
                    logger.info("%s", line)

    async def _line(self) -> str:
        archivist = self._crawler.get_extension(Archivist)
        depth = getattr(self._crawler.spider, "depth", 0)
        waiting = 0
        leases = self._crawler.get_extension(LocalLeases)
        if archivist is not None and leases is not None:
            waiting = await archivist.do(
                lambda corpus: corpus.frontier.pending(max_depth=depth, at_most=_MAX_COUNTED_TARGETS)
            )
            waiting += len(leases.held)
        stats = self._crawler.stats.get_stats()
        seconds = time.monotonic() - self._started
        done = stats.get("gleaner/archived/article", 0) + stats.get("gleaner/archived/stub", 0)
        seconds_left = waiting * seconds / done if done and waiting < _MAX_COUNTED_TARGETS else None
        shown = f"{_MAX_COUNTED_TARGETS}+" if waiting >= _MAX_COUNTED_TARGETS else str(waiting)
        return progress_line(stats, waiting=shown, seconds=seconds, seconds_left=seconds_left)


class _AboveTheLine:
    """A stream for log lines; the console prints them unchanged above its live line."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> None:
        self._console.print(text, end="", soft_wrap=True, markup=False, highlight=False)

    def flush(self) -> None:
        self._console.file.flush()
