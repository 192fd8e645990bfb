"""Checks that a line is intact, that is, as it was written. Every reader of lines does, and leaves out others.

A line's own checksum decides (:mod:`crawler.jsonl`). Older lines have no checksum. They are checked by the CRC-32 in
the catalogue, as long as that catalogue exists, and then, for the text alone, by its hash.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from zlib import crc32

import orjson

from crawler.archive.schema import NO_CRC
from crawler.archive.segments import LinePlace
from crawler.frontier.targets import target_id
from crawler.jsonl import CHECKSUM_FIELD, LAST_FIELDS, checksum_holds
from crawler.text import content_sha256

CrcOf = Callable[[str, int], int | None]
"""Returns the CRC-32 of the line of a key and version; None if it is not known."""

_MAX_NAMED_DAMAGES: Final = 1_000
_LINE_START: Final = b'{"schema":'
_KEY = r"[a-z0-9][a-z0-9_-]*/(?:[0-9]{1,20}|seed-[0-9a-f]{12})"
_KEY_RE = re.compile(_KEY, re.ASCII)
_KEY_IN_LINE_RE = re.compile(f'"key":"({_KEY})"'.encode())


class NotIntactError(ValueError):
    """A line is not as it was written; the message says what shows it."""


class Damage(NamedTuple):
    """A line that is not as it was written: where it is, its key if it is readable, and what shows the damage."""

    place: LinePlace
    key: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.place.segment} at {self.place.offset}: {self.key or 'a line of unknown key'}: {self.reason}"

    def facts(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**self.place._asdict(), "key": self.key, "reason": self.reason}


@dataclass(slots=True)
class Damages:
    """Counts damaged lines; only the first ones are ``named``."""

    count: int = 0
    named: list[Damage] = field(default_factory=list)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Damage]:
        return iter(self.named)

    def add(self, damage: Damage) -> None:
        """Count *damage*."""
        self.count += 1
        if self.count <= _MAX_NAMED_DAMAGES:
            self.named.append(damage)

    def add_all(self, other: Damages) -> None:
        """Add the counts of *other*."""
        self.named += other.named[: max(0, _MAX_NAMED_DAMAGES - len(self.named))]
        self.count += other.count


def crcs_of(connection: sqlite3.Connection) -> CrcOf:
    """Return a function that looks CRCs up in the catalogue on *connection*."""

    def crc_of(key: str, version: int) -> int | None:
        try:
            row = connection.execute(
                "SELECT crc FROM records WHERE tid = ? AND version = ?", (target_id(key), version)
            ).fetchone()
        except OverflowError:  # Gleaner writes no version of more than 64 bits
            return None
        return row and int(row[0])

    return crc_of


def intact_record(line: bytes, crc_of: CrcOf | None = None) -> dict[str, Any]:
    """Return the record in *line*, without its checksum; raise ``NotIntactError`` if the line is not as written.

    *crc_of* is that of a catalogue that has read all lines; it counts for lines without a checksum.
    """
    if not line:
        raise NotIntactError("its segment cannot be read there")
    if not line.endswith(b"\n"):
        raise NotIntactError("it is torn")
    holds = checksum_holds(line)
    if holds is False:
        raise NotIntactError("its bytes do not match its crc32")
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise NotIntactError("it is not JSON") from error
    if not isinstance(record, dict) or not isinstance(record.get("key"), str):
        raise NotIntactError("it is not a record")
    if holds:
        del record[CHECKSUM_FIELD]
    else:
        _check_without_checksum(line, record, crc_of)
    return record


def check_line(line: bytes, crc_of: CrcOf | None = None) -> None:
    """Raise ``NotIntactError`` if *line* is not as it was written; a line with a checksum is not parsed."""
    if not line.endswith(b"\n") or not checksum_holds(line):
        intact_record(line, crc_of)


def record_if_intact(line: bytes, crc_of: CrcOf | None = None) -> dict[str, Any] | None:
    """Return what :func:`intact_record` does; None for a line that is not intact."""
    try:
        return intact_record(line, crc_of)
    except NotIntactError:
        return None


def _check_without_checksum(line: bytes, record: dict[str, Any], crc_of: CrcOf | None) -> None:
    """Check a line without a checksum by its CRC in the catalogue, or by the hash of its text."""
    if next(reversed(record)) not in LAST_FIELDS:
        raise NotIntactError("it does not end as a line ends")
    if crc_of:
        version = record.get("version")
        crc = crc_of(record["key"], version) if isinstance(version, int) else None
        if crc is None:
            raise NotIntactError("the catalogue has no such key and version")
        if crc not in {NO_CRC, crc32(line)}:
            raise NotIntactError("its CRC-32 differs from the one in the catalogue")
        if crc != NO_CRC:
            return
    text = record.get("text")
    if not isinstance(text, str | None) or content_sha256(text) != record.get("content_sha256"):
        raise NotIntactError("content_sha256 does not match the text")


def is_key(text: str) -> bool:
    """Return whether *text* has the form of a key."""
    return bool(_KEY_RE.fullmatch(text))


def key_in(line: bytes) -> str | None:
    """Return the key that can be read in a damaged *line*; None if nothing in it has the form of a key."""
    match = _KEY_IN_LINE_RE.search(line)
    return match[1].decode() if match else None


def parted(line: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, bytes) of the lines that *line* was before a newline was lost, if the checksum of its end fits."""
    at = line.rfind(_LINE_START)
    if at > 0 and checksum_holds(line) is False and checksum_holds(line[at:]):
        yield 0, line[:at]
        yield at, line[at:]
    else:
        yield 0, line
