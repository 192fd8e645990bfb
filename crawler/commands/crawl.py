"""``scrapy crawl``: Scrapy's command, with a meaningful exit code and a summary at the end."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import crawl
from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.log import install_scrapy_root_handler

from crawler.cli.helptext import ScrapyParagraphs
from crawler.cli.verbs import drop_output, refuse_bad_dicts, take_any_text
from crawler.exceptions import ConfigError, GleanerError
from crawler.processes import interrupts
from crawler.runs.exitcodes import INTERNAL, MEANINGS, exit_code
from crawler.runs.summary import print_summary
from crawler.text.terminal import safe
from crawler.utils import log as safelog
from crawler.utils.process import GentleProcess
from crawler.utils.watchdog import Watchdog

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

_DESCRIPTION = """\
Spiders and their arguments
  neighbours                 archives seeds and their neighbouring articles
    -a seeds=PATH[,PATH...]  files, folders, globs, URLs, or - for standard input: dumps, and lists of articles (URLs or
                             ids, CSV, JSON lines, feeds, sitemaps); URLs of pages, feeds and sitemaps of the site
    -a depth=N               the number of steps from the seeds (default: 1; 0: only the seeds)
  revisit                    rechecks articles that are due, and requests what failed or was never fetched
    -a older_than=30d        everything that was last requested before that time (also 12h, 45m)
    -a depth=N               the greatest depth of new articles (default: the depth of the corpus)
  captures                   archives the articles of listed captures, from the web archives that the lists name
    -a captures=FILE[,FILE]  lists of captures: of scrapy captures list, CDX or CDXJ files, or - for standard input
    -a per_article=nearest   the capture of an article: nearest to its date; or first, last, or all, as versions
    -a source=NAME           the archive of lines that name none, such as those of CDX files
    -a depth=N               the number of steps from the listed articles (default: 1)
  all of them
    -a site=NAME|FILE.toml   the site profile (default: the corpus's own; alalam for a new corpus)
    -a dropped=retry         requests articles again that a pipeline of yours dropped
    -a max_articles=N        the greatest number of articles in this run
    -a plan=1                prints what the crawl would request, of whom and how long that takes; nothing is requested
                             or written (plan=json: as JSON)

The corpus is in -s CORPUS_DIR=corpus; each run writes runs/RUN/stats.json and report.html there. However the crawl is \
stopped, the same command resumes it.

Examples
  scrapy crawl neighbours -a seeds=my-dumps/ -a site=alalam
  scrapy crawl neighbours -a seeds=https://en.alalam.ir/sitemap.xml -a site=alalam
  scrapy crawl captures -a captures=captures.jsonl.gz -a site=alalam -a per_article=all
  scrapy crawl revisit -a site=alalam -s CORPUS_DIR=/srv/corpus"""
_EXIT_SECONDS = 10.0
_BANNERS = ("scrapy.utils.log", "scrapy.addons", "scrapy.middleware", "asyncio")


class Command(crawl.Command):
    """Run a spider; exit with the code of :mod:`crawler.runs.exitcodes`."""

    requires_crawler_process = False  # run() makes it, to hide its banner

    def short_desc(self) -> str:
        return "Rebuild or extend a corpus: spiders neighbours, captures and revisit"

    def long_desc(self) -> str:
        codes = "\n".join(f"  {code:>2}  {meaning}" for code, meaning in sorted(MEANINGS.items()))
        return f"{_DESCRIPTION}\n\nExit codes\n{codes}"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.formatter_class = ScrapyParagraphs

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_bad_dicts(opts)
        super().process_options(args, opts)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("give the name of one spider, such as neighbours")
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        try:
            self._check_settings(args[0])
        except ConfigError as mistake:
            print(f"gleaner: {safe(str(mistake))}", file=sys.stderr)
            self.exitcode = mistake.exit_code
            return
        safelog.install()
        take_any_text()
        if "plan" in opts.spargs:
            self._plan(args[0], opts.spargs)
            return
        self.settings.set("LOG_INSTALL_ROOT_HANDLER", False, priority="cmdline")  # until after its banner
        self.crawler_process = process = GentleProcess(self.settings)
        install_scrapy_root_handler(self.settings)
        if self.settings["LOG_LEVEL"] != "DEBUG":
            for name in _BANNERS:
                logging.getLogger(name).setLevel(logging.WARNING)
            logging.getLogger("scrapy.crawler").addFilter(_signals_only)
        crawler = self._create_crawler(args[0])
        self._watchdog = Watchdog(crawler)  # referenced here: a signal holds no reference to its receivers
        task = self.crawler_process.crawl(crawler, **opts.spargs)
        process.start()
        interrupts.ignore()
        interrupts.release_terminal()
        error = task.exception() if task.done() and not task.cancelled() else None
        if isinstance(error, GleanerError):
            print(f"gleaner: {safe(str(error))}", file=sys.stderr)
            self.exitcode = error.exit_code
        elif error is not None:
            logging.getLogger(__name__).critical("The crawl could not be run", exc_info=error)
            self.exitcode = INTERNAL
        else:
            self._sum_up(crawler, process, args[0], limited="max_articles" in opts.spargs)
        interrupts.release_terminal()
        if process.stopped:
            _exit_within(0.0 if process.forced else _EXIT_SECONDS, self.exitcode)

    def _plan(self, spider: str, arguments: dict[str, str]) -> None:
        from crawler.cli.plan import print_plan  # noqa: PLC0415 - all commands are loaded at every start

        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        logging.basicConfig(format="gleaner: %(message)s", level=logging.WARNING)
        try:
            print_plan(spider, arguments, self.settings)
            sys.stdout.flush()
        except GleanerError as error:
            print(f"gleaner: {safe(str(error))}", file=sys.stderr)
            self.exitcode = error.exit_code
        except BrokenPipeError:  # the reader of our output has closed it
            drop_output()

    def _sum_up(self, crawler: Crawler, process: GentleProcess, spider: str, *, limited: bool) -> None:
        stats = crawler.stats.get_stats()
        if process.forced:
            _close(crawler)
        else:  # Twisted's own handlers, before those of Scrapy, do not inform Scrapy
            stats.setdefault("finish_reason", "shutdown")
        self.exitcode = exit_code(stats)
        if "gleaner/run" not in stats:
            return
        try:
            print_summary(stats, Path(crawler.settings["CORPUS_DIR"]), self.exitcode, spider, limited=limited)
        except OSError:  # the exit code does not depend on who reads the summary
            drop_output()

    def _check_settings(self, spider: str) -> None:
        """Check the settings, with those of the spider; raise ``ConfigError`` for invalid ones."""
        from crawler.cli.checked import (  # noqa: PLC0415 - all commands are loaded at every start
            check_components,
            check_names,
            check_values,
        )
        from crawler.spiders.base import ArticleSpider  # noqa: PLC0415

        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        check_values(self.settings)
        try:
            spider_class = get_spider_loader(self.settings).load(spider)
        except KeyError:
            raise UsageError(f"there is no spider {spider!r}; see scrapy list", print_help=False) from None
        settings = self.settings.copy()
        spider_class.update_settings(settings)
        check_values(settings)
        check_names(settings, crawls=True)
        if issubclass(spider_class, ArticleSpider):
            check_components(settings)


def _close(crawler: Crawler) -> None:
    """Clean up after a crawl that was ended by force: the terminal, the readers, the record of the run."""
    from crawler.extensions.progress import Progress  # noqa: PLC0415 - Scrapy loads this module at every start
    from crawler.extensions.readers import Readers  # noqa: PLC0415
    from crawler.extensions.runs import RunRecord  # noqa: PLC0415

    if (progress := crawler.get_extension(Progress)) is not None:
        progress.spider_closed()
    if (readers := crawler.get_extension(Readers)) is not None:
        readers.spider_closed()
    if (record := crawler.get_extension(RunRecord)) is not None:
        record.ended_by_force()


def _exit_within(seconds: float, code: int) -> None:
    """End this process after at most *seconds*: a thread may wait long for a name server or standard input.

    Everything that must be kept is written already.
    """
    if not seconds:
        sys.stdout.flush()
        os._exit(code)
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


def _signals_only(record: logging.LogRecord) -> bool:
    """Pass only warnings and received signals from Scrapy's crawler; explain what a signal does."""
    if record.msg.startswith("Received ") and "gracefully" in record.msg:
        record.msg = (
            "Received %(signame)s: finishing the requests underway. A second signal forces the end; "
            "the same command resumes in either case"
        )
        return True
    return record.levelno >= logging.WARNING
