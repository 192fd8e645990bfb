"""What one listing is: its arguments, checked before the first request, and its result, printed."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from crawler.captures.columnar import check_duckdb
from crawler.captures.scope import ListingScope, mimes_of, moment, pattern_of, profile_patterns, statuses_of
from crawler.captures.sources import ListSource, choose_sources
from crawler.captures.work import has_working_file
from crawler.cli.show import console, note, print_json, print_table, say
from crawler.exceptions import ConfigError
from crawler.sites import load_profile

_STDOUT = "-"
_WIDE_COLUMNS = 120
_THOUSAND = 1000
_ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst")


@dataclass(frozen=True)
class Listing:
    """The arguments of one listing."""

    output: Path
    scope: ListingScope
    sources: tuple[ListSource, ...]
    urls: str | None
    filters: tuple[str, ...]
    collapse: tuple[str, ...]
    keeps_all: bool
    replaces: bool
    patience: float = 120

    @property
    def arguments(self) -> dict[str, Any]:
        """What the captures depend on, so that only the same command resumes it."""
        scope = self.scope
        return {
            "urls": [f"{one.match} {one.url}" for one in scope.patterns],
            "--from": scope.begin,
            "--to": scope.end,
            "--status": list(scope.statuses),
            "--mime": list(scope.mimes),
            "--source": [f"{one.name}={one.kind}:{one.place} {' '.join(one.collections)}" for one in self.sources],
            "--urls": self.urls,
            "--filter": list(self.filters),
            "--collapse": list(self.collapse),
        }


@dataclass
class ListingResult:
    """The result of a listing. ``sources`` has the counts of each source, ``ends`` how its walk ended, in words."""

    output: Path
    exit_code: int = 0
    captures: int = 0
    urls: int = 0
    months: Counter[str] = field(default_factory=Counter)
    sources: dict[str, dict[str, int]] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    is_written: bool = False


def make_listing(opts: argparse.Namespace, output: str) -> Listing:
    """Return the listing that *opts* ask for. Raises ConfigError if they make no sense."""
    profile = load_profile(opts.site) if opts.site else None
    if opts.target is None and profile is None:
        raise ConfigError("give a host such as example.org, the beginning of URLs, or --site")
    if opts.target is None and opts.match:
        raise ConfigError("--match needs a HOST or PREFIX")
    patterns = (pattern_of(opts.target, opts.match),) if opts.target else profile_patterns(profile)  # type: ignore[arg-type]
    begin, end = moment("--from", opts.begin), moment("--to", opts.end, last=True)
    if begin and end and begin > end:
        raise ConfigError(f"--from {opts.begin} is later than --to {opts.end}")
    sources = choose_sources(opts.source, profile)
    if not opts.source and not opts.urls and opts.match != "exact":
        sources = _without_timemaps(sources)
    _check_sources(sources, opts)
    return Listing(
        output=_checked_output(output, opts.force),
        scope=ListingScope(patterns, begin, end, statuses_of(opts.status), mimes_of(opts.mime)),
        sources=sources,
        urls=opts.urls,
        filters=tuple(opts.filter),
        collapse=tuple(opts.collapse),
        keeps_all=opts.all,
        replaces=opts.force,
        **({"patience": profile.recovery.patience} if profile else {}),
    )


def _without_timemaps(sources: tuple[ListSource, ...]) -> tuple[ListSource, ...]:
    """Leave out archives that only have TimeMaps, which say nothing of a whole site."""
    left_out = [one.name for one in sources if one.kind == "timemap"]
    if left_out:
        note(f"left out, because TimeMaps need --urls: {', '.join(left_out)}")
    return tuple(one for one in sources if one.kind != "timemap")


def _check_sources(sources: tuple[ListSource, ...], opts: argparse.Namespace) -> None:
    if indexes := [source.place for source in sources if source.kind == "columnar"]:
        check_duckdb(indexes)
    lists_urls = [source for source in sources if source.kind == "timemap"]
    if lists_urls and not opts.urls and opts.match != "exact":
        raise ConfigError(
            f"--source {lists_urls[0].name}: a TimeMap lists the captures of one URL: name the URLs with --urls FILE "
            "(such as an earlier list of captures), or give one URL and --match exact"
        )
    if opts.urls and not lists_urls:
        raise ConfigError("--urls: no source has TimeMaps")
    if opts.urls and not Path(opts.urls).is_file():
        raise ConfigError(f"--urls {opts.urls}: no such file")


def _checked_output(name: str, force: bool) -> Path:
    path = Path(name)
    if name == _STDOUT or not name.endswith(_ENDINGS):
        raise ConfigError(f"-o {name}: give the name of a file that ends in {', '.join(_ENDINGS)}")
    if not path.parent.is_dir():
        raise ConfigError(f"{name}: there is no folder {path.parent}")
    if path.is_dir() or (path.exists() and not force and not has_working_file(path)):
        raise ConfigError(f"{name} is there already" + ("" if path.is_dir() else ": give --force to replace it"))
    return path


def print_listed(listed: ListingResult, *, as_json: bool) -> None:
    """Print the result of a listing."""
    for name, end in listed.ends.items():
        note(f"{name}: {end}")
    if as_json:
        print_json(
            {
                "output": str(listed.output) if listed.is_written else None,
                "captures": listed.captures,
                "urls": listed.urls,
                "complete": listed.exit_code == 0,
                "months": dict(sorted(listed.months.items())),
                "sources": listed.sources,
                "ends": listed.ends,
            }
        )
        return
    if listed.months:
        print_table(month_table(listed.months, console()))
    for name, counts in listed.sources.items():
        say(f"{name}: {_words(counts)}")
    if listed.is_written:
        say(f"{listed.captures:,} captures of {listed.urls:,} URLs in {listed.output}")


def month_table(months: Mapping[str, int], out: Console) -> Table:
    """Return a table of the counts of *months* (``2013-02``), a row a year; rounded where *out* is narrow."""
    is_narrow = out.is_terminal and out.width < _WIDE_COLUMNS
    shown = _rounded if is_narrow else "{:,}".format
    columns = ("year", *(f"{month:02}" for month in range(1, 13)), "all")
    table = Table(*columns, box=SIMPLE_HEAD, padding=(0, 0), show_edge=False)
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    for year in sorted({month[:4] for month in months}):
        counts = [months.get(f"{year}-{month:02}", 0) for month in range(1, 13)]
        table.add_row(year, *(shown(one) if one else "" for one in counts), shown(sum(counts)))
    return table


def _rounded(count: int) -> str:
    """Return *count* in at most four characters.

    >>> [_rounded(count) for count in (999, 1_234, 56_789, 999_999, 1_234_567)]
    ['999', '1.2k', '57k', '1.0M', '1.2M']
    """
    for unit, letter in ((1, ""), (1_000, "k"), (1_000_000, "M")):
        value = count / unit
        if round(value) < _THOUSAND or letter == "M":
            break
    return f"{value:.1f}{letter}" if letter and round(value, 1) < 10 else f"{value:.0f}{letter}"  # noqa: PLR2004


def _words(counts: Mapping[str, int]) -> str:
    words = {"requests": "requests", "rows": "lines", "kept": "of them in scope", "broken": "that cannot be read"}
    return ", ".join(f"{counts[name]:,} {word}" for name, word in words.items() if counts.get(name)) or "nothing"
