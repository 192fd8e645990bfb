"""``scrapy completion``: prints a script for shell completion of the commands, their verbs and options."""

from __future__ import annotations

import argparse
import sys

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.cli.helptext import ScrapyParagraphs
from crawler.commands import captures, corpus, crawl, replica, seeds, sites

_SHELLS = ("bash", "zsh", "tcsh")
_MODULES = {"crawl": crawl, "captures": captures, "corpus": corpus, "seeds": seeds, "sites": sites, "replica": replica}
_PATHS = {"PATH", "FILE", "OUT", "OTHER", "NAME|FILE", "OUT.toml"}
"""The names of path arguments in the help."""


class Command(ScrapyCommand):
    """Prints a script that shtab makes from the parsers of the commands."""

    requires_crawler_process = False

    def syntax(self) -> str:
        return "|".join(_SHELLS)

    def short_desc(self) -> str:
        return "Print a script for shell completion of crawl, captures, corpus, seeds, sites and replica"

    def long_desc(self) -> str:
        return (
            f"{self.short_desc()}, their verbs, options and paths. "
            "It needs shtab: pip install 'scrapy-gleaner[completion]'."
            "\n\nExample\n  scrapy completion bash > ~/.local/share/bash-completion/completions/scrapy"
            "\n  scrapy completion zsh > ~/.zfunc/_scrapy      (a folder of your fpath)"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.formatter_class = ScrapyParagraphs

    def run(self, args: list[str], opts: argparse.Namespace) -> None:  # noqa: ARG002 - Scrapy's signature
        if len(args) != 1 or args[0] not in _SHELLS:
            raise UsageError(f"give the name of one shell: {', '.join(_SHELLS)}", print_help=False)
        try:
            import shtab  # noqa: PLC0415 - an optional extra
        except ImportError:
            hint = "completion needs shtab: pip install 'scrapy-gleaner[completion]'"
            raise UsageError(hint, print_help=False) from None
        parser = self._parser()
        _mark_paths(parser, shtab.FILE)
        sys.stdout.write(shtab.complete(parser, args[0]))

    def _parser(self) -> argparse.ArgumentParser:
        from scrapy.spiderloader import get_spider_loader  # noqa: PLC0415 - Scrapy loads this module at every start

        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        parser = argparse.ArgumentParser(prog="scrapy")
        choices = parser.add_subparsers()
        for name, module in _MODULES.items():
            command: ScrapyCommand = module.Command()
            command.settings = self.settings
            one = choices.add_parser(name, help=command.short_desc(), conflict_handler="resolve")
            command.add_options(one)
            if name == "crawl":
                one.add_argument("spider", choices=sorted(get_spider_loader(self.settings).list()))
        return parser


def _mark_paths(parser: argparse.ArgumentParser, as_path: object) -> None:
    """Mark the arguments of *parser*, and of those below it, that are paths."""
    for action in parser._actions:  # noqa: SLF001 - argparse names them in no other way
        if action.metavar in _PATHS:
            action.complete = as_path  # type: ignore[attr-defined]  # where shtab looks for it
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for one in action.choices.values():
                _mark_paths(one, as_path)
