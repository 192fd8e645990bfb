"""Answers out of WARC files instead of the network: an index on disk, and the record that answers a URL best.

The files may be anybody's, so FastWARC reads them, which copes with all that the field's tools write. Of the captures
of a URL, by the canonical form that replay tools use, the first that can be read is taken in this order: the very
URL; status 200 before other answers that are no errors, errors last; the newest.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast
from zlib import crc32

from crawler.exceptions import ConfigError
from crawler.warc.exchange import Exchange, Headers, Truncated
from crawler.warc.index import Capture, CaptureIndex, url_key
from crawler.warc.reading import next_member
from crawler.warc.sources import WarcSource

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

_KINDS = frozenset({"response", "revisit", "resource"})
_OK, _NOT_MODIFIED, _ERRORS = 200, 304, 400
_BROKEN = (OSError, EOFError, ValueError, RuntimeError, KeyError)
_HOP_BY_HOP = frozenset({"transfer-encoding", "connection", "keep-alive", "trailer", "upgrade"})
_TRUNCATED = frozenset({"length", "time", "disconnect", "unspecified"})


class Found(NamedTuple):
    """A capture that answers a URL, and where it lies: the source's name, and the offset in it."""

    exchange: Exchange
    file: str
    offset: int


class Replay:
    """The captures in *sources*, indexed in the SQLite file *cache*; what is there already is not read again.

    *on_problem* is told what cannot be read, and passed over. Raises ``ConfigError`` if FastWARC is not installed.
    Belongs to one thread at a time.
    """

    def __init__(
        self, sources: list[WarcSource], cache: Path, *, max_body: int, on_problem: Callable[[str], None]
    ) -> None:
        try:
            import fastwarc.warc  # noqa: F401, PLC0415 - an extra
        except ImportError as error:
            raise ConfigError("SOURCE=warc: needs FastWARC: pip install 'scrapy-gleaner[warc]'") from error
        self._sources = {source.name: source for source in sources}
        self._max_body = max_body
        self._on_problem = on_problem
        self._index = _open(cache)
        known = self._index.files()
        for name in known.keys() - self._sources.keys():
            self._index.forget(name)
        for source in sources:
            stamp = _stamp(source)
            if known.get(source.name) != (source.size, stamp):
                self._index.forget(source.name)
                self._index.advance(source.name, source.size, stamp)
                for capture in _captures(source, on_problem):
                    self._index.add(capture)
            self._index.commit()
        self.captures = self._index.count()

    def find(self, url: str) -> Found | None:
        """Return what answers *url* best, None if nothing does."""
        for capture in sorted(self._index.of_url(url), key=lambda capture: _rank(capture, url), reverse=True):
            try:
                return Found(self._exchange(capture), capture.file, capture.offset)
            except _BROKEN as error:
                self._on_problem(f"{capture.file}: the capture at {capture.offset} cannot be used ({error})")
        return None

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _exchange(self, capture: Capture) -> Exchange:
        read = self._read(capture)
        if capture.kind == "revisit":
            original = self._read(self._original(capture))
            if read.status in {None, _NOT_MODIFIED}:  # the answer is the one that it confirms
                read = read._replace(status=original.status, headers=original.headers)
            read = _Read(read.protocol or original.protocol, read.status or original.status,
                         read.headers or original.headers, original.body, read.ip, original.truncated)  # fmt: skip
        if read.status is None:
            raise ValueError("it has no HTTP status")
        date = datetime.fromisoformat(capture.date)
        return Exchange(
            url=capture.url,
            date=date if date.tzinfo else date.replace(tzinfo=UTC),
            protocol=read.protocol or "HTTP/1.1",
            status=read.status,
            headers=read.headers,
            body=read.body,
            ip=read.ip,
            truncated=read.truncated,
        )

    def _original(self, revisit: Capture) -> Capture:
        """Return the response that *revisit* refers to: by URL and date, else by its digest."""
        by_place = (
            capture
            for capture in self._index.of_url(revisit.refers_to_url or revisit.url)
            if capture.kind == "response" and revisit.refers_to_date in {None, capture.date}
            and revisit.digest in {None, capture.digest}
        )  # fmt: skip
        by_digest = self._index.of_digest(revisit.digest) if revisit.digest else iter(())
        found = next(by_place, None) or next(by_digest, None)
        if found is None:
            raise ValueError("it is a revisit of a response that is not there")
        return found

    def _read(self, capture: Capture) -> _Read:
        from fastwarc.warc import ArchiveIterator  # noqa: PLC0415 - an extra

        with self._sources[capture.file].open(capture.offset) as file:
            record = next(iter(ArchiveIterator(file, auto_decode="transfer")), None)
            if record is None:
                raise ValueError("there is no record")
            body = record.reader.read(min(record.content_length, self._max_body) + 1)
            while len(body) <= self._max_body and (more := record.reader.read(1 << 16)):
                body += more
            if len(body) > self._max_body:
                raise ValueError(f"it is longer than {self._max_body} bytes")
            return _read(record, body)


