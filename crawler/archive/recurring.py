"""The boilerplate of a site: short paragraphs that recur on many of its articles, learned from the lines alone.

It counts the paragraphs at the edges of articles (:mod:`crawler.text.boilerplate`): of all the first thousand
articles, then of one in sixteen, so a line costs some two microseconds. A paragraph is boilerplate once it was on 8 of
the counted articles, and on one in a hundred since it was first seen. It stays boilerplate, because later lines, which
are cleaned of it, no longer show it. Other paragraphs that have become too rare are dropped now and then (lossy
counting: Manku and Motwani, "Approximate frequency counts over data streams", VLDB 2002), so the table stays small.
The result depends only on the lines in articles/ and their order.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from crawler.sqlite import insert
from crawler.text.boilerplate import edge_keys

_MIN_PAGES, _ONE_IN = 8, 100
_RARE_SHARE_INVERSE = 2 * _ONE_IN
_FULLY_COUNTED_ARTICLES, _LATER_ONE_IN = 1_000, 16
_ARTICLES_A_CLEANUP = 1_000
_MAX_KNOWN_PARAGRAPHS: Final = 1_000
_ARTICLES: Final = -1

SCHEMA: Final = """
CREATE TABLE recurring (            -- paragraphs at the edges of articles; see the module of this name
    key INTEGER PRIMARY KEY,        -- see paragraph_key(); -1: pages is how many articles there are
    pages INTEGER NOT NULL,         -- on how many of the counted articles it stood
    first INTEGER NOT NULL,         -- how many had been counted when it was first seen
    last INTEGER NOT NULL,          -- the tid of the last of them: versions of one article count once
    known INTEGER NOT NULL          -- whether it is boilerplate
);
CREATE INDEX recurring_known ON recurring (key) WHERE known;
"""
_COUNT = f"""
INSERT INTO recurring VALUES (?, 1, ?, ?, 0)
ON CONFLICT (key) DO UPDATE SET
    pages = pages + (last != excluded.last),
    last = excluded.last,
    known = known OR (
        pages + (last != excluded.last) >= {_MIN_PAGES}
        AND (pages + (last != excluded.last)) * {_ONE_IN} > excluded.first - first
    )"""  # noqa: S608 - our own numbers
_DROP_RARE = (
    f"DELETE FROM recurring WHERE NOT known AND key != {_ARTICLES} AND pages * {_RARE_SHARE_INVERSE} < ? - first"  # noqa: S608 - our own numbers
)
_KNOWN_SQL = f"SELECT key FROM recurring WHERE known ORDER BY key LIMIT {_MAX_KNOWN_PARAGRAPHS}"  # noqa: S608 - our own numbers
_SET_ARTICLES = f"""
INSERT INTO recurring VALUES ({_ARTICLES}, ?, 0, 0, 0) ON CONFLICT (key) DO UPDATE SET pages = excluded.pages"""  # noqa: S608


class Recurring:
    """The counts of a catalogue. ``known`` are the keys of boilerplate, as of the last write."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._articles = self._written = 0
        self._unwritten: list[tuple[int, int, int]] = []
        self.known: frozenset[int] = frozenset()

    def load(self) -> None:
        """Read the counts, after the catalogue was opened or a transaction was undone."""
        self._unwritten.clear()
        row = self._connection.execute("SELECT pages FROM recurring WHERE key = ?", (_ARTICLES,)).fetchone()
        self._articles = self._written = row[0] if row else 0
        self.known = frozenset(key for (key,) in self._connection.execute(_KNOWN_SQL))

    def add(self, text: str, tid: int) -> None:
        """Count the paragraphs of an article's *text*, a line of articles/, inside a transaction."""
        number = self._articles
        self._articles += 1
        if number >= _FULLY_COUNTED_ARTICLES and number % _LATER_ONE_IN:
            return
        counted = (
            number
            if number < _FULLY_COUNTED_ARTICLES
            else _FULLY_COUNTED_ARTICLES + (number - _FULLY_COUNTED_ARTICLES) // _LATER_ONE_IN
        )
        self._unwritten += ((key, counted, tid) for key in edge_keys(text))
        if counted % _ARTICLES_A_CLEANUP == _ARTICLES_A_CLEANUP - 1:
            self.write()
            self._connection.execute(_DROP_RARE, (counted,))

    def write(self) -> None:
        """Write the counts, inside a transaction."""
        if self._articles == self._written:
            return
        self._connection.execute(_SET_ARTICLES, (self._articles,))
        self._written = self._articles
        if not self._unwritten:
            return
        insert(self._connection, _COUNT, self._unwritten)
        self._unwritten.clear()
        self.known = frozenset(key for (key,) in self._connection.execute(_KNOWN_SQL))


def known_boilerplate(connection: sqlite3.Connection) -> frozenset[int]:
    """Return the keys of the boilerplate in a catalogue."""
    return frozenset(key for (key,) in connection.execute(_KNOWN_SQL))
