"""Commands with verbs, such as ``scrapy corpus verify``: their options and help, and how one runs.

Scrapy loads all modules of :mod:`crawler.commands` at every start. So only options and help are there; each verb is a
module of its own, loaded when it runs.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.cli.helptext import Paragraphs
from crawler.exceptions import STOPPED, GleanerError
from crawler.processes import interrupts, workers
from crawler.runs.exitcodes import COMPLETE, DISK_FULL, INTERNAL
from crawler.text.terminal import safe


def positive(value: str) -> int:
    """Return the positive number in *value*, for argparse."""
    number = int(value)
    if number < 1:
        raise ValueError
    return number


positive.__name__ = "positive number"  # what argparse calls a bad one


def take_any_text(*, json: bool = False) -> None:
    """Make standard output accept any character: JSON in UTF-8, otherwise escapes for what the terminal cannot show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        if json:
            sys.stdout.reconfigure(encoding="utf-8")
        else:
            sys.stdout.reconfigure(errors="backslashreplace")


def refuse_bad_dicts(opts: argparse.Namespace) -> None:
    """Exit with one line if ``-s`` gives text for a setting that is a dict."""
    from crawler.cli.checked import check_command_line  # noqa: PLC0415 - all commands are loaded at every start

    try:
        check_command_line(opts.set)
    except GleanerError as error:
        print(f"gleaner: {safe(str(error))}", file=sys.stderr)  # noqa: T201 - the log is not set up yet
        sys.exit(error.exit_code)


def drop_output() -> None:
    """Discard the remaining standard output, because its reader has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _flush_or_drop_output() -> None:
    """Flush standard output; if that fails, discard the rest, which would fail again."""
    try:
        sys.stdout.flush()
    except OSError:
        drop_output()


class Verb(NamedTuple):
    """A verb: its short and full description, an example, and a function that adds its options."""

    short: str
    description: str
    example: str
    add_options: Callable[[argparse.ArgumentParser], None] = lambda _parser: None
    json: str = "print one JSON object"


class VerbCommand(ScrapyCommand):
    """A command of verbs, ``scrapy NAME VERB``: each is ``run(root, opts) -> exit code`` in the module of its name."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}
    name: ClassVar[str]
    verbs: ClassVar[Mapping[str, Verb]]
    exit_codes: ClassVar[str]

    def syntax(self) -> str:
        return "VERB ... [--json] [-s CORPUS_DIR=corpus]"

    def long_desc(self) -> str:
        first = next(iter(self.verbs))
        return f"{self.short_desc()}. Each verb has its own help: scrapy {self.name} {first} --help."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        choices = parser.add_subparsers(
            dest="verb", metavar="VERB", required=True, parser_class=argparse.ArgumentParser
        )
        for name, verb in self.verbs.items():
            one = choices.add_parser(
                name,
                prog=f"scrapy {self.name} {name}",
                help=verb.short,
                description=verb.description,
                epilog=f"Example: {verb.example}\n\nExit codes: {self.exit_codes}",
                formatter_class=Paragraphs,
            )
            verb.add_options(one)
            one.add_argument("--json", action="store_true", help=verb.json)
            super().add_options(one)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_bad_dicts(opts)
        super().process_options(args, opts)

    def check(self, root: Path) -> None:
        """Raise a ``GleanerError`` if no verb can use the corpus at *root*."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError(
                f"unknown argument {safe(args[0])}; see scrapy {self.name} {opts.verb} --help", print_help=False
            )
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        from crawler.cli.show import note  # noqa: PLC0415 - as the verbs themselves

        take_any_text(json=opts.json)
        opts.settings = self.settings
        verb = import_module(f"crawler.cli.{self.name}.{opts.verb}")
        try:
            with interrupts.raising() as came:
                self.exitcode = self._run(verb, opts)
        except KeyboardInterrupt:
            workers.end_all()
            interrupts.release_terminal()
            note(interrupts.message_of(came[-1] if came else signal.SIGINT))
            self.exitcode = STOPPED

    def _run(self, verb: ModuleType, opts: argparse.Namespace) -> int:
        from crawler.archive.files import FULL_ERRNOS  # noqa: PLC0415
        from crawler.cli.checked import check_names, check_values  # noqa: PLC0415
        from crawler.cli.show import note  # noqa: PLC0415

        assert self.settings is not None  # noqa: S101
        try:
            check_values(self.settings)
            check_names(self.settings, crawls=False)
            root = Path(self.settings["CORPUS_DIR"])
            self.check(root)
            code: int = verb.run(root, opts)
            sys.stdout.flush()
        except GleanerError as error:
            note(error)
            return error.exit_code
        except BrokenPipeError:  # the reader of our output has closed it
            drop_output()
            return COMPLETE
        except OSError as error:  # for example a file that cannot be read
            note(f"{error.filename}: {error.strerror}" if error.filename else error)
            _flush_or_drop_output()
            return DISK_FULL if error.errno in FULL_ERRNOS else INTERNAL
        return code
