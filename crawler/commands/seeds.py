"""``scrapy seeds``: what dumps hold and what is wrong with them; where in large files there are any."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar

import orjson
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from crawler.exceptions import GleanerError, SeedError
from crawler.seeds import Dump, SeedPage, read_seeds
from crawler.seeds.describe import all_diagnoses, describe, verdict_line
from crawler.seeds.gather import harvest, total_size
from crawler.sites import load_profile
from crawler.text.terminal import safe, safe_json

_DEFAULT_SITE = "alalam"
_ROWS = 500
"""So many rows make a table; a longer list comes as several, so that it needs no memory and no patience."""
_SHOWN_DIAGNOSES = 4
_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""
_STDOUT = "-"


class Command(ScrapyCommand):
    """Dispatches the verbs of ``scrapy seeds``."""

    requires_project = False
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return (
            "inspect PATH... [--json] | harvest PATH... -o OUT.jsonl [--site NAME|FILE.toml] [-j N] [--json]"
            " | rescue URL|ID... [--site NAME|FILE.toml] [--json]"
        )

    def short_desc(self) -> str:
        return "Show what seed dumps hold, find them in archives, or rescue single articles"

    def long_desc(self) -> str:
        return (
            "inspect: what each dump in PATH (file, directory, glob, - for standard input) holds, and what is wrong "
            "with it; --json prints one object per dump, a line each. "
            "harvest: find the pages with a dump in WARC, WET, JSON lines or plain files, also .gz and .zst, and write "
            "one JSON line for each to OUT, which inspect and crawl read. Exit code 4 if there is no dump. "
            "rescue: ask for single articles now, of the site, its sister hosts and web archives, and show where each "
            "step found or did not find them; what dumps told of them is taken from CORPUS_DIR if they are there, and "
            "nothing is archived. Exit code 9 if one was not found. "
            "Examples: scrapy seeds inspect seeds/; scrapy seeds harvest crawl-data/ -o seeds.jsonl; "
            "scrapy seeds rescue 1445001. Exit codes: 0 done, 2 wrong usage, 4 no dump or no such path, 9 not found"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--json",
            action="store_true",
            help="print JSON: one object per dump or rescued article, a line each; harvest: what was found, counted",
        )
        parser.add_argument("-o", "--output", metavar="OUT", help="harvest: the file to write, - for standard output")
        parser.add_argument(
            "--site",
            metavar="NAME",
            help="a site profile: its time zone (inspect), only its hosts (harvest), whose articles (rescue)",
        )
        parser.add_argument("-a", metavar="site=NAME", dest="spargs", help="the same, as scrapy crawl has it")
        parser.add_argument("-j", "--jobs", type=int, metavar="N", help="harvest: processes (default: one per core)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        verbs = {"inspect": _inspect, "harvest": _harvest, "rescue": self._rescue}
        if not args or args[0] not in verbs:
            raise UsageError(f"give one of: {', '.join(verbs)}")
        paths = args[1:]
        if not paths:
            raise UsageError("give at least one URL or ID" if args[0] == "rescue" else "give at least one PATH")
        if unknown := [path for path in paths if path.startswith("-") and path != "-"]:
            raise UsageError(f"unknown option {unknown[0]}")
        if opts.spargs:
            name, _, value = opts.spargs.partition("=")
            if name != "site" or not value:
                raise UsageError(f"unknown argument -a {opts.spargs}")
            opts.site = value
        try:
            verbs[args[0]](paths, opts)
        except GleanerError as error:
            _complain(error)
            self.exitcode = error.exit_code
        except BrokenPipeError:  # the reader of our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _rescue(self, wanted: list[str], opts: argparse.Namespace) -> None:
        from crawler.rescue import rescue  # noqa: PLC0415 - the engine is loaded for those alone who need it

        assert self.settings is not None  # noqa: S101 - set by scrapy.cmdline
        self.exitcode = rescue(wanted, opts.site or _DEFAULT_SITE, self.settings, as_json=opts.json)


def _complain(error: object) -> None:
    print(f"gleaner: {safe(str(error))}", file=sys.stderr)


def _inspect(paths: list[str], opts: argparse.Namespace) -> None:
    zone = load_profile(opts.site or _DEFAULT_SITE).zone
    show = _JsonLines() if opts.json else _Tables()
    empty: list[str] = []  # told only once there is a dump: otherwise one line says it all
    pages = dumps = 0
    for seed in read_seeds(paths, zone, _complain):
        pages += 1
        dumps += len(seed.page.dumps)
        if seed.page.dumps:
            show.add(seed)
        elif dumps or len(empty) < _ROWS:
            empty.append(_name(seed))
        while dumps and empty:
            _complain(SeedError(empty.pop(0), "no dump in it"))
    show.close()
    if not dumps:
        raise SeedError(_named(paths), "no dump in it" if pages == 1 else f"no dump in any of {pages} pages")


def _named(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"


def _name(seed: SeedPage) -> str:
    return seed.source if seed.line is None else f"{seed.source}:{seed.line}"


class _JsonLines:
    """Prints an object a line."""

    def add(self, seed: SeedPage) -> None:
        for described in describe(seed):
            print(safe_json(orjson.dumps(described).decode()))

    def close(self) -> None:
        sys.stdout.flush()


class _Tables:
    """Prints a row for each dump, in tables of a bearable length."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = _WIDTH
        self.table = self._new()

    def add(self, seed: SeedPage) -> None:
        for dump in seed.page.dumps:
            date = seed.page.published.strftime("%Y-%m-%d %H:%M") if seed.page.published else "-"
            name = _name(seed) + (f"\n{seed.page.title}" if seed.page.title else "")
            cells = (name, date, _records(dump), verdict_line(dump), _diagnoses(seed, dump))
            self.table.add_row(*(_cell(cell) for cell in cells))
            if self.table.row_count >= _ROWS:
                self.close()

    def close(self) -> None:
        if self.table.row_count:
            self.console.print(self.table)
        self.table = self._new()

    def _new(self) -> Table:
        table = Table("page", "date", "records", "length", "diagnoses")
        for column in table.columns:
            column.overflow = "fold"
        return table


