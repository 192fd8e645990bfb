"""Which texts the corpus holds: a set of 60-bit fingerprints, whose cost does not grow with the corpus.

Hashes come in random order, so in one large B-tree each new one would change a page of its own: some 4 KiB written to
the disk for each line. So new fingerprints are appended to a small table, which is also held in memory. When it is
full, it is merged into the large one in the order of the hashes, many to a page (a log-structured merge of two levels:
O'Neil and others, "The log-structured merge-tree", Acta Informatica 33, 1996).
"""

from __future__ import annotations

import sqlite3
from typing import Final

from crawler.sqlite import insert

_HEX_DIGITS = 15
_MAX_RECENT: Final = 2**17
"""Fingerprints held in memory: some 20 MiB. Merging them takes about half a second at five million lines."""

SCHEMA: Final = """
CREATE TABLE fingerprints (         -- of the texts in articles/, by hash; see the module of this name
    hash INTEGER NOT NULL, tid INTEGER NOT NULL, PRIMARY KEY (hash, tid)
) WITHOUT ROWID;
CREATE TABLE recent_fingerprints (hash INTEGER NOT NULL, tid INTEGER NOT NULL);  -- not merged into it yet
"""


def fingerprint(sha256: str) -> int:
    """Return the first 60 bits of *sha256*, given as hex digits."""
    return int(sha256[:_HEX_DIGITS], 16)


class Fingerprints:
    """The fingerprints of a catalogue. Two texts may share one, so callers compare the whole hashes of the texts."""

    def __init__(self, connection: sqlite3.Connection, max_recent: int = _MAX_RECENT) -> None:
        self._connection = connection
        self._max_recent = max_recent
        self._unwritten: list[tuple[int, int]] = []
        self._recent: dict[int, int] = {}
        self._more: dict[int, list[int]] = {}  # further targets of fingerprints that have several

    def load(self) -> None:
        """Read the recent fingerprints, after the catalogue was opened or a transaction was undone."""
        for kept in (self._unwritten, self._recent, self._more):
            kept.clear()
        for found, tid in self._connection.execute("SELECT hash, tid FROM recent_fingerprints"):
            self._remember(found, tid)

    def find(self, found: int) -> list[int]:
        """Return the targets with texts of this fingerprint, ascending."""
        rows = self._connection.execute("SELECT tid FROM fingerprints WHERE hash = ?", (found,)).fetchall()
        if not rows and found not in self._recent:
            return []
        recent = [self._recent[found], *self._more.get(found, ())] if found in self._recent else []
        return sorted({*recent, *(tid for (tid,) in rows)})

    def is_recent(self, found: int) -> bool:
        """Return whether this fingerprint is not in the large table yet."""
        return found in self._recent

    def add(self, found: int, tid: int) -> None:
        """Add the fingerprint of a text of *tid*; :meth:`find` returns it from now on."""
        self._remember(found, tid)
        self._unwritten.append((found, tid))

    def _remember(self, found: int, tid: int) -> None:
        first = self._recent.setdefault(found, tid)
        if first != tid:
            self._more.setdefault(found, []).append(tid)

    def write(self) -> None:
        """Write the added fingerprints, inside a transaction."""
        if not self._unwritten:
            return
        insert(self._connection, "INSERT INTO recent_fingerprints VALUES (?, ?)", self._unwritten)
        self._unwritten.clear()
        if len(self._recent) >= self._max_recent:
            self._connection.execute(
                "INSERT OR IGNORE INTO fingerprints SELECT hash, tid FROM recent_fingerprints ORDER BY hash, tid"
            )
            self._connection.execute("DELETE FROM recent_fingerprints")
            self._recent.clear()
            self._more.clear()
