"""Counts for a report: one pass over the records and one over the targets of a corpus, or of one run."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import NamedTuple

from crawler.archive.segments import LinePlace
from crawler.corpus.report.periods import Periods, day_of
from crawler.corpus.report.tally import Group, KeyEntry, Spread, Tally
from crawler.corpus.selection import STATE
from crawler.frontier.targets import unix_time
from crawler.runs.record import Run

SOURCES = {
    "origin": "the site itself",
    "wayback": "Wayback Machine",
    "commoncrawl": "Common Crawl",
    "seed": "seed dumps",
    "other": "other archives",
}
"""Sources of records with their names in the report, in the order of its colours."""
STATES = {
    "pending": "waiting",
    "leased": "being requested",
    "fetched": "answered",
    "gone": "missing on the site",
    "failed": "no usable answer",
    "dropped": "dropped by a pipeline",
}
_MAX_REASONS, _MAX_LANGUAGES = 15, 12
_SHEET_CANDIDATES = 96
_UNANSWERED = ("gone", "failed", "dropped")
_KINDS = {"article": "articles", "seed": "seed pages", "stub": "stubs"}

MAX_ROWS_READ = 200_000
"""Records, and targets, that are read for the keys behind numbers. Their tids are hashes, so the first ones are a
random sample."""

_FACTS = "r.kind, r.source, r.language, substr(r.published, 1, 10), r.version > 1, r.duplicate_of IS NOT NULL"
_COUNTS = f"SELECT {_FACTS}, count(*) FROM records r WHERE {{}} GROUP BY 1, 2, 3, 4, 5, 6"  # noqa: S608 - our own words
_RECORDS = """
SELECT t.key, t.title, r.kind, r.source, r.language, r.published, r.duplicate_of, r.version,
    r.segment, r.offset, r.length