def _cell(text: str) -> Text:
    """Return *text* for a table: each line safe, no markup read out of it."""
    return Text("\n".join(safe(line) for line in text.split("\n")))


def _records(dump: Dump) -> str:
    partial = sum(item.partial for item in dump.related)
    whole = len(dump.related) - partial
    return f"{whole} + {partial} cut" if partial else str(whole)


def _diagnoses(seed: SeedPage, dump: Dump) -> str:
    diagnoses = all_diagnoses(seed, dump)
    lines = [f"{one.kind} @{one.offset}: {one.message}" for one in diagnoses[:_SHOWN_DIAGNOSES]]
    if len(diagnoses) > _SHOWN_DIAGNOSES:
        lines.append(f"and {len(diagnoses) - _SHOWN_DIAGNOSES} more")
    # A line of the page can be in a message; it must not look like another diagnosis.
    return "\n".join(line.replace("\n", " ") for line in lines)


def _harvest(paths: list[str], opts: argparse.Namespace) -> None:
    if not opts.output:
        raise UsageError("harvest needs -o OUT.jsonl")
    profile = load_profile(opts.site) if opts.site else None
    jobs = opts.jobs or os.cpu_count() or 1
    files = pages = records = 0
    with _output(opts.output) as out, _progress(paths) as progress:
        for one in harvest(paths, out, profile, jobs=jobs, progress=progress):
            for error in one.errors:
                _complain(error)
            if one.more_errors:
                _complain(f"and {one.more_errors} more like these")
            files, pages, records = files + one.files, pages + one.pages, records + one.records
        if not pages:
            raise SeedError(_named(paths), "no dump in it" if files == 1 else f"no dump in any of {files} files")
    if opts.json:  # aside if standard output holds the pages
        facts = {"output": opts.output, "files": files, "pages": pages, "records": records}
        print(safe_json(orjson.dumps(facts).decode()), file=sys.stderr if opts.output == _STDOUT else sys.stdout)
    else:
        print(f"{pages:,} pages with {records:,} related items from {files:,} files", file=sys.stderr)


@contextmanager
def _output(name: str) -> Iterator[IO[bytes]]:
    """Open the file to write. It appears under its name when it is whole, and not at all if there was an error."""
    if name == _STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = Path(f"{name}.part")
    try:
        with draft.open("wb") as out:
            yield out
        draft.replace(name)
    except OSError as error:
        raise SeedError(name, f"cannot be written ({error.strerror or error})") from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _progress(paths: list[str]) -> Iterator[Any]:
    """Show bytes and rate: a live line on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (BarColumn(), TaskProgressColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as live:
        task = live.add_task("harvest", total=total_size(paths) or None)
        yield lambda count: live.update(task, completed=count)
