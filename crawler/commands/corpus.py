"""``scrapy corpus``: look into a corpus, check it, mend it, take it elsewhere."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.corpus_commands.options import VERBS, add_verbs
from crawler.exceptions import GleanerError
from crawler.exitcodes import STOPPED
from crawler.text.terminal import safe


class Command(ScrapyCommand):
    """Dispatches the verbs of ``scrapy corpus`` to their modules in :mod:`crawler.corpus_commands`."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return f"{'|'.join(VERBS)} ... [--json] [-s CORPUS_DIR=corpus]"

    def short_desc(self) -> str:
        return "Look into a corpus, check it, mend it, take it elsewhere"

    def long_desc(self) -> str:
        verbs = "; ".join(f"{name}: {verb.short}" for name, verb in VERBS.items())
        return (
            f"What to do with the corpus in CORPUS_DIR. {verbs}. Each verb tells more with --help. "
            "Example: scrapy corpus verify -s CORPUS_DIR=corpus"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_verbs(parser, super().add_options)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError(
                f"unknown argument {safe(args[0])}; see scrapy corpus {opts.verb} --help", print_help=False
            )
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        verb = import_module(f"crawler.corpus_commands.{opts.verb}")
        opts.settings = self.settings
        try:
            self.exitcode = verb.run(Path(self.settings["CORPUS_DIR"]), opts)
        except GleanerError as error:
            print(f"gleaner: {safe(str(error))}", file=sys.stderr)
            self.exitcode = error.exit_code
        except KeyboardInterrupt:
            print("gleaner: stopped", file=sys.stderr)
            self.exitcode = STOPPED
        except BrokenPipeError:  # the reader of our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
