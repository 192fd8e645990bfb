"""Checking one line of a corpus: is it a record of the schema, the one that was written, and are its pictures there."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any
from zlib import crc32

import jsonschema_rs
import orjson

from crawler.archive.losses import CapturePlace, read_losses
from crawler.archive.pictures import is_there
from crawler.archive.schema import NO_CRC
from crawler.archive.segments import LinePlace
from crawler.archive.warcs import FOLDER
from crawler.corpus.fixity.warccheck import check_coordinates
from crawler.frontier.targets import target_id
from crawler.items import Article
from crawler.jsonl import CHECKSUM_FIELD, LAST_FIELDS, checksum_holds
from crawler.text import content_sha256

_FIELDS = tuple(Article.__dataclass_fields__)
_FIELDS_OF = {_FIELDS[: _FIELDS.index(last) + 1] for last in LAST_FIELDS} | {(*_FIELDS, CHECKSUM_FIELD)}
"""The fields of a line, by how old it is: some came later, each time at the end."""

_CHANGED = "it is not the line that was written: its CRC-32 or length is another"

_HASHED_ONE_IN = 16
"""Where a line is the one that was written, as its CRC-32 tells, only a bug of ours could have given its text another
hash. So of those lines only one in so many bytes' offsets is hashed again."""

_PICTURE = "SELECT path, bytes FROM pictures WHERE name = ? AND status = 'stored'"
_RECORD = (
    "SELECT segment, offset, length, crc, kind, content_sha256, duplicate_of, key"
    " FROM records JOIN targets USING (tid) WHERE tid = ? AND version = ?"
)


@cache
def _records_of(lines: int) -> str:
    """Return the query for those of so many lines that the catalogue has with the very same facts."""
    columns = "tid, version, segment, offset, length, crc, kind, content_sha256, duplicate_of, key"
    values = ", ".join([f"({', '.join('?' * 10)})"] * lines)
    return (
        f"WITH line ({columns}) AS (VALUES {values})"  # noqa: S608 - our own words
        " SELECT line.offset FROM line CROSS JOIN records r ON r.tid = line.tid AND r.version = line.version"
        " CROSS JOIN targets t ON t.tid = line.tid"
        " WHERE r.segment = line.segment AND r.offset = line.offset AND r.length = line.length AND r.crc = line.crc"
        " AND r.kind = line.kind AND r.content_sha256 IS line.content_sha256 AND r.duplicate_of IS line.duplicate_of"
        " AND t.key = line.key"
    )


@cache
def record_validator() -> jsonschema_rs.Validator:
    """Return the validator of a record, from ``crawler/schema.json``."""
    return jsonschema_rs.validator_for(orjson.loads(files("crawler").joinpath("schema.json").read_bytes()))


