"""Makes a listing: local files first, then web archives, then the output, each resumed where it was stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live

from crawler.archive.files import FULL_ERRNOS
from crawler.captures.columnar import parquet_files, read_columnar
from crawler.captures.lines import CaptureLine, read_urls, write_captures
from crawler.captures.local import Found, local_files, parts_of_file, read_index_file, read_warc_file
from crawler.captures.sources import ListSource
from crawler.captures.work import Task, WorkingFile, distinct
from crawler.cli.captures.listing import Listing, ListingResult, month_table
from crawler.cli.captures.spider import crawl_sources
from crawler.cli.show import note
from crawler.exceptions import STOPPED, DiskFull, SeedError
from crawler.processes import interrupts
from crawler.runs.exitcodes import FAILED_URLS, FORCED, RATE_LIMITED

if TYPE_CHECKING:
    from scrapy.settings import Settings

_BATCH_LINES = 2_000
_MAX_NOTES = 10
"""Messages about one source that are printed; all are counted."""


def list_captures(listing: Listing, settings: Settings) -> ListingResult:
    """Make *listing* and return its result. Raises GleanerError."""
    with WorkingFile(listing.output, listing.arguments, replace=listing.replaces) as work:
        for source in listing.sources:
            work.add_tasks((source.id, what) for what in first_tasks(source, listing))
        listed = ListingResult(listing.output)
        with _showing_months(work) as show:
            files = Files(listing, work, show)
            for source in listing.sources:
                if source.is_local:
                    files.read(source)
            listed.ends |= files.ends
            online = [one for one in listing.sources if not one.is_local and work.next_task(one.id) is not None]
            outcome = crawl_sources(listing, work, online, settings, show) if online else None
        if outcome is not None:
            listed.ends |= outcome.ends
            listed.exit_code = RATE_LIMITED if outcome.is_limited else FAILED_URLS if outcome.is_partial else 0
        if files.ends and not listed.exit_code:
            listed.exit_code = FAILED_URLS
        listed.sources = _counts(listing, work)
        if outcome is not None and outcome.is_stopped:
            note("stopped by a signal; the same command resumes")
            listed.exit_code = FORCED if outcome.is_forced else STOPPED
            return listed
        with interrupts.raising():  # Scrapy's handlers know nothing of what follows its crawl
            _write(listing, work, listed)
        if listed.exit_code == 0:
            work.remove()
    return listed


def first_tasks(source: ListSource, listing: Listing) -> Iterator[Mapping[str, Any]]:
    """Yield what is to be asked of *source*, as far as it is known before the first answer."""
    if source.kind == "columnar":
        yield from ({"kind": "columnar", "path": path} for path in parquet_files(source.place))
    elif source.kind == "files":
        yield from ({"kind": "file", "path": path} for path in local_files(source.place))
    elif source.kind == "commoncrawl":
        yield {"kind": "collections"}
    elif source.kind == "timemap":
        yield from ({"kind": "timemap", "url": url} for url in _known_urls(listing))
    else:
        yield from ({"kind": "cdx", "match": one.match, "url": one.url} for one in listing.scope.patterns)


def _known_urls(listing: Listing) -> Iterator[str]:
    """Yield the URLs whose TimeMaps are requested, those that are to be listed: of ``--urls``, or the one URL."""
    if listing.urls is None:
        yield from (f"http://{one.url}" for one in listing.scope.patterns)
        return
    for url in read_urls(listing.urls, note):
        if listing.scope.covers(url):
            yield url


class Files:
    """Reads local sources; ``ends`` says which could not be read."""

    def __init__(self, listing: Listing, work: WorkingFile, show: Callable[[Iterable[CaptureLine]], None]) -> None:
        self._listing, self._work, self._show = listing, work, show
        self.ends: dict[str, str] = {}
        self._notes = 0

    def read(self, source: ListSource) -> None:
        """Read the files of *source* that are not read yet; a file that cannot be read stays so."""
        task = self._work.next_task(source.id)
        while task is not None:
            try:
                self._read(task, source)
            except SeedError as error:
                self.ends[str(error.source)] = str(error).removeprefix(f"{error.source}: ")
            task = self._work.next_task(source.id, task.id)

    def _read(self, task: Task, source: ListSource) -> None:
        path = task.what["path"]
        if task.what["kind"] == "columnar":
            self._keep_all(task, (0, 0), self._columnar(path, source))
            return
        parts = parts_of_file(path)
        if not parts:
            start = task.state.get("place", 0)
            self._keep_all(task, (0, 0), read_index_file(path, source.name, start))
            return
        first = task.state.get("part", 0)
        for number, part in enumerate(parts[first:], first):
            start = task.state.get("place", 0) if number == first else 0
            self._keep_all(task, (number, len(parts) - 1), read_warc_file(part, source.name, start))

    def _columnar(self, path: str, source: ListSource) -> Iterator[Found]:
        for one in read_columnar(path, self._listing.scope, source.name):
            yield Found(0, None, one) if isinstance(one, SeedError) else Found(0, one)

    def _keep_all(self, task: Task, part: tuple[int, int], found: Iterator[Found]) -> None:
        lines: list[CaptureLine] = []
        counts: Counter[str] = Counter()
        number, last = part
        place = 0
        for one in found:
            place = one.place
            counts["rows" if one.line is not None else "broken"] += 1
            if one.error is not None:
                self._note(one.error)
            if one.line is not None and self._listing.scope.wants(one.line):
                lines.append(one.line)
            if counts.total() >= _BATCH_LINES:
                self._keep(task, lines, counts, {"part": number, "place": place}, done=False)
        self._keep(task, lines, counts, {"part": number + 1, "place": 0}, done=number == last)

    def _keep(
        self, task: Task, lines: list[CaptureLine], counts: Counter[str], state: Mapping[str, int], *, done: bool
    ) -> None:
        counts["kept"] = len(lines)
        self._work.keep(task, lines, state, done=done, counts=counts)
        self._show(lines)
        lines.clear()
        counts.clear()

    def _note(self, error: SeedError) -> None:
        self._notes += 1
        if self._notes <= _MAX_NOTES:
            note(error)
        elif self._notes == _MAX_NOTES + 1:
            note("more lines and records like these cannot be read; they are counted")


def _counts(listing: Listing, work: WorkingFile) -> dict[str, dict[str, int]]:
    """Return the counts of the sources by name."""
    counts, found = work.counts(), dict[str, Counter[str]]()
    for source in listing.sources:
        found.setdefault(source.name, Counter()).update(counts.get(source.id, {}))
    return {name: dict(sorted(one.items())) for name, one in found.items()}


def _write(listing: Listing, work: WorkingFile, listed: ListingResult) -> None:
    """Write the output, whole, and count its captures."""
    lines: Iterable[CaptureLine] = work.captures()
    if not listing.keeps_all:
        lines = distinct(lines, tuple(source.name for source in listing.sources))
    before = ""

    def counted() -> Iterator[CaptureLine]:
        nonlocal before
        for line in lines:
            listed.months[f"{line.timestamp[:4]}-{line.timestamp[4:6]}"] += 1
            listed.urls += line.urlkey != before
            before = line.urlkey
            yield line

    try:
        listed.captures = write_captures(listing.output, counted())
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise DiskFull(str(listing.output), "no room left to write", is_corpus=False) from error
        raise
    listed.is_written = True


@contextmanager
def _showing_months(work: WorkingFile) -> Iterator[Callable[[Iterable[CaptureLine]], None]]:
    """Show, on a terminal, how many captures came of each month; yields what receives them."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _lines: None
        return
    months = Counter({f"{month[:4]}-{month[4:]}": count for month, count in work.months().items()})
    with Live(month_table(months, console), console=console, transient=True, refresh_per_second=2) as live:

        def show(lines: Iterable[CaptureLine]) -> None:
            months.update(f"{line.timestamp[:4]}-{line.timestamp[4:6]}" for line in lines)
            live.update(month_table(months, console))

        yield show
