"""``scrapy corpus``: look at a corpus, check it, mend it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, ClassVar

import orjson
from rich.console import Console
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.archive.corpus import rebuild
from crawler.archive.reading import corpus_stats
from crawler.archive.verify import verify
from crawler.exceptions import CorpusDamaged, GleanerError
from crawler.text.terminal import safe


class Command(ScrapyCommand):
    """Dispatches the verbs of ``scrapy corpus``."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "stats|verify|repair [--json] [-s CORPUS_DIR=corpus]"

    def short_desc(self) -> str:
        return "Look at a corpus, check it, mend it"

    def long_desc(self) -> str:
        return (
            "stats: what the corpus in CORPUS_DIR holds, counted. "
            "verify: check every line, hash and picture against what was promised; exit code 0, or 5 with each problem "
            "and its place. repair: make the catalogue anew from the lines alone, and show what was found. "
            "--json prints one JSON object. Example: scrapy corpus verify -s CORPUS_DIR=corpus"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        verbs = {"stats": self._stats, "verify": self._verify, "repair": self._repair}
        if len(args) != 1 or args[0] not in verbs:
            raise UsageError(f"give one of: {', '.join(verbs)}")
        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        try:
            verbs[args[0]](Path(self.settings["CORPUS_DIR"]), opts.json)
        except GleanerError as error:
            print(f"gleaner: {safe(str(error))}", file=sys.stderr)
            self.exitcode = error.exit_code

    def _stats(self, root: Path, as_json: bool) -> None:
        stats = corpus_stats(root)
        if as_json:
            _print_json(stats)
            return
        table = Table(title=safe(f"Corpus {root}"), show_header=False)
        for name, value in stats.items():
            if isinstance(value, dict):
                shown = ", ".join(f"{key} {count:,}" for key, count in value.items()) or "none"
            else:
                shown = f"{value:,}" if isinstance(value, int) else str(value)
            table.add_row(name.replace("_", " "), safe(shown))
        Console().print(table, markup=False)

    def _verify(self, root: Path, as_json: bool) -> None:
        found = verify(root)
        if as_json:
            problems = [problem._asdict() for problem in found.problems]
            _print_json({**found._asdict(), "problems": problems, "ok": not problems})
        else:
            for problem in found.problems:
                place = "" if problem.offset is None else f" at {problem.offset}"
                print(safe(f"{problem.file}{place}: {problem.message}"))
            for note in found.notes:
                print(safe(f"note: {note}"))
            verdict = f"{len(found.problems)} problems" if found.problems else "all well"
            print(safe(f"{root}: {found.lines:,} lines, {found.pictures:,} pictures: {verdict}"))
        if found.problems:
            self.exitcode = CorpusDamaged.exit_code

    def _repair(self, root: Path, as_json: bool) -> None:
        recovery = rebuild(root, "it was asked for")
        if as_json:
            _print_json(
                {
                    "lines": recovery.adopted,
                    "cut": [place._asdict() for place in recovery.cut],
                    "damaged": [{**place._asdict(), "message": message} for place, message in recovery.damaged],
                }
            )
        else:
            for message in recovery.messages():
                print(safe(message))
            print(safe(f"{root}: the catalogue now knows {recovery.adopted:,} lines"))
        if recovery.damaged:
            self.exitcode = CorpusDamaged.exit_code


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
