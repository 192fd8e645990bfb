"""Listed captures of articles, in the catalogue: what a crawl of captures has to request, and what came of it.

Two tables that cannot be rebuilt from the lines. Where a catalogue is rebuilt, the lists are read again, and captures
are requested again; the same text adds no line.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args

from crawler.frontier.local import TARGET_COLUMNS, as_targets
from crawler.frontier.targets import Target, target_id
from crawler.recover.holdings import IndexLine

PerArticle = Literal["nearest", "first", "last", "all"]
PER_ARTICLE: tuple[PerArticle, ...] = get_args(PerArticle)

ARCHIVED, UNCHANGED, REPEATED, NOT_CHOSEN = "archived", "unchanged", "repeated", "not chosen"
GOOD = frozenset({ARCHIVED, UNCHANGED})
"""Outcomes of captures that are the article: a new line, or none as the corpus holds the text."""
DROPPED = "dropped by a pipeline"
SETTLED = frozenset({*GOOD, REPEATED, NOT_CHOSEN, DROPPED})
"""Outcomes that are no failure. ``repeated``: the same capture, or the same bytes, as another that is the article."""

_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS listed_articles (
        tid INTEGER PRIMARY KEY, id TEXT NOT NULL,
        listing TEXT NOT NULL,      -- the crawl that last read it in a list
        done TEXT                   -- per_article of the crawl that settled it; NULL: none did
    )""",
    """
    CREATE TABLE IF NOT EXISTS listed_captures (
        tid INTEGER NOT NULL, timestamp TEXT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL,
        mime TEXT NOT NULL, status INTEGER, digest TEXT NOT NULL, length INTEGER, offset INTEGER, filename TEXT,
        outcome TEXT,               -- NULL: not requested yet, or its archive gave no answer
        PRIMARY KEY (tid, timestamp, source, url)
    ) WITHOUT ROWID""",
)
_ADD = "INSERT INTO listed_captures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING"
_LIST = """
INSERT INTO listed_articles (tid, id, listing) VALUES (?, ?, ?)
ON CONFLICT (tid) DO UPDATE SET listing = excluded.listing"""
_REOPEN = """
UPDATE listed_articles SET done = NULL WHERE tid = ? AND done IS NOT NULL
AND EXISTS (SELECT 1 FROM listed_captures c WHERE c.tid = listed_articles.tid AND outcome IS NULL)"""
_OPEN = "listing = :listing AND (done IS NULL OR done NOT IN (:per_article, 'all'))"
_NEXT = f"""
SELECT l.tid, l.id FROM listed_articles l LEFT JOIN targets t USING (tid)
WHERE l.tid > :after AND {_OPEN} AND coalesce(t.state, 'pending') NOT IN ('leased', 'dropped')
AND (:per_article = 'all' OR t.state IS NOT 'fetched') ORDER BY l.tid LIMIT :limit"""  # noqa: S608 - our own words
_LEASE = f"""
INSERT INTO targets (tid, key, id, state, depth, attempts, home, lease_run, lease_until)
VALUES (?, ?, ?, 'leased', 0, 1, 'pending', ?, ?)
ON CONFLICT (tid) DO UPDATE SET home = state, state = 'leased', depth = 0, attempts = attempts + 1,
    lease_run = excluded.lease_run, lease_until = excluded.lease_until
RETURNING {TARGET_COLUMNS}, home"""  # noqa: S608 - our own words
_LEASE_OTHERS = f"""
UPDATE targets SET home = state, state = 'leased', lease_run = :run, lease_until = :until, attempts = attempts + 1
WHERE tid IN (SELECT tid FROM targets WHERE state = 'pending' AND depth <= :max_depth
    AND tid NOT IN (SELECT tid FROM listed_articles WHERE {_OPEN}) ORDER BY depth, tid LIMIT :limit)
RETURNING {TARGET_COLUMNS}"""  # noqa: S608 - our own words


class FoundCapture(NamedTuple):
    """A line of a list that is of the article with that id: where it was captured, and its facts."""

    article_id: str
    source: str
    line: IndexLine


class ListedCapture(NamedTuple):
    """A listed capture of an article, and what came of it (None: nothing yet)."""

    source: str
    line: IndexLine
    outcome: str | None = None


class TargetWithCaptures(NamedTuple):
    """A leased target with listed captures, and the state that it had before."""

    target: Target
    home: str


