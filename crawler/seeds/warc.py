"""WARC, WET and ARC files as a stream of page texts; broken data is skipped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from w3lib.encoding import http_content_type_encoding

from crawler.exceptions import SeedError
from crawler.warc.archive import Raw, is_archive, is_compressed, read_archive, read_stream, reading
from crawler.warc.coding import TooLong
from crawler.warc.framing import Gap
from crawler.warc.http import read_message
from crawler.warc.sources import WarcSource, is_wacz, wacz_sources

_KINDS = frozenset({"response", "resource", "conversion"})
_ARCHIVE_RE = re.compile(r"\.(?:warc|wet|wat|arc)\.(?:gz|zst)$", re.IGNORECASE)
_RECORDS_PER_PROGRESS = 1024
MAX_PAYLOAD = 16 << 20
"""The part of a longer record that is read, so that memory stays bounded."""

Report = Callable[[SeedError], None]


@dataclass(frozen=True, slots=True)
class ArchivedPage:
    """The payload of one record: ``offset`` is the record's place in the file, compressed or not."""

    offset: int
    url: str | None
    timestamp: str | None
    payload: bytes
    coding: str | None = None
    """How the coding of the body differs from its header, None if it does not."""
    charset: str | None = None
    """The charset in the HTTP header."""
    container_charset: str | None = None
    """The charset in the record's own header."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which records of an archive to keep: those whose payload :attr:`holds` something, from :attr:`wanted` URLs.

    The payload is checked first: it excludes nearly all records, whose headers then need not be read.
    """

    holds: Callable[[bytes], bool]
    wanted: Callable[[str | None], bool]
    progress: Callable[[int], None]
    """Receives at intervals the current position in the file."""


def archives_in(source: str) -> list[WarcSource]:
    """Return the WARC and ARC data in the file *source*: itself, the content of a WACZ file, or else nothing.

    Raises SeedError for a WACZ file that cannot be read.
    """
    path = Path(source)
    try:
        if is_wacz(source):
            return list(wacz_sources(source, source))
        with reading(path) as (read_at, size):
            is_one = is_archive(read_at, size) or (
                is_compressed(read_at, size) and _ARCHIVE_RE.search(path.name) is not None
            )
        return [WarcSource(source, source, 0, size)] if is_one else []
    except (OSError, ValueError) as error:
        raise SeedError(source, str(error)) from error


def read_warc(source: str, stream: IO[bytes], sieve: Sieve, report: Report) -> Iterator[ArchivedPage]:
    """Yield what *sieve* keeps of the records in *stream*, which is read once; *source* is its name."""
    yield from _sieved(read_stream(stream.read, MAX_PAYLOAD), source, sieve, report)


def read_source(source: WarcSource, sieve: Sieve, report: Report) -> Iterator[ArchivedPage]:
    """Yield what *sieve* keeps of the response, resource and conversion records in *source*.

    HTTP bodies are decoded. *report* receives errors, and problems of records that are read anyway.
    """
    with reading(source.path, source.start, source.size) as (read_at, size):
        yield from _sieved(read_archive(read_at, size, MAX_PAYLOAD), source.name, sieve, report)


def _sieved(records: Iterable[Raw | Gap], source: str, sieve: Sieve, report: Report) -> Iterator[ArchivedPage]:
    for number, record in enumerate(records):
        if isinstance(record, Gap):
            report(SeedError(source, f"broken record at offset {record.place}, skipped ({record.reason})"))
            continue
        if not number % _RECORDS_PER_PROGRESS:
            sieve.progress(record.offset)
        if record.note:
            report(SeedError(source, f"the record at offset {record.offset}: {record.note}"))
        payload, coding, charset = _payload(record, source, report)
        if sieve.holds(payload):
            headers = record.headers
            url = headers.get("warc-target-uri", "").strip("<>") or None
            if record.kind in _KINDS and sieve.wanted(url):
                own = _charset(headers.get("content-type"))
                yield ArchivedPage(record.offset, url, headers.get("warc-date"), payload, coding, charset, own)


def _payload(record: Raw, source: str, report: Report) -> tuple[bytes, str | None, str | None]:
    """Return the decoded content of the record, how its header is wrong about the coding, and its charset."""
    message = read_message(record.block)
    if message is None:
        return record.block, None, None
    charset = _charset(message.header("content-type"))
    try:
        decoded = message.decoded(MAX_PAYLOAD)
    except TooLong as error:
        report(SeedError(source, f"the record at offset {record.offset}: {error}"))
        return error.start, None, charset
    except ValueError as error:
        if record.kind in _KINDS:
            report(SeedError(source, f"broken record at offset {record.offset}, skipped ({error})"))
        return b"", None, None
    if not decoded.whole and record.kind in _KINDS:
        report(SeedError(source, f"the record at offset {record.offset}: its body is cut short"))
    return decoded.body, "; ".join(decoded.notes) or None, charset


def _charset(content_type: str | None) -> str | None:
    return http_content_type_encoding(content_type) if content_type else None
