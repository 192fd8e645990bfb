"""``scrapy crawl``, as Scrapy has it, but with an exit code that tells the truth and a summary at the end."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from scrapy.commands import crawl
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import UsageError
from scrapy.utils.log import install_scrapy_root_handler

from crawler.exceptions import GleanerError
from crawler.exitcodes import INTERNAL, exit_code
from crawler.summary import print_summary
from crawler.text.terminal import safe

_BANNERS = ("scrapy.utils.log", "scrapy.addons", "scrapy.middleware", "asyncio")


class Command(crawl.Command):
    """Run a spider; exit with the code of :mod:`crawler.exitcodes`."""

    requires_crawler_process = False  # made in run(), so that its banner can be kept out of the way

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("give the name of one spider, such as neighbours")
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        self.settings.set("LOG_INSTALL_ROOT_HANDLER", False, priority="cmdline")  # until its banner is past
        self.crawler_process = AsyncCrawlerProcess(self.settings)
        install_scrapy_root_handler(self.settings)
        if self.settings["LOG_LEVEL"] != "DEBUG":
            for name in _BANNERS:
                logging.getLogger(name).setLevel(logging.WARNING)
            logging.getLogger("scrapy.crawler").addFilter(_signals_only)
        try:
            crawler = self._create_crawler(args[0])
        except KeyError:
            raise UsageError(f"there is no spider {args[0]!r}; see scrapy list", print_help=False) from None
        task = self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        error = task.exception() if task.done() and not task.cancelled() else None
        if isinstance(error, GleanerError):
            print(f"gleaner: {safe(str(error))}", file=sys.stderr)
            self.exitcode = error.exit_code
        elif error is not None:
            logging.getLogger(__name__).critical("The crawl could not be run", exc_info=error)
            self.exitcode = INTERNAL
        else:
            stats = crawler.stats.get_stats()
            self.exitcode = exit_code(stats)
            if "gleaner/run" in stats:
                print_summary(stats, Path(self.settings["CORPUS_DIR"]), self.exitcode)


def _signals_only(record: logging.LogRecord) -> bool:
    """Pass on, of what Scrapy's crawler tells, warnings and that a signal came; of the latter say what it means."""
    if record.msg.startswith("Received ") and "gracefully" in record.msg:
        record.msg = (
            "Received %(signame)s: finishing what is underway. Once more forces the end; "
            "the same command goes on where this one was, in either case"
        )
        return True
    return record.levelno >= logging.WARNING
