"""``scrapy captures count``."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.table import Table

from crawler.archive.description import is_corpus
from crawler.archive.profilechoice import choose_profile
from crawler.archive.reading import read_catalogue
from crawler.captures.count import KINDS, CaptureCounts
from crawler.captures.lines import names_list, read_captures
from crawler.cli.captures.listing import ListingResult, make_listing
from crawler.cli.captures.making import list_captures
from crawler.cli.show import note, print_json, print_table, say
from crawler.exceptions import ConfigError, SeedError
from crawler.sites import SiteProfile

_STDIN = "-"
_MAX_NOTES = 10
_LIST_NAME = "captures.jsonl.gz"


def run(root: Path, opts: argparse.Namespace) -> int:
    """Count the captures in a list, or list them first, and print the counts."""
    if opts.target is not None and (opts.target == _STDIN or names_list(opts.target)):
        _refuse_other_arguments(opts)
        return _count(opts.target, root, opts)
    if opts.output is not None:
        return _list_and_count(opts.output, root, opts)
    with tempfile.TemporaryDirectory(prefix="gleaner-") as folder:
        return _list_and_count(str(Path(folder) / _LIST_NAME), root, opts)


def _list_and_count(output: str, root: Path, opts: argparse.Namespace) -> int:
    listed: ListingResult = list_captures(make_listing(opts, output), opts.settings)
    for name, end in listed.ends.items():
        note(f"{name}: {end}")
    if listed.is_written:
        _count(output, root, opts)
    return listed.exit_code


def _refuse_other_arguments(opts: argparse.Namespace) -> None:
    given = {"--source": opts.source, "--urls": opts.urls, "--filter": opts.filter, "--collapse": opts.collapse}
    given |= {"--from": opts.begin, "--to": opts.end, "--status": opts.status, "--mime": opts.mime, "-o": opts.output}
    given |= {"--match": opts.match, "--all": opts.all}
    if names := [name for name, value in given.items() if value]:
        raise ConfigError(f"{names[0]} is for listing: {opts.target} is a list of captures, and is counted as it is")


def _count(path: str, root: Path, opts: argparse.Namespace) -> int:
    """Count the captures in the list *path* and print the counts; return the exit code."""
    profile = _profile(root, opts.site)
    broken = 0

    def report(error: SeedError) -> None:
        nonlocal broken
        broken += 1
        if broken <= _MAX_NOTES:
            note(error)

    with closing(CaptureCounts(profile)) as counts:
        counts.add(read_captures(path, report))
        if not counts.captures:
            raise SeedError(path, "there is no capture in it")
        articles = counts.articles()
        held = None
        if profile is not None and is_corpus(root):
            with read_catalogue(root) as catalogue:
                held = counts.held(catalogue)
        if opts.json:
            print_json(_facts(counts, articles, held, broken, root))
        else:
            _print(counts, articles, held, broken, root)
        if profile is None:
            note("no site profile, so no article is known as such: give --site")
    return 0


def _profile(root: Path, site: str | None) -> SiteProfile | None:
    """Return the given profile, or that of the corpus; None if there is neither."""
    return choose_profile(root, site).profile if site or is_corpus(root) else None


def _facts(counts: CaptureCounts, articles: int, held: int | None, broken: int, root: Path) -> dict[str, Any]:
    corpus = None
    if held is not None:
        corpus = {"path": str(root), "articles": held, "share": round(held / articles, 4) if articles else None}
    return {
        "captures": counts.captures,
        "broken": broken,
        "kinds": counts.kinds(),
        "articles": articles,
        "months": _nested(counts.months),
        "sources": _nested(counts.sources),
        "corpus": corpus,
    }


def _nested(counter: Counter[Any]) -> dict[str, dict[str, int]]:
    return {name: {kind: counter[name, kind] for kind in KINDS} for name in sorted({name for name, _ in counter})}


def _print(counts: CaptureCounts, articles: int, held: int | None, broken: int, root: Path) -> None:
    print_table(_table("month", _nested(counts.months)))
    print_table(_table("source", _nested(counts.sources)))
    words = [f"Captures: {counts.captures:,}", f"distinct articles: {articles:,}"]
    if held is not None:
        share = f" ({held / articles:.0%})" if articles else ""
        words.append(f"in corpus {root}: {held:,}{share}")
    if broken:
        words.append(f"lines that cannot be read: {broken:,}")
    say(" · ".join(words))


def _table(name: str, rows: dict[str, dict[str, int]]) -> Table:
    table = Table(name, *KINDS, "all")
    for column in table.columns[1:]:
        column.justify = "right"
    for label, kinds in rows.items():
        table.add_row(label, *(f"{kinds[kind]:,}" if kinds[kind] else "" for kind in KINDS), f"{sum(kinds.values()):,}")
    return table
