"""Lines of a corpus for those who only read it: in the order of the segments, also while a crawl writes.

Read are the whole lines that the catalogue has read, and nothing beyond (but see :class:`AllLines`). What is wanted is
copied from the catalogue into a temporary table first, so that no long reading holds back the checkpoints of a crawl.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from crawler.archive.places import lines_at
from crawler.archive.reading import read_catalogue
from crawler.archive.segments import Place, read_lines, segment_name, segment_paths
from crawler.archive.selection import LATEST, Selection


class Line(NamedTuple):
    """A line of a corpus: where it is, its bytes with the newline, and the record in it."""

    place: Place
    raw: bytes
    record: dict[str, Any]


class Lines:
    """The selected lines. ``total``: how many the catalogue knows; ``damaged``: those passed that are no record."""

    def __init__(self, root: Path, connection: sqlite3.Connection, on_progress: Callable[[int, int], None]) -> None:
        self._root = root
        self._connection = connection
        self._on_progress = on_progress
        self._read = 0
        self.total: int = connection.execute("SELECT count(*) FROM wanted").fetchone()[0]
        self.damaged: list[Place] = []

    def __iter__(self) -> Iterator[Line]:
        segments = self._connection.execute("SELECT DISTINCT segment FROM wanted ORDER BY segment").fetchall()
        for (segment,) in segments:
            rows = self._connection.execute(
                "SELECT offset, length FROM wanted WHERE segment = ? ORDER BY offset", (segment,)
            )
            for place, raw in lines_at(self._root, segment, iter(rows)):
                self._read += 1
                self._on_progress(self._read, self.total)
                record = read_record(raw)
                if record is None:
                    self.damaged.append(place)
                else:
                    yield Line(place, raw, record)


class AllLines:
    """All lines of *family* in the corpus at *root*, as its files have them: where there is no catalogue, as in a bag.

    ``damaged``: those passed that are no record, or torn.
    """

    def __init__(self, root: Path, family: str) -> None:
        self._root = root
        self._family = family
        self.damaged: list[Place] = []

    def __iter__(self) -> Iterator[Line]:
        for path in segment_paths(self._root, self._family):
            for offset, raw in read_lines(path):
                place = Place(segment_name(path), offset, len(raw))
                record = read_record(raw) if raw.endswith(b"\n") else None
                if record is None:
                    self.damaged.append(place)
                else:
                    yield Line(place, raw, record)


@contextmanager
def selected_lines(
    root: Path,
    selection: Selection,
    *,
    all_versions: bool = False,
    family: str | None = None,
    on_progress: Callable[[int, int], None] = lambda _read, _total: None,
) -> Iterator[Lines]:
    """Give the lines of *selection*: the latest of each key in articles/, or *all_versions*, duplicates/ too.

    A key of which duplicates/ has the highest version stands in articles/ no more. With *family* only those in
    ``articles`` or ``duplicates``. *on_progress* is told how many of how many are read. Raises ``CorpusError`` if
    there is no corpus, ``CorpusDamaged`` if lines are gone.
    """
    condition, parameters = selection.where("r")
    with read_catalogue(root) as connection:
        connection.execute("PRAGMA temp_store = FILE")  # memory stays flat, however many there are
        connection.execute(
            "CREATE TEMP TABLE wanted (segment TEXT, offset INTEGER, length INTEGER, PRIMARY KEY (segment, offset))"
            " WITHOUT ROWID"
        )
        connection.execute(
            "INSERT INTO wanted SELECT r.segment, r.offset, r.length FROM records r"  # noqa: S608 - our own words
            f" WHERE {'1' if all_versions else LATEST} AND {condition} AND r.segment GLOB :segments"
            " ORDER BY r.segment, r.offset",
            {**parameters, "segments": f"{family or ''}*"},
        )
        connection.commit()
        yield Lines(root, connection, on_progress)


def read_record(raw: bytes) -> dict[str, Any] | None:
    """Return the record in a line, None if it is torn or is none."""
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("key"), str) else None