FROM records r JOIN targets t USING (tid) WHERE {} ORDER BY r.tid, r.version LIMIT :rows"""


class _Record(NamedTuple):
    key: str
    title: str | None
    kind: str
    source: str
    language: str | None
    published: str | None
    duplicate_of: str | None
    version: int
    segment: str
    offset: int
    length: int


@dataclass(slots=True)
class Collected:
    """The numbers of a report with the keys behind them."""

    tally: Tally
    periods: Periods
    sheet: Spread
    """Articles whose pictures the contact sheet may show."""


class Scope(NamedTuple):
    """Which records and targets a report is about, as SQL conditions: those of the corpus, or of a run."""

    records: str
    targets: str
    parameters: dict[str, object]
    unchanged: str = "0"
    """The targets without a new record."""


def scope_of(run: Run | None) -> Scope:
    """Return the scope of *run*: the lines that it added and the targets that it requested; None: the whole corpus."""
    if run is None:
        return Scope(STATE, "t.state != 'seed'", {})
    pieces, parameters = [], dict[str, object]()
    for number, (segment, (start, end)) in enumerate((run.lines or {}).items()):
        pieces.append(f"(r.segment = :s{number} AND r.offset >= :a{number} AND r.offset < :z{number})")
        parameters |= {f"s{number}": segment, f"a{number}": start, f"z{number}": end}
    # The times of captures have whole seconds, rounded down.
    parameters |= {"since": int(unix_time(run.started) or 0), "until": unix_time(run.finished) or 0.0}
    visited = "t.state != 'seed' AND t.tid IN (SELECT tid FROM visits WHERE checked BETWEEN :since AND :until)"
    records = f"({' OR '.join(pieces) or '0'})"
    added = f"EXISTS (SELECT 1 FROM records r WHERE r.tid = t.tid AND {records})"  # noqa: S608 - our own words
    return Scope(records, visited, parameters, unchanged=f"t.state = 'fetched' AND NOT {added}")


def collect(connection: sqlite3.Connection, scope: Scope, tally: Tally, max_rows: int = -1) -> Collected:
    """Count what is in *scope* into *tally*. The connection reads a catalogue, in one transaction of the caller's.

    All is counted, by SQLite; the keys behind the numbers are those of *max_rows* records and targets (-1: of all).
    """
    sheet = Spread(_SHEET_CANDIDATES)
    periods = Periods(_days(connection, scope))
    languages = _languages(connection, scope)
    groups = _Groups(tally, periods, languages)
    for *facts, number in connection.execute(_COUNTS.format(scope.records), scope.parameters):
        tally.add(groups.find(*facts), number)
    records = connection.execute(_RECORDS.format(scope.records), {**scope.parameters, "rows": max_rows})
    for record in map(_Record._make, records):
        tally.keep(groups.of(record), partial(_entry, record))
        if record.kind == "article" and record.duplicate_of is None:
            sheet.offer(partial(_entry, record))
    _count_targets(connection, scope, tally, max_rows)
    return Collected(tally, periods, sheet)


def _days(connection: sqlite3.Connection, scope: Scope) -> Counter[date]:
    """Return how many articles were published on each day."""
    days = Counter[date]()
    rows = connection.execute(
        "SELECT substr(r.published, 1, 10), count(*) FROM records r"  # noqa: S608 - our own words
        f" WHERE r.kind = 'article' AND r.duplicate_of IS NULL AND {scope.records} GROUP BY 1",
        scope.parameters,
    )
    for published, count in rows:
        if day := day_of(published):
            days[day] += count
    return days


def _languages(connection: sqlite3.Connection, scope: Scope) -> frozenset[str]:
    """Return the most frequent languages; pages may declare any number of others."""
    rows = connection.execute(
        f"SELECT r.language FROM records r WHERE r.language IS NOT NULL AND {scope.records}"  # noqa: S608
        " GROUP BY 1 ORDER BY count(*) DESC LIMIT :most",
        {**scope.parameters, "most": _MAX_LANGUAGES},
    )
    return frozenset(row[0] for row in rows)


def _entry(record: _Record) -> KeyEntry:
    if record.duplicate_of is not None:
        note: str | None = f"of {record.duplicate_of}"
    else:
        day = day_of(record.published)
        note = day.isoformat() if day else None
    return KeyEntry(record.key, record.title, None, note, LinePlace(record.segment, record.offset, record.length))


class _Groups:
    """The groups that a record is counted in, computed once for all records with the same facts."""

    def __init__(self, tally: Tally, periods: Periods, languages: frozenset[str]) -> None:
        self._tally = tally
        self._periods = periods
        self._languages = languages
        self.find = lru_cache(maxsize=20_000)(self._find)

    def of(self, record: _Record) -> list[Group]:
        """Return the groups of *record*."""
        published = record.published and record.published[:10]
        facts = (record.kind, record.source, record.language, published, record.version > 1)
        return self.find(*facts, record.duplicate_of is not None)

    def _find(
        self, kind: str, source: str, language: str | None, published: str | None, changed: bool, duplicate: bool
    ) -> list[Group]:
        group = self._tally.group
        if duplicate:
            found = [group("duplicates", "duplicates")]
            return (
                [*found, group("duplicates-article", "duplicates of another article")] if kind == "article" else found
            )
        kind = kind if kind in _KINDS else "stub"
        found = [group(f"{kind}s", _KINDS[kind])]
        if kind != "article":
            return found
        source = source if source in SOURCES else "other"
        found.append(group(f"source-{source}", f"articles from {SOURCES[source]}"))
        language = language if language in self._languages else "other" if language else "unknown"
        called = "an unknown language" if language == "unknown" else language
        found.append(group(f"language-{slug(language)}", f"articles in {called}"))
        if changed:
            found.append(group("changed", "changed articles"))
        day = day_of(published)
        period = self._periods.find(day) if day else None
        if period:
            found.append(group(f"published-{period}-{source}", f"articles of {period} from {SOURCES[source]}"))
        else:
            found.append(group("undated", "articles without a date, or of other years"))
        return found


def _count_targets(connection: sqlite3.Connection, scope: Scope, tally: Tally, max_rows: int) -> None:
    source = f"FROM targets t WHERE {scope.targets}"
    failures = (
        f"SELECT coalesce(t.reason, '') {source} AND t.state IN ('gone', 'failed', 'dropped')"
        " GROUP BY 1 ORDER BY count(*) DESC LIMIT :most"
    )
    frequent = {row[0] for row in connection.execute(failures, {**scope.parameters, "most": _MAX_REASONS})}
    why = f"CASE WHEN t.state IN ({', '.join(map(repr, _UNANSWERED))}) THEN coalesce(t.reason, '') END"
    facts = f"t.state, {why}, {scope.unchanged}"

    @lru_cache(maxsize=1000)
    def groups(state: str, reason: str | None, unchanged: int) -> list[Group]:
        found = [tally.group("known", "articles that pages list")]
        if state not in {"pending", "leased"}:
            found.append(tally.group("asked", "articles requested"))
        found.append(tally.group(f"state-{slug(state)}", STATES.get(state, state)))
        if unchanged:
            found.append(tally.group("unchanged", "archived before, unchanged"))
        if reason is not None:
            shown = (reason or "no reason recorded") if reason in frequent else "other reasons"
            found.append(tally.group(f"reason-{state}-{slug(shown)}", shown))
        return found

    for *fact, number in connection.execute(f"SELECT {facts}, count(*) {source} GROUP BY 1, 2, 3", scope.parameters):
        tally.add(groups(*fact), number)
    rows = f"SELECT t.key, t.title, {facts} {source} ORDER BY t.tid LIMIT :rows"
    for key, title, *fact in connection.execute(rows, {**scope.parameters, "rows": max_rows}):
        tally.keep(groups(*fact), partial(KeyEntry, key, title, None, fact[1] or None))


def count_host(tally: Tally, entry: KeyEntry, host: str) -> None:
    """Count one article, whose *entry* is given, by the *host* that it was fetched from."""
    tally.count((tally.group(f"host-{slug(host)}", f"articles from {host}"),), lambda: entry)


def count_pictures(connection: sqlite3.Connection, tally: Tally, max_rows: int = -1) -> None:
    """Count all pictures of the corpus by status into *tally*, with the keys of *max_rows* of them (-1: of all)."""
    for status, number in connection.execute("SELECT status, count(*) FROM pictures GROUP BY 1"):
        tally.add(_by_status(tally, status), number)
    rows = connection.execute("SELECT name, status, url FROM pictures ORDER BY name LIMIT ?", (max_rows,))
    for name, status, url in rows:
        tally.keep(_by_status(tally, status), partial(KeyEntry, name, None, url))


def count_picture(tally: Tally, entry: KeyEntry, status: object) -> None:
    """Count one picture, whose *entry* has its pic as key, by its status."""
    tally.count(_by_status(tally, status), lambda: entry)


def _by_status(tally: Tally, status: object) -> list[Group]:
    known = status if status in {"stored", "missing", "failed", "refused", "skipped"} else "unknown"
    return [tally.group(f"pictures-{known}", f"pictures {known}")]


def slug(text: str) -> str:
    """Return *text* as part of a name: lower-case letters, digits and hyphens.

    >>> slug("status 404: Not Found")
    'status-404-not-found'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:60].strip("-") or "other"