class LineChecker:
    """Checks lines of the corpus at *root*, some after the others in the order of their segment.

    ``known`` counts those that are where the catalogue has them; ``seen`` gathers which of the *unlisted* pictures
    they name; ``lost`` the records whose captures are recorded as lost, by place.
    """

    def __init__(self, root: Path, connection: sqlite3.Connection, unlisted: frozenset[str]) -> None:
        self.known = 0
        self.seen: set[str] = set()
        self.lost: dict[CapturePlace, list[str]] = {}
        self._root = root
        self._query = connection.execute
        self._unlisted = unlisted
        self._validator = record_validator()
        self._shift: int | None = 0
        self._losses = read_losses(root)

    def check(self, lines: Sequence[tuple[LinePlace, bytes]]) -> Iterator[tuple[LinePlace, str]]:
        """Yield what is wrong with each of some *lines* of a segment: where it is, and what."""
        read = [(place, line, *self._read(line)) for place, line in lines]
        as_catalogued = self._as_catalogued([(place, line, record) for place, line, record, _ in read if record])
        for place, line, record, flaws in read:
            if record is None:
                yield from ((place, flaw) for flaw in flaws)
                continue
            agrees = place.offset in as_catalogued
            catalogued = self._shifted(0) if agrees else self._catalogued(record, line, place)
            hashed = agrees and place.offset % _HASHED_ONE_IN != 0
            messages = [*self._content(record, place, hashed=hashed), *catalogued]
            if checksum_holds(line) is False and _CHANGED not in messages:
                messages.append(_CHANGED)
            for message in chain(messages, self._pictures(record), self._capture(record)):
                yield place, f"{record['key']} version {record['version']}: {message}"

    def _read(self, line: bytes) -> tuple[dict[str, Any] | None, list[str]]:
        """Return the record in *line*, or None and why there is none."""
        if not line.endswith(b"\n"):
            return None, ["the line is torn"]
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            return None, [f"not JSON: {error}"]
        if self._validator.is_valid(record):
            return record, []
        name = f"{record['key']}: " if isinstance(record, dict) and isinstance(record.get("key"), str) else ""
        flaws = self._validator.iter_errors(record)
        return None, [f"{name}{'.'.join(map(str, flaw.instance_path)) or 'record'}: {flaw.message}" for flaw in flaws]

    def _as_catalogued(self, lines: list[tuple[LinePlace, bytes, dict[str, Any]]]) -> set[int]:
        """Return the offsets of those *lines* that the catalogue has just so, as all but a few are: in one question."""
        parameters: list[Any] = []
        for place, line, record in lines:
            key, text_hash = record["key"], record["content_sha256"]
            parameters += (target_id(key), record["version"], *place, crc32(line), record["kind"])
            parameters += (text_hash and bytes.fromhex(text_hash), record["near_duplicate_of"], key)
        try:
            return {offset for (offset,) in self._query(_records_of(len(lines)), parameters)} if parameters else set()
        except OverflowError:  # a version of more than 64 bits is none that we wrote; which it is, is found one by one
            return set()

    def _content(self, record: dict[str, Any], place: LinePlace, *, hashed: bool) -> Iterator[str]:
        """Yield what is wrong within a line; its text was *hashed* when it was written, or read into the catalogue."""
        if tuple(record) not in _FIELDS_OF:
            yield "the fields are not in the order of the record"
        if not hashed and record["content_sha256"] != content_sha256(record["text"]):
            yield "content_sha256 does not match the text"
        family = place.segment.partition("-")[0]
        if (record["near_duplicate_of"] is not None) != (family == "duplicates"):
            yield f"near_duplicate_of is {record['near_duplicate_of']!r}, which does not belong in {family}/"
        rule = record.get("duplicate_rule")
        if rule is not None and family != "duplicates":
            yield f"duplicate_rule is {rule!r}, which does not belong in {family}/"

    def _catalogued(self, record: dict[str, Any], line: bytes, place: LinePlace) -> Iterator[str]:
        try:
            row = self._query(_RECORD, (target_id(record["key"]), record["version"])).fetchone()
        except OverflowError:  # a version of more than 64 bits is none that we wrote
            row = None
        if row is None or row[7] != record["key"]:
            yield "it is not in the catalogue"
            return
        segment, offset, length, crc = row[:4]
        if segment == place.segment and length == place.length and crc in {crc32(line), NO_CRC}:
            yield from self._shifted(place.offset - offset)
        elif (segment, offset) != place[:2]:
            yield f"it is there twice, also in {segment} at {offset}"
        else:
            self.known += 1
            yield _CHANGED
        text_hash = record["content_sha256"] and bytes.fromhex(record["content_sha256"])
        if row[4:7] != (record["kind"], text_hash, record["near_duplicate_of"]):
            yield "the catalogue has another kind, content_sha256 or near_duplicate_of for it"

    def _shifted(self, shift: int) -> Iterator[str]:
        """Tell only the first of lines that have moved together."""
        self.known += shift == 0
        if shift not in {0, self._shift}:
            yield f"it was written {abs(shift)} bytes {'further on' if shift < 0 else 'before'}, as were those after it"
        self._shift = shift

    def _capture(self, record: dict[str, Any]) -> Iterator[str]:
        capture = record["capture"]
        file, offset = capture["warc_file"], capture["warc_offset"]
        if file is not None and offset is not None and file.startswith(f"{FOLDER}/"):
            loss = self._losses.get(CapturePlace(file, offset))
            if loss and loss.repaired:
                self.lost.setdefault(loss.place, []).append(f"{record['key']} version {record['version']}")
                return
            message = check_coordinates(self._root, file, offset, capture["url"])
            if message:
                yield message

    def _is_replaced(self, image: dict[str, Any]) -> bool:
        """Return whether the file of *image* was lost, and a later line has what the site had then in its place."""
        row = self._query(_PICTURE, (image["pic"] or image["url"] or "",)).fetchone()
        return row is not None and row[0] != image["path"] and is_there(self._root, *row)

    def _pictures(self, record: dict[str, Any]) -> Iterator[str]:
        for image in record["images"]:
            path = image["path"]
            if path in self._unlisted:
                self.seen.add(path)
            if image["status"] != "stored":
                continue
            if Path(path).stem != image["sha256"]:
                yield f"its picture {path} is not named by its sha256"
            try:
                found = (self._root / path).stat(follow_symlinks=False)
            except OSError:
                if not self._is_replaced(image):
                    yield f"its picture {path} is missing"
                continue
            if not stat.S_ISREG(found.st_mode) or found.st_size != image["bytes"]:
                yield f"its picture {path} has {found.st_size} bytes, not {image['bytes']}"