class ListedCaptures:
    """The tables, on the connection of a catalogue; calls belong inside a transaction.

    *listing* names the crawl, so that only what its own lists hold is requested; *per_article* is which captures.
    """

    def __init__(self, connection: sqlite3.Connection, listing: str, per_article: PerArticle) -> None:
        self._connection = connection
        self._names = {"listing": listing, "per_article": per_article}
        for statement in _SCHEMA:
            connection.execute(statement)

    def add(self, found: Sequence[FoundCapture], site: str) -> None:
        """Add captures of articles of *site*; an article with a capture that is new is requested again."""
        ids = {target_id(f"{site}/{one.article_id}"): one.article_id for one in found}
        rows = ((target_id(f"{site}/{one.article_id}"), *_row(one)) for one in found)
        self._connection.executemany(_ADD, rows)
        self._connection.executemany(_LIST, ((tid, known, self._names["listing"]) for tid, known in ids.items()))
        self._connection.executemany(_REOPEN, ((tid,) for tid in ids))

    def lease(
        self, limit: int, *, after: int, site: str, run: str, until: float
    ) -> tuple[list[TargetWithCaptures], int]:
        """Lease up to *limit* articles after the number *after* to *run*; return them, and the last number.

        All of them with ``per_article=all``, otherwise those that the corpus does not hold as articles.
        """
        names = {**self._names, "after": after, "limit": limit}
        found = self._connection.execute(_NEXT, names).fetchall()
        leased = []
        for tid, article_id in found:
            values = (tid, f"{site}/{article_id}", article_id, run, until)
            *row, home = self._connection.execute(_LEASE, values).fetchone()
            leased.append(TargetWithCaptures(as_targets([tuple(row)])[0], home))
        return leased, found[-1][0] if found else after

    def lease_others(self, limit: int, *, max_depth: int, run: str, until: float) -> list[Target]:
        """Lease up to *limit* pending targets whose listed captures, if any, are settled."""
        names = {**self._names, "limit": limit, "max_depth": max_depth, "run": run, "until": until}
        return as_targets(self._connection.execute(_LEASE_OTHERS, names).fetchall())

    def captures(self, key: str) -> list[ListedCapture]:
        """Return the listed captures of *key*, the earliest first."""
        query = (
            "SELECT source, timestamp, url, mime, status, digest, length, offset, filename, outcome"
            " FROM listed_captures WHERE tid = ? ORDER BY timestamp, source, url"
        )
        rows = self._connection.execute(query, (target_id(key),))
        return [ListedCapture(source, IndexLine(*line), outcome) for source, *line, outcome in rows]

    def settle(self, key: str, captures: Iterable[ListedCapture], outcome: str) -> None:
        """Note the *outcome* of *captures* of *key*."""
        tid = target_id(key)
        self._connection.executemany(
            "UPDATE listed_captures SET outcome = ? WHERE tid = ? AND timestamp = ? AND source = ? AND url = ?",
            [(outcome, tid, one.line.timestamp, one.source, one.line.url) for one in captures],
        )

    def repeat(self, key: str, captures: Iterable[ListedCapture]) -> None:
        """Note that *captures* of *key* repeat one that is the article, unless they have an outcome already."""
        self.settle(key, (one for one in captures if one.outcome in {None, NOT_CHOSEN}), REPEATED)

    def finish(self, key: str) -> None:
        """Note that *key* is settled: what was not requested of it is not chosen."""
        tid = target_id(key)
        self._connection.execute("UPDATE listed_articles SET done = ? WHERE tid = ?", (self._names["per_article"], tid))
        self._connection.execute(
            "UPDATE listed_captures SET outcome = ? WHERE tid = ? AND outcome IS NULL", (NOT_CHOSEN, tid)
        )

    def counts(self) -> dict[str | None, int]:
        """Return how many captures of this crawl's lists have each outcome."""
        query = (
            "SELECT outcome, count(*) FROM listed_captures JOIN listed_articles USING (tid)"
            " WHERE listing = :listing GROUP BY outcome"
        )
        return dict(self._connection.execute(query, self._names).fetchall())

    def articles(self) -> tuple[int, int]:
        """Return how many articles this crawl's lists have captures of, and how many the corpus holds of them."""
        query = (
            "SELECT count(*), count(*) FILTER (WHERE EXISTS"
            " (SELECT 1 FROM records r WHERE r.tid = l.tid AND r.kind = 'article'))"
            " FROM listed_articles l WHERE listing = :listing"
        )
        listed, held = self._connection.execute(query, self._names).fetchone()
        return int(listed), int(held)


def _row(one: FoundCapture) -> tuple[Any, ...]:
    line = one.line
    facts = (line.mime, line.status, line.digest, line.length, line.offset, line.filename)
    return (line.timestamp, one.source, line.url, *facts)
