"""Scrapy's process for a crawl: one signal ends it gently, a second one by force, at any moment."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess

from crawler.exceptions import GleanerError
from crawler.processes import interrupts

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.settings import Settings


WITHOUT_CORPUS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "EXTENSIONS": {"scrapy.extensions.logstats.LogStats": None},
        "SCHEDULER": "scrapy.core.scheduler.Scheduler",
        "ITEM_PIPELINES": {},
        "ARCHIVE_WARC": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
    }
)
"""Settings of a crawl that archives nothing: no frontier, no pipelines, and none of our extensions."""


class GentleProcess(AsyncCrawlerProcess):
    """Knows how it was ended: ``stopped`` by a signal, ``forced`` by a second one.

    Until the spider opens nothing is fetched or written but what the next crawl writes anyway: a signal then ends the
    process at once. SIGHUP ends a crawl as SIGINT does, but never by force: a terminal that closes sends it twice.
    """

    stopped = forced = False
    _opened = False

    def create_crawler(self, crawler_or_spidercls: Any) -> Crawler:
        crawler = super().create_crawler(crawler_or_spidercls)
        crawler.signals.connect(self._spider_opened, signal=signals.spider_opened)
        return crawler

    def _spider_opened(self) -> None:
        self._opened = True

    async def stop(self) -> None:
        """Stop the crawls; one that is still being opened, once it is open, so that it is closed in order."""
        while not self.forced and any(_between(crawler) for crawler in self.crawlers):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
        await super().stop()

    def _setup_reactor(self, install_signal_handlers: bool) -> None:
        super()._setup_reactor(install_signal_handlers)
        if install_signal_handlers:
            interrupts.install(self._hang_up, (signal.SIGHUP,))

    def _hang_up(self, number: int, frame: FrameType | None) -> None:
        interrupts.release_terminal()
        if not self.stopped:
            self._signal_shutdown(number, frame)

    def _signal_shutdown(self, signum: int, frame: Any) -> None:
        if not self._opened:
            interrupts.leave(signum)
        self.stopped = True
        super()._signal_shutdown(signum, frame)

    def _signal_kill(self, signum: int, frame: Any) -> None:
        self.forced = True
        super()._signal_kill(signum, frame)


def run_to_end(spider: type[Spider], settings: Settings, changes: Mapping[str, Any], **arguments: Any) -> GentleProcess:
    """Run a crawl of *spider* with these *changes* of *settings* to its end, and return its process.

    Raises GleanerError if it could not be run.
    """
    settings.setdict(changes, priority="cmdline")
    process = GentleProcess(settings)
    task = process.crawl(process.create_crawler(spider), **arguments)
    process.start()
    raise_failure(task.exception() if task.done() and not task.cancelled() else None)
    return process


def raise_failure(error: BaseException | None) -> None:
    """Raise *error*, which ended a crawl, as a GleanerError; do nothing if there is none."""
    if error is not None:
        raise error if isinstance(error, GleanerError) else GleanerError(f"the crawl failed: {error!r}") from error


def _between(crawler: Crawler) -> bool:
    """Return whether *crawler* neither runs nor has ended: it is being opened, or its run is being recorded."""
    return bool(crawler.crawling) and not crawler.engine.running
