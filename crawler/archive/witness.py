"""What an old catalogue, soon replaced, still knows: the CRC-32 of each line that it read, and the keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from crawler.archive.intact import CrcOf, crcs_of
from crawler.archive.segments import LinePlace
from crawler.sqlite import connect_to_read


class KnownKey(NamedTuple):
    """An archived line: its key and version, its target's distance from the seeds, and what dumps say about it.

    A stub has only ``title`` and ``pic``; the lines of the records that list it may be lost with it.
    """

    key: str
    version: int
    depth: int | None = None
    title: str | None = None
    pic: str | None = None


def known_of(key: object, version: object, depth: object, title: object, pic: object) -> KnownKey | None:
    """Return the known key from values that may be damaged; those of a wrong type are left out. None without a key."""
    if not isinstance(key, str) or not isinstance(version, int):
        return None
    texts = (text if isinstance(text, str) else None for text in (title, pic))
    return KnownKey(key, version, depth if isinstance(depth, int) and depth >= 0 else None, *texts)


class Witness:
    """The catalogue at *path*, as far as it can be read; empty if it is missing or broken, or *path* is None."""

    def __init__(self, path: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        self._ends: dict[str, int] = {}
        if path is None or not path.exists():
            return
        try:
            self._connection = connect_to_read(path)
            self._connection.text_factory = lambda text: text.decode(errors="replace")
            rows = self._connection.execute("SELECT name, CAST(bytes AS INTEGER) FROM segments").fetchall()
            self._connection.execute("SELECT tid, version, crc, segment, offset FROM records LIMIT 1").fetchone()
            self._ends = dict(rows)
        except sqlite3.Error:
            self.close()

    def close(self) -> None:
        """Close the catalogue."""
        if self._connection:
            self._connection.close()
        self._connection, self._ends = None, {}

    def end(self, segment: str) -> int:
        """Return how far the catalogue has read *segment*."""
        return self._ends.get(segment, 0)

    def crc_of(self, place: LinePlace) -> CrcOf | None:
        """Return a function for the CRC-32 of the line at *place*; None if it had not read so far, or is unreadable."""
        if self._connection is None or place.offset >= self.end(place.segment):
            return None
        crc_of = crcs_of(self._connection)

        def tolerant(key: str, version: int) -> int | None:
            try:
                return crc_of(key, version)
            except sqlite3.Error:
                return None

        return tolerant

    def lines(self, segment: str) -> dict[int, KnownKey]:
        """Return the lines that the catalogue has of *segment*, by byte offset."""
        return {offset: known for known, offset in self._rows("r.segment = ?", (segment,))}

    def newest(self) -> Iterator[KnownKey]:
        """Yield the newest version of each key in the catalogue, as far as it can be read."""
        newest = "r.version = (SELECT max(v.version) FROM records v WHERE v.tid = r.tid)"
        yield from (known for known, _ in self._rows(newest, ()))

    def _rows(self, condition: str, values: tuple[object, ...]) -> Iterator[tuple[KnownKey, int]]:
        if self._connection is None:
            return
        query = (
            "SELECT t.key, r.version, t.depth, t.title, t.pic, r.offset"  # noqa: S608 - our own words
            f" FROM records r JOIN targets t USING (tid) WHERE {condition}"
        )
        try:
            for *facts, offset in self._connection.execute(query, values):
                if known := known_of(*facts):
                    yield known, offset
        except sqlite3.Error:
            return
