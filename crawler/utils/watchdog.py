"""The last resort of a crawl whose corpus failed: ends the process, even if something still waits."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from crawler.runs.exitcodes import exit_code
from crawler.utils.conf import number
from crawler.utils.engine import corpus_failed

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)


def end_seconds(settings: BaseSettings) -> float:
    """Return END_SECONDS, how long a crawl may take to end; raise ``ConfigError`` if it is none."""
    return number(settings, "END_SECONDS", "a number of seconds above 0", minimum=0.001)


class Watchdog:
    """Ends this process by *exit_now*, END_SECONDS after the corpus of *crawler* failed, if it has not ended by then.

    What waits may be a request, a page that is read, a server, a pipeline of the user's own, or a thread that the
    interpreter waits for at its end: a thread that nobody waits for sees to it. The next run mends the corpus, as after
    a kill.
    """

    def __init__(self, crawler: Crawler, exit_now: Callable[[int], None] = os._exit) -> None:
        self._crawler = crawler
        self._exit_now = exit_now
        crawler.signals.connect(self.begin, signal=corpus_failed)

    def begin(self) -> None:
        """Begin to wait; in the crawl's event loop."""
        self._loop = asyncio.get_running_loop()
        self._seconds = end_seconds(self._crawler.settings)
        timer = threading.Timer(self._seconds, self._end)
        timer.daemon = True
        timer.start()

    def _end(self) -> None:
        try:
            self._log_what_waits()
        finally:  # standard output may be a file on the disk that is full
            self._exit_now(exit_code(self._crawler.stats.get_stats()))

    def _log_what_waits(self) -> None:
        waiting = {getattr(task.get_coro(), "__qualname__", "a task") for task in asyncio.all_tasks(self._loop)}
        waiting |= {f"thread {thread.name}" for thread in threading.enumerate() if not thread.daemon}
        words = ", ".join(sorted(waiting - {"thread MainThread"})) or "nothing that has a name"
        message = "The crawl has not ended %g s after that, so it is ended by force; it waits for: %s"
        logger.error(message, self._seconds, words)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
