"""Checking a corpus against its own promises: lines, schema, hashes, pictures, catalogue."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from crawler.archive.frontier import target_id
from crawler.archive.lock import CorpusLock
from crawler.archive.reading import read_catalogue
from crawler.archive.segments import FAMILIES, Place, read_lines, segment_name, segment_paths
from crawler.items import Article
from crawler.text import content_sha256

FIELDS = tuple(Article.__dataclass_fields__)


class Problem(NamedTuple):
    """Something that is not as promised: in which file, where in it (a byte offset, or None), and what."""

    file: str
    offset: int | None
    message: str


class Verification(NamedTuple):
    """What was checked: lines, pictures, the problems found, and what the next crawl will mend by itself."""

    lines: int
    pictures: int
    problems: list[Problem]
    notes: list[str]


def record_validator() -> jsonschema_rs.Validator:
    """Return the validator of a record, from ``crawler/schema.json``."""
    return jsonschema_rs.validator_for(orjson.loads(files("crawler").joinpath("schema.json").read_bytes()))


def verify(root: Path, *, at_most: int = 1000, on_line: Callable[[int], None] = lambda _: None) -> Verification:
    """Check the corpus at *root*; stop after *at_most* problems. *on_line* is called with the bytes of each line.

    Raises ``CorpusError`` if there is no corpus, another process writes to it, or its catalogue cannot be read.
    """
    with read_catalogue(root) as connection:
        lock = CorpusLock(root)
        try:
            return _Verifier(root, connection, at_most, on_line).run()
        finally:
            lock.release()


class _Verifier:
    def __init__(
        self, root: Path, connection: sqlite3.Connection, at_most: int, on_line: Callable[[int], None]
    ) -> None:
        self._root = root
        self._query = connection.execute
        self._at_most = at_most
        self._on_line = on_line
        self._validator = record_validator()
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        self._lines = 0
        self._known = 0

    def run(self) -> Verification:
        pictures = 0
        for check in (self._segments(), self._pictures()):
            for found in check:
                if isinstance(found, Problem):
                    self._problems.append(found)
                    if len(self._problems) >= self._at_most:
                        self._notes.append(f"stopped at {self._at_most} problems")
                        return Verification(self._lines, pictures, self._problems, self._notes)
                else:
                    pictures += 1
        return Verification(self._lines, pictures, self._problems, self._notes)

    def _segments(self) -> Iterator[Problem]:
        ends = dict(self._query("SELECT name, bytes FROM segments").fetchall())
        for family in FAMILIES:
            for path in segment_paths(self._root, family):
                end = ends.pop(segment_name(path), 0)
                yield from self._segment(path, family, end)
        for name in ends:
            yield Problem(name, None, "the catalogue has read this segment, but it is gone")
        (records,) = self._query("SELECT count(*) FROM records").fetchone()
        if records != self._known:
            yield Problem("catalogue.sqlite", None, f"it knows {records} records, but {self._known} lines are there")

    def _segment(self, path: Path, family: str, end: int) -> Iterator[Problem]:
        """Check the lines of a segment that the catalogue has read up to *end*."""
        file, size, beyond = path.relative_to(self._root).as_posix(), 0, 0
        for offset, line in read_lines(path):
            self._on_line(len(line))
            size += len(line)
            if offset >= end:
                beyond += 1
                continue
            self._lines += 1
            place = Place(segment_name(path), offset, len(line))
            for message in self._line(line, place, family):
                yield Problem(file, offset, message)
        if beyond:
            self._notes.append(
                f"{file}: {beyond} lines from {end} on are not in the catalogue; the next run takes them in"
            )
        if size < end:
            yield Problem(file, size, f"it is {end - size} bytes shorter than what the catalogue has read")

    def _line(self, line: bytes, place: Place, family: str) -> Iterator[str]:
        if not line.endswith(b"\n"):
            yield "the line is torn"
            return
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield f"not JSON: {error}"
            return
        errors = [
            f"{'.'.join(map(str, error.instance_path)) or 'record'}: {error.message}"
            for error in self._validator.iter_errors(record)
        ]
        if errors:
            yield from errors
            return
        if tuple(record) != FIELDS:
            yield "the fields are not in the order of the record"
        if record["content_sha256"] != content_sha256(record["text"]):
            yield "content_sha256 is not that of the text"
        if (record["near_duplicate_of"] is not None) != (family == "duplicates"):
            yield f"near_duplicate_of is {record['near_duplicate_of']!r}, which does not belong in {family}/"
        yield from self._catalogued(record, place)
        yield from self._images(record)

    def _catalogued(self, record: dict[str, Any], place: Place) -> Iterator[str]:
        row = self._query(
            "SELECT segment, offset, length FROM records WHERE tid = ? AND version = ?",
            (target_id(record["key"]), record["version"]),
        ).fetchone()
        if row is None:
            yield f"{record['key']} version {record['version']} is not in the catalogue"
        elif Place(*row) != place:
            yield f"{record['key']} version {record['version']} is there twice, also in {row[0]} at {row[1]}"
        else:
            self._known += 1

    def _images(self, record: dict[str, Any]) -> Iterator[str]:
        for image in record["images"]:
            if image["status"] != "stored":
                continue
            try:
                size = (self._root / image["path"]).stat().st_size
            except OSError:
                yield f"its picture {image['path']} is missing"
                continue
            if size != image["bytes"]:
                yield f"its picture {image['path']} has {size} bytes, not {image['bytes']}"

    def _pictures(self) -> Iterator[Problem | Path]:
        for path in sorted((self._root / "images").glob("??/*")):
            if path.name.startswith(".tmp-"):
                continue
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != path.stem:
                yield Problem(path.relative_to(self._root).as_posix(), None, "its bytes are not those of its name")
            yield path
