"""``scrapy replica``: serves the news site with invented articles on loopback."""

from __future__ import annotations

import argparse

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.cli.helptext import ScrapyParagraphs
from crawler.processes import interrupts


class Command(ScrapyCommand):
    """Serves until it is interrupted; exit codes are those of :mod:`crawler.exceptions`."""

    requires_project = False
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Serve a news site with invented articles on loopback, for demos, tests and benchmarks"

    def long_desc(self) -> str:
        return (
            "Serve a news site with invented articles on loopback, in the form of the real one. Every id that a seed "
            "dump lists has an article there.\n\nExample\n  scrapy replica --port 8765\n"
            "  scrapy crawl neighbours -a seeds=examples/seeds -a site=replica      (in another terminal)"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        from crawler.replica.options import add_options  # noqa: PLC0415 - Scrapy loads this module at every start

        super().add_options(parser)
        parser.formatter_class = ScrapyParagraphs
        add_options(parser)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError(f"unknown argument {args[0]!r}")
        from crawler.replica.options import run_options  # noqa: PLC0415

        self.exitcode = run_options(opts)
        interrupts.ignore()  # asyncio has restored Python's own handlers
