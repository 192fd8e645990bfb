"""``scrapy seeds inspect``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.table import Table
from rich.text import Text

from crawler.cli.seeds import no_dump
from crawler.cli.show import note, print_json, print_table, say
from crawler.exceptions import SeedError
from crawler.seeds import Dump, SeedPage
from crawler.seeds.describe import all_diagnoses, describe, is_flagged, verdict_line
from crawler.seeds.lists.targets import find_targets
from crawler.seeds.sources import read_seeds_and_lists
from crawler.sites import load_profile
from crawler.text.terminal import safe

_MAX_ROWS_SHOWN = 500
"""Rows per table: a longer list is printed as several tables, so that it needs no more memory."""
_SHOWN_DIAGNOSES = 4


def run(_root: Path, opts: argparse.Namespace) -> int:
    """Print what each dump holds, and its errors."""
    paths: list[str] = opts.paths
    profile = load_profile(opts.site)
    show = _JsonLines() if opts.json else _Tables()
    empty: list[str] = []  # named only once there is a dump: otherwise the error says it all
    pages = dumps = listed = 0
    for seed in find_targets(read_seeds_and_lists(paths, profile.zone, note), profile, note):
        if not isinstance(seed, SeedPage):
            listed += 1
            continue
        pages += 1
        dumps += len(seed.page.dumps)
        if seed.page.dumps or is_flagged(seed):
            show.add(seed)
        if not seed.page.dumps and (dumps or len(empty) < _MAX_ROWS_SHOWN):
            empty.append(_name(seed))
        while dumps and empty:
            note(SeedError(empty.pop(0), "no dump in it"))
    show.close()
    if listed:
        note(f"lists of articles: they name {listed:,} articles of {profile.name}, or further sitemaps")
    elif not dumps:
        raise no_dump(paths, pages, "pages")
    return 0


def _name(seed: SeedPage) -> str:
    return seed.source if seed.line is None else f"{seed.source}:{seed.line}"


class _JsonLines:
    """Prints an object a line."""

    def add(self, seed: SeedPage) -> None:
        for described in describe(seed):
            print_json(described)

    def close(self) -> None:
        sys.stdout.flush()


class _Tables:
    """Prints a row for each dump, in tables of limited length."""

    def __init__(self) -> None:
        self.dumps = self.records = self.partial = self.flagged = 0
        self.table = self._new()

    def add(self, seed: SeedPage) -> None:
        if is_flagged(seed):
            self.flagged += 1
            self.table.add_row(*(_cell(cell) for cell in (_name(seed), "-", "0", "-", _diagnoses(seed, None))))
        for dump in seed.page.dumps:
            date = seed.page.published.strftime("%Y-%m-%d %H:%M") if seed.page.published else "-"
            name = _name(seed) + (f"\n{seed.page.title}" if seed.page.title else "")
            cells = (name, date, _records(dump), verdict_line(dump), _diagnoses(seed, dump))
            self.table.add_row(*(_cell(cell) for cell in cells))
            self.dumps += 1
            self.records += len(dump.related)
            self.partial += sum(item.partial for item in dump.related)
            if self.table.row_count >= _MAX_ROWS_SHOWN:
                self._flush()

    def close(self) -> None:
        """Print the remaining rows, and the totals."""
        self._flush()
        if self.dumps:
            flagged = f" · pages with lists that are not dumps: {self.flagged:,}" if self.flagged else ""
            say(f"Dumps: {self.dumps:,} · related items: {self.records:,} · cut off: {self.partial:,}{flagged}")

    def _flush(self) -> None:
        if self.table.row_count:
            print_table(self.table)
        self.table = self._new()

    def _new(self) -> Table:
        table = Table("page", "date", "records", "length", "diagnoses")
        for column in table.columns:
            column.overflow = "fold"
        return table


def _cell(text: str) -> Text:
    """Return *text* for a table: each line safe, without markup."""
    return Text("\n".join(safe(line) for line in text.split("\n")))


def _records(dump: Dump) -> str:
    partial = sum(item.partial for item in dump.related)
    whole = len(dump.related) - partial
    return f"{whole} + {partial} cut off" if partial else str(whole)


def _diagnoses(seed: SeedPage, dump: Dump | None) -> str:
    diagnoses = all_diagnoses(seed, dump) if dump else seed.page.diagnoses
    lines = [f"{one.kind} @{one.offset}: {one.message}" for one in diagnoses[:_SHOWN_DIAGNOSES]]
    if len(diagnoses) > _SHOWN_DIAGNOSES:
        lines.append(f"and {len(diagnoses) - _SHOWN_DIAGNOSES} more")
    # A line of the page can be in a message; it must not look like another diagnosis.
    return "\n".join(line.replace("\n", " ") for line in lines)