class _Read(NamedTuple):
    protocol: str | None
    status: int | None
    headers: Headers
    body: bytes
    ip: str | None
    truncated: Truncated | None


def _read(record: WarcRecord, body: bytes) -> _Read:
    protocol, status, headers = None, None, Headers()
    if record.is_http_parsed:
        line = record.http_headers.status_line or ""
        protocol, status = line.partition(" ")[0] or None, record.http_headers.status_code
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in record.http_headers.items_bytes()
            if name.decode("latin-1").lower() not in _HOP_BY_HOP
        )
    elif record.headers.get("WARC-Type") == "resource":
        status, headers = _OK, (("Content-Type", record.headers.get("Content-Type") or "application/octet-stream"),)
    truncated = record.headers.get("WARC-Truncated")
    return _Read(
        protocol,
        status,
        headers,
        body,
        record.headers.get("WARC-IP-Address"),
        cast("Truncated", truncated if truncated in _TRUNCATED else "unspecified") if truncated else None,
    )


def _rank(capture: Capture, url: str) -> tuple[bool, int, str]:
    status = capture.status or _OK
    good = 2 if status == _OK else 1 if status < _ERRORS else 0
    return capture.url == url, good, capture.date


def _stamp(source: WarcSource) -> int:
    """Return a number that another file, or a later state of the file, hardly has: it stands where a CRC would."""
    return crc32(os.fsencode(source.path.resolve()) + f" {source.start} {source.path.stat().st_mtime_ns}".encode())


def _open(cache: Path) -> CaptureIndex:
    try:
        index = CaptureIndex(cache)
        index.count()
    except sqlite3.DatabaseError:
        for leftover in (cache, Path(f"{cache}-wal"), Path(f"{cache}-shm")):
            leftover.unlink(missing_ok=True)
        index = CaptureIndex(cache)
    return index


def _captures(source: WarcSource, on_problem: Callable[[str], None]) -> Iterator[Capture]:
    """Yield the captures in *source*, over whatever is broken in it."""
    start: int | None = 0
    while start is not None:
        last: int | None = None
        reason = ""
        try:
            for record in _records(source, start):
                last = start + record.stream_pos
                capture = _capture(source.name, last, record)
                if capture:
                    yield capture
        except _BROKEN as error:
            reason = str(error)
        after = start if last is None else last
        start = next_member(source.path, source.start + after + 1, source.start + source.size)
        if start is not None:
            start -= source.start
        if reason or start is not None:
            on_problem(
                f"{source.name}: a broken record at or behind {after} is passed over ({reason or 'it swallows'})"
            )


def _records(source: WarcSource, start: int) -> Iterator[WarcRecord]:
    from fastwarc.warc import ArchiveIterator  # noqa: PLC0415 - an extra

    with source.open(start) as file:
        yield from ArchiveIterator(file)


def _capture(name: str, offset: int, record: WarcRecord) -> Capture | None:
    kind = record.headers.get("WARC-Type") or ""
    if kind not in _KINDS:
        return None
    url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
    if not url.lower().startswith(("http://", "https://")):
        return None
    get = record.headers.get
    status = record.http_headers.status_code if record.is_http_parsed else None
    content_type = record.http_content_type if record.is_http_parsed else get("Content-Type")
    date = get("WARC-Date") or ""
    with suppress(ValueError):
        date = datetime.fromisoformat(date).astimezone(UTC).isoformat() if "+" in date else date
    return Capture(
        name,
        offset,
        0,
        kind,
        url_key(url),
        url,
        date,
        status,
        content_type,
        get("WARC-Payload-Digest"),
        None,
        get("WARC-Record-ID"),
        get("WARC-Refers-To-Target-URI"),
        get("WARC-Refers-To-Date"),
    )
