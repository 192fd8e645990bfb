"""Answers of web archives' indexes: which captures they hold of which articles and pictures.

Two tables of the catalogue that cannot be rebuilt from the lines. They save queries, and can be lost: a rebuilt
catalogue has empty ones, and the archives are queried again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS cdx_answers (    -- one row a question: all captures whose names begin with prefix
        source TEXT NOT NULL,                   -- the index and the place in it: see crawler/recover/ladder.py
        prefix TEXT NOT NULL,
        asked REAL NOT NULL,                    -- Unix time
        span INTEGER NOT NULL,                  -- how many ids the prefix can stand for; 0: it is not of ids
        lines INTEGER NOT NULL,
        pages INTEGER NOT NULL,
        upto TEXT,                              -- names before this are settled; NULL: all are
        resume TEXT,                            -- what to go on with, if the archive said
        PRIMARY KEY (source, prefix)
    ) WITHOUT ROWID""",
    """
    CREATE TABLE IF NOT EXISTS cdx_captures (
        source TEXT NOT NULL, name TEXT NOT NULL, timestamp TEXT NOT NULL, url TEXT NOT NULL,
        mime TEXT NOT NULL, status INTEGER, digest TEXT NOT NULL, length INTEGER, offset INTEGER, filename TEXT,
        PRIMARY KEY (source, name, timestamp, url)
    ) WITHOUT ROWID""",
)


class IndexLine(NamedTuple):
    """One capture as listed in an index. ``timestamp`` is 14 digits, UTC.

    Only Common Crawl's indexes have ``offset`` and ``filename`` (of a WARC record of ``length`` bytes).
    """

    timestamp: str
    url: str
    mime: str
    status: int | None
    digest: str
    length: int | None = None
    offset: int | None = None
    filename: str | None = None


class QueryProgress(NamedTuple):
    """How far a query was answered: names before ``upto`` are settled (None: all); ``resume`` is the next key."""

    upto: str | None
    resume: str | None
    pages: int


class Holdings:
    """The tables, on the connection of a catalogue or on one of their own. Calls belong inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for statement in _SCHEMA:
            connection.execute(statement)

    def known(self, source: str, name: str, since: float) -> list[IndexLine] | None:
        """Return the captures of *name*, the earliest first; None if *source* was not queried for it after *since*."""
        if not any(self._settles(source, name[:end], name, since) for end in range(len(name) + 1)):
            return None
        rows = self._connection.execute(
            "SELECT timestamp, url, mime, status, digest, length, offset, filename FROM cdx_captures"
            " WHERE source = ? AND name = ? ORDER BY timestamp, url",
            (source, name),
        )
        return [IndexLine(*row) for row in rows]

    def _settles(self, source: str, prefix: str, name: str, since: float) -> bool:
        progress = self.progress(source, prefix, since)
        return progress is not None and (progress.upto is None or settled_before(name, progress.upto))

    def progress(self, source: str, prefix: str, since: float) -> QueryProgress | None:
        """Return how far the query for *prefix* was answered; None if it was not sent after *since*."""
        row = self._connection.execute(
            "SELECT upto, resume, pages FROM cdx_answers WHERE source = ? AND prefix = ? AND asked > ?",
            (source, prefix, since),
        ).fetchone()
        return row and QueryProgress(*row)

    def density(self, source: str) -> float | None:
        """Return how many captures *source* listed for each requested id; None before the first answer."""
        lines, span = self._connection.execute(
            "SELECT sum(lines), sum(span) FROM cdx_answers WHERE source = ? AND upto IS NULL", (source,)
        ).fetchone()
        return lines / span if span else None

    def waiting(self, ids: Iterable[tuple[int, int]]) -> list[int]:
        """Return how many targets still to be fetched have an id in each of the ranges *ids* (both ends included)."""
        query = "SELECT count(*) FROM targets WHERE tid BETWEEN ? AND ? AND state IN ('pending', 'leased', 'failed')"
        return [self._connection.execute(query, pair).fetchone()[0] for pair in ids]

    def keep(
        self,
        source: str,
        prefix: str,
        lines: Iterable[tuple[str, IndexLine]],
        progress: QueryProgress,
        *,
        asked: float,
        span: int,
    ) -> None:
        """Keep one page of the answer to the query for *prefix*: (name, capture) pairs, and how far it goes."""
        rows = [(source, name, *line) for name, line in lines]
        self._connection.executemany("INSERT OR REPLACE INTO cdx_captures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute(
            "INSERT INTO cdx_answers (source, prefix, asked, span, lines, pages, upto, resume)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, prefix) DO UPDATE SET asked = excluded.asked,"
            " lines = excluded.lines + CASE WHEN excluded.pages > 1 THEN lines ELSE 0 END,"
            " pages = excluded.pages, upto = excluded.upto, resume = excluded.resume",
            (source, prefix, asked, span, len(rows), progress.pages, progress.upto, progress.resume),
        )


def settled_before(name: str, upto: str) -> bool:
    """Return whether an index, sorted by name and read up to *upto*, has listed all captures of *name*.

    >>> settled_before("1793", "1794"), settled_before("1793", "17931"), settled_before("18", "1794")
    (True, False, False)
    """
    name, upto = name.lower(), upto.lower()
    return name < upto and not upto.startswith(name)
