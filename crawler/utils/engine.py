"""The end of a crawl, for what waits in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from crawler.exceptions import CorpusError, GleanerError
from crawler.utils.doors import end_scraper_if_idle, is_closing, wake

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25

corpus_failed = object()
"""The signal that the corpus cannot be written: the crawl is to end at once, as nothing that comes in can be kept."""


class Stopping(GleanerError):
    """The crawl is ending; what waits for a host or an archive is left for the next run."""

    is_logged = True


async def pause(crawler: Crawler, seconds: float) -> None:
    """Wait for *seconds*, or less: a quarter of one at most. Raise :class:`Stopping` if *crawler* has begun to end."""
    if is_closing(crawler):
        raise Stopping("the crawl is ending")
    await asyncio.sleep(min(seconds, POLL_SECONDS))


async def let_scraper_end(crawler: Crawler) -> None:
    """Watch, for as long as *crawler* runs, that its scraper ends once it is closing and has nothing to do."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        end_scraper_if_idle(crawler)


class Tasks(set[asyncio.Task[None]]):
    """What a component does beside the engine, which looks for the end of the crawl when it is done.

    An error of it, which nobody would hear of, ends the crawl.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__()  # the tasks that are not done: the loop itself holds none alive
        self._crawler = crawler

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do *work* in a task."""
        task = asyncio.ensure_future(self._end_on_error(work))
        self.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.discard(task)
        wake(self._crawler)

    async def _end_on_error(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CorpusError:
            pass  # the archivist is closing the spider
        except Exception:
            logger.critical("The frontier cannot be read", exc_info=True)
            if not is_closing(self._crawler):
                await self._crawler.engine.close_spider_async(reason="scheduler_error")
