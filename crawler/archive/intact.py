"""Whether a line is the one that was written. Every reader of lines asks this, and leaves out a line that is not.

A line's own checksum tells (:mod:`crawler.jsonl`). Lines of before there was one have other witnesses: the CRC-32 that
the catalogue took of them while that catalogue lives, and then, for the text alone, its hash.
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
"""Returns the CRC-32 of the line of a key and version; None for one that is not known."""

_MOST_NAMED: Final = 1_000
_LINE_START: Final = b'{"schema":'
_KEY = r"[a-z0-9][a-z0-9_-]*/(?:[0-9]{1,20}|seed-[0-9a-f]{12})"
_KEY_RE = re.compile(_KEY, re.ASCII)
_KEY_IN_LINE_RE = re.compile(f'"key":"({_KEY})"'.encode())


class NotIntactError(ValueError):
    """A line is not the one that was written; the message says what shows it."""


class Damage(NamedTuple):
    """A line that is not the one that was written: where it is, its key if that can be told, and what shows it."""

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
    """Counts damaged lines; the first of them are ``named``, however many there are."""

    count: int = 0
    named: list[Damage] = field(default_factory=list)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Damage]:
        return iter(self.named)

    def add(self, damage: Damage) -> None:
        """Count *damage*."""
        self.count += 1
        if self.count <= _MOST_NAMED:
            self.named.append(damage)

    def add_all(self, others: Damages) -> None:
        """Count *others*, too."""
        self.named += others.named[: max(0, _MOST_NAMED - len(self.named))]
        self.count += others.count


def crcs_of(connection: sqlite3.Connection) -> CrcOf:
    """Return what the catalogue on *connection* knows of lines by key and version."""

    def crc_of(key: str, version: int) -> int | None:
        try:
            row = connection.execute(
                "SELECT crc FROM records WHERE tid = ? AND version = ?", (target_id(key), version)
            ).fetchone()
        except OverflowError:  # a version of more than 64 bits is none that we wrote
            return None
        return row and int(row[0])

    return crc_of


def intact_record(line: bytes, crc_of: CrcOf | None = None) -> dict[str, Any]:
    """Return the record in *line*, without its checksum; raise ``NotIntactError`` if it is not the line as written.

    *crc_of* is what a catalogue knows that has read all lines; it counts for lines that carry no checksum.
    """
    if not line:
        raise NotIntactError("its segment cannot be read there")
    if not line.endswith(b"\n"):
        raise NotIntactError("it is torn")
    holds = checksum_holds(line)
    if holds is False:
        raise NotIntactError("its bytes are not those of its crc32")
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise NotIntactError("it is not JSON") from error
    if not isinstance(record, dict) or not isinstance(record.get("key"), str):
        raise NotIntactError("it is not a record")
    if holds:
        del record[CHECKSUM_FIELD]
    else:
        _check_by_others(line, record, crc_of)
    return record


def check_line(line: bytes, crc_of: CrcOf | None = None) -> None:
    """Raise ``NotIntactError`` if *line* is not the one that was written; one with a checksum need not be parsed."""
    if not line.endswith(b"\n") or not checksum_holds(line):
        intact_record(line, crc_of)


def record_if_intact(line: bytes, crc_of: CrcOf | None = None) -> dict[str, Any] | None:
    """Return what :func:`intact_record` does, None for a line that is not intact."""
    try:
        return intact_record(line, crc_of)
    except NotIntactError:
        return None


def _check_by_others(line: bytes, record: dict[str, Any], crc_of: CrcOf | None) -> None:
    """Check a line without a checksum by the other witnesses that there are."""
    if next(reversed(record)) not in LAST_FIELDS:
        raise NotIntactError("it does not end as a line ends")
    if crc_of:
        version = record.get("version")
        crc = crc_of(record["key"], version) if isinstance(version, int) else None
        if crc is None:
            raise NotIntactError("the catalogue has no such key and version")
        if crc not in {NO_CRC, crc32(line)}:
            raise NotIntactError("its CRC-32 is not the one that the catalogue took when it was written")
        if crc != NO_CRC:
            return
    text = record.get("text")
    if not isinstance(text, str | None) or content_sha256(text) != record.get("content_sha256"):
        raise NotIntactError("content_sha256 is not that of the text")


def is_key(text: str) -> bool:
    """Return whether *text* has the form of a key."""
    return bool(_KEY_RE.fullmatch(text))


def key_in(line: bytes) -> str | None:
    """Return the key that can be read in a damaged *line*, None if there is none of the form of a key."""
    match = _KEY_IN_LINE_RE.search(line)
    return match[1].decode() if match else None


def parted(line: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, bytes) of what *line* was before the newline in it was lost, if the checksum of its end tells."""
    at = line.rfind(_LINE_START)
    if at > 0 and checksum_holds(line) is False and checksum_holds(line[at:]):
        yield 0, line[:at]
        yield at, line[at:]
    else:
        yield 0, line
