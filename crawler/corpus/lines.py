"""Lines of a corpus for those who only read it: in the order of the segments, also while a crawl writes.

Read are the whole lines that the catalogue has read, and nothing beyond (but see :class:`AllLines`). What is wanted is
copied from the catalogue into a temporary table first, so that no long reading holds back the checkpoints of a crawl.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from crawler.archive.intact import (
    CrcOf,
    Damage,
    Damages,
    NotIntactError,
    check_line,
    crcs_of,
    intact_record,
    key_in,
    parted,
)
from crawler.archive.places import lines_at
from crawler.archive.reading import read_catalogue
from crawler.archive.sealing import measure, read_seal
from crawler.archive.segments import LinePlace, read_lines, seal_path, segment_name, segment_paths
from crawler.corpus.selection import LATEST, STATE, Selection
from crawler.exceptions import CorpusDamaged
from crawler.jsonl import checksum_holds

_T = TypeVar("_T")


class Line(NamedTuple):
    """A line of a corpus: where it is, its bytes with the newline, and the record in it, without its checksum."""

    place: LinePlace
    raw: bytes
    record: dict[str, Any]


class Lines:
    """The selected lines. ``total``: how many the catalogue knows; ``damaged``: those passed that are not intact."""

    def __init__(self, root: Path, connection: sqlite3.Connection, on_progress: Callable[[int, int], None]) -> None:
        self._root = root
        self._connection = connection
        self._on_progress = on_progress
        self._read = 0
        self.total: int = connection.execute("SELECT count(*) FROM wanted").fetchone()[0]
        self.damaged = Damages()

    def __iter__(self) -> Iterator[Line]:
        return (Line(place, raw, record) for place, raw, record in self._checked(intact_record))

    def raw(self) -> Iterator[bytes]:
        """Yield the bytes of each line; those with a checksum are not parsed for it."""
        return (raw for _, raw, _ in self._checked(check_line))

    def _checked(self, check: Callable[[bytes, CrcOf], _T]) -> Iterator[tuple[LinePlace, bytes, _T]]:
        crc_of = crcs_of(self._connection)
        segments = self._connection.execute("SELECT DISTINCT segment FROM wanted ORDER BY segment").fetchall()
        for (segment,) in segments:
            rows = self._connection.execute(
                "SELECT offset, length FROM wanted WHERE segment = ? ORDER BY offset", (segment,)
            )
            for place, raw in lines_at(self._root, segment, rows):
                self._read += 1
                self._on_progress(self._read, self.total)
                try:
                    yield place, raw, check(raw, crc_of)
                except NotIntactError as error:
                    self.damaged.add(Damage(place, self._key(place), str(error)))

    def _key(self, place: LinePlace) -> str | None:
        """Return the key that the catalogue has at *place*."""
        row = self._connection.execute(
            "SELECT t.key FROM wanted w JOIN targets t USING (tid) WHERE w.segment = ? AND w.offset = ?", place[:2]
        ).fetchone()
        return row and str(row[0])


class AllLines:
    """All lines of *family* in the corpus at *root*, as its files have them: where there is no catalogue, as in a bag.

    ``damaged``: those passed that are not intact. Lines without a checksum count for nothing in a segment that is not
    what its seal says: nothing could tell which of them changed.
    """

    def __init__(self, root: Path, family: str) -> None:
        self._root = root
        self._family = family
        self.damaged = Damages()

    def __iter__(self) -> Iterator[Line]:
        for path in segment_paths(self._root, self._family):
            end, name, as_sealed = 0, segment_name(path), _is_as_sealed(path)
            try:
                for offset, raw in read_lines(path):
                    end = offset + len(raw)
                    for at, piece in parted(raw):
                        place = LinePlace(name, offset + at, len(piece))
                        try:
                            yield Line(place, piece, self._record(piece, as_sealed=as_sealed))
                        except NotIntactError as error:
                            self.damaged.add(Damage(place, key_in(piece), str(error)))
            except CorpusDamaged as error:
                self.damaged.add(Damage(LinePlace(name, end, 0), None, str(error)))

    def _record(self, piece: bytes, *, as_sealed: bool) -> dict[str, Any]:
        if not as_sealed and checksum_holds(piece) is None:
            raise NotIntactError("it has no checksum, and its segment has changed since it was sealed")
        return intact_record(piece)


def _is_as_sealed(path: Path) -> bool:
    """Return whether the segment at *path* is what its seal says, or has none."""
    sealed = seal_path(path)
    try:
        return not sealed.exists() or measure(path).lines_sha256 == read_seal(sealed).lines_sha256
    except CorpusDamaged:
        return False


@contextmanager
def selected_lines(
    root: Path,
    selection: Selection,
    *,
    all_versions: bool = False,
    duplicates: bool = False,
    family: str | None = None,
    on_progress: Callable[[int, int], None] = lambda _read, _total: None,
) -> Iterator[Lines]:
    """Give the lines of *selection*: the latest of each key in articles/, or *all_versions*, duplicates/ too.

    A key of which duplicates/ has the highest version stands in articles/ no more; with *duplicates* its latest line
    is one of those, too. With *family* only those in
    ``articles`` or ``duplicates``. *on_progress* receives how many of how many were read. Raises ``CorpusError`` if
    there is no corpus.
    """
    condition, parameters = selection.sql_condition("r")
    latest = STATE if duplicates else LATEST
    with read_catalogue(root) as connection:
        connection.execute("PRAGMA temp_store = FILE")  # memory stays flat, however many there are
        connection.execute(
            "CREATE TEMP TABLE wanted"
            " (segment TEXT, offset INTEGER, length INTEGER, tid INTEGER, PRIMARY KEY (segment, offset)) WITHOUT ROWID"
        )
        connection.execute(
            "INSERT INTO wanted SELECT r.segment, r.offset, r.length, r.tid FROM records r"  # noqa: S608 - our own words
            f" WHERE {'1' if all_versions else latest} AND {condition} AND r.segment GLOB :segments"
            " ORDER BY r.segment, r.offset",
            {**parameters, "segments": f"{family or ''}*"},
        )
        connection.commit()
        yield Lines(root, connection, on_progress)
