"""Answers from WARC files instead of the network: an index on disk, and the record that answers a URL best.

The files may come from any tool, so :mod:`crawler.warc.archive` reads them and skips broken data. Of the captures of a
URL, by the canonical form that replay tools use, the first readable one is used in this order: exactly this URL first;
status 200, then other answers that are not errors, then errors; the newest first.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import IO, NamedTuple, cast
from zlib import crc32

from crawler.inputs import is_remote, state_of
from crawler.warc.archive import Raw, read_archive, read_record_at, reader_of, reading, unpack
from crawler.warc.coding import dechunked
from crawler.warc.dates import digest_like, instant, plain_digest, same_second
from crawler.warc.exchange import Exchange, Headers, Truncated
from crawler.warc.framing import MAX_HEAD_BYTES, Gap
from crawler.warc.http import Message, read_message
from crawler.warc.index import CaptureIndex, IndexedCapture, url_key
from crawler.warc.members import ReadAt
from crawler.warc.sources import WarcSource

MAX_UNPACKED_BYTES = 1 << 36
"""Limit on a file that is compressed as a whole; it is unpacked into a temporary file."""
MAX_PROBLEMS = 1000
"""The most problems of one file that are reported one by one."""
MAX_REVISITS = 10
"""Limit on a chain of revisits that refer to one another."""

_KINDS = frozenset({"response", "revisit", "resource"})
_HOP_BY_HOP = frozenset({"transfer-encoding", "connection", "keep-alive", "trailer", "upgrade"})
_TRUNCATED = frozenset({"length", "time", "disconnect", "unspecified"})
_PACKED = 1 << 32
"""A bit in the stamp of a file: it is compressed as a whole, and offsets are those in its decompressed content."""
_NO_DATE = "1970-01-01T00:00:00Z"


class ReplayedCapture(NamedTuple):
    """A capture that answers a URL, and its place: the source's name, and the offset in it."""

    exchange: Exchange
    file: str
    offset: int


class Replay:
    """The captures in *sources*, indexed in the SQLite file *cache*; files that it already covers are not read again.

    *on_problem* receives what is unreadable or wrong. Use it in one thread at a time.
    """

    def __init__(
        self, sources: list[WarcSource], cache: Path, *, max_body: int, on_problem: Callable[[str], None]
    ) -> None:
        self._max_body = max_body
        self._on_problem = on_problem
        self._index = _open(cache)
        known = self._index.files()
        for name in known.keys() - {source.name for source in sources}:
            self._index.forget(name)
        self._files = {source.name: _SourceFile(source) for source in sources}
        for name, file in self._files.items():
            size, stamp = known.get(name, (-1, 0))
            file.is_packed = bool(stamp & _PACKED)
            if (size, stamp & ~_PACKED) != (file.source.size, file.stamp):
                self._index_file(file)
            self._index.commit()
        self.captures = self._index.count()

    def find(self, url: str) -> ReplayedCapture | None:
        """Return the capture that answers *url* best, None if there is none."""
        for capture in sorted(self._index.of_url(url), key=lambda capture: _rank(capture, url), reverse=True):
            try:
                return ReplayedCapture(self._exchange(capture), capture.file, capture.offset)
            except (OSError, ValueError) as error:
                self._on_problem(f"{capture.file}: the capture at {capture.offset} cannot be used ({error})")
        return None

    def close(self) -> None:
        """Close the index."""
        self._index.close()
        for file in self._files.values():
            file.close()

    def _index_file(self, file: _SourceFile) -> None:
        """Index *file*; if it is compressed as a whole, its decompressed content."""
        file.is_packed = False
        if not self._index_records(file):
            file.is_packed = True
            self._on_problem(
                f"{file.source.name}: its records are not compressed one by one, so it is unpacked at every run; "
                f"'warcio recompress' makes a file of it that is not"
            )
            self._index_records(file)

    def _index_records(self, file: _SourceFile) -> bool:
        """Index the records of *file*; stop and return False if two of them share a place."""
        name = file.source.name
        self._index.forget(name)
        self._index.advance(name, file.source.size, file.stamp | (_PACKED if file.is_packed else 0))
        last, problems = -1, list[str]()
        try:
            with file.opened() as (read_at, size):
                for record in read_archive(read_at, size, MAX_HEAD_BYTES):
                    if isinstance(record, Gap):
                        problems.append(f"{name}: a broken record at {record.place} is skipped ({record.reason})")
                        continue
                    if record.offset == last:
                        return False
                    last = record.offset
                    problems += self._add(name, record)
        except (OSError, ValueError) as error:
            problems.append(f"{name}: it cannot be read to its end ({error})")
            if isinstance(error, OSError):
                self._index.advance(name, 0, 0)  # the next run reads it again
        for problem in problems[:MAX_PROBLEMS]:
            self._on_problem(problem)
        if len(problems) > MAX_PROBLEMS:
            self._on_problem(f"{name}: and {len(problems) - MAX_PROBLEMS} more like these")
        return True

    def _add(self, name: str, record: Raw) -> Iterator[str]:
        """Add the capture in *record*, if there is one, to the index; yield its problems."""
        if record.note:
            yield f"{name}: the record at {record.offset}: {record.note}"
        try:
            capture = _capture(name, record)
        except ValueError as error:
            yield f"{name}: the record at {record.offset}: {error}"
            return
        if capture is not None:
            if capture.date == _NO_DATE:
                yield f"{name}: the record at {record.offset}: it has no date that can be read"
            self._index.add(capture)

    def _exchange(self, capture: IndexedCapture) -> Exchange:
        read = self._read(capture)
        if capture.kind == "revisit":
            original = self._original(capture, read)
            if read.status in {None, HTTPStatus.NOT_MODIFIED}:  # the answer is the response that the 304 confirms
                read = read._replace(status=original.status, headers=original.headers)
            read = _Read(read.protocol or original.protocol, read.status or original.status,
                         read.headers or original.headers, original.body, read.ip, original.truncated)  # fmt: skip
        if read.status is None:
            raise ValueError("it has no HTTP status")
        return Exchange(
            url=capture.url,
            date=instant(capture.date) or datetime.fromtimestamp(0, UTC),
            protocol=read.protocol or "HTTP/1.1",
            status=read.status,
            headers=read.headers,
            body=read.body,
            ip=read.ip,
            truncated=read.truncated,
        )

    def _original(self, revisit: IndexedCapture, read: _Read) -> _Read:
        """Return the response to which *revisit*, whose content is *read*, refers, if needed through other revisits."""
        seen = {(revisit.file, revisit.offset)}
        for _ in range(MAX_REVISITS):
            found = next((one for one in self._candidates(revisit, read) if (one.file, one.offset) not in seen), None)
            if found is None:
                break
            seen.add((found.file, found.offset))
            read = self._read(found)
            if found.kind != "revisit":
                return read
            revisit = found
        raise ValueError("it is a revisit of a response that is missing")

    def _candidates(self, revisit: IndexedCapture, read: _Read) -> Iterator[IndexedCapture]:
        """Yield what *revisit* may refer to: by record id, URL and date, digest, or the digest of the bytes."""
        digest = revisit.digest
        if read.refers_to:
            yield from self._index.matching("record_id", read.refers_to)
        there = list(self._index.of_url(revisit.refers_to_url or revisit.url))
        if revisit.refers_to_date:
            yield from (
                one
                for one in there
                if same_second(revisit.refers_to_date, one.date) and not _differ(digest, one.digest)
            )
        if digest:
            yield from (one for one in self._index.matching("digest", digest) if one.kind != "revisit")
        earlier = [one for one in there if one.kind != "revisit" and one.date <= revisit.date]
        for one in reversed(earlier):
            is_other = bool(digest) and _differ(digest, one.digest)
            if not is_other and (not digest or digest_like(digest, self._read(one).payload) == digest):
                yield one

    def _read(self, capture: IndexedCapture) -> _Read:
        limit = self._max_body + MAX_HEAD_BYTES
        with self._files[capture.file].opened() as (read_at, size):
            record = read_record_at(read_at, size, capture.offset, limit)
        read = _read(record)
        if record.length > limit or len(read.body) > self._max_body:
            raise ValueError(f"it is longer than {self._max_body} bytes")
        return read


class _SourceFile:
    """A WARC file to read from; ``is_packed`` if it is compressed as a whole, so that it must be unpacked first."""

    def __init__(self, source: WarcSource) -> None:
        self.source = source
        self.stamp = _stamp(source)
        self.is_packed = False
        self._unpacked: IO[bytes] | None = None
        self._unpacked_size = 0
        self._opened = ExitStack()
        self._reader: tuple[ReadAt, int] | None = None
        """Of a remote file, which stays open: each opening is a request."""

    @contextmanager
    def opened(self) -> Iterator[tuple[ReadAt, int]]:
        """Yield a reader and the size. Raises ValueError if the unpacked file is too long."""
        if not self.is_packed and is_remote(self.source.path):
            if self._reader is None:
                reader = reading(self.source.path, self.source.start, self.source.size)
                self._reader = self._opened.enter_context(reader)
            yield self._reader
            return
        if not self.is_packed:
            with reading(self.source.path, self.source.start, self.source.size) as opened:
                yield opened
            return
        if self._unpacked is None:
            with ExitStack() as stack:
                out = stack.enter_context(tempfile.TemporaryFile())
                read_at, size = stack.enter_context(reading(self.source.path, self.source.start, self.source.size))
                self._unpacked_size = unpack(read_at, size, out, MAX_UNPACKED_BYTES)
                out.flush()
                self._unpacked = out
                stack.pop_all()
        yield reader_of(self._unpacked.fileno(), 0, self._unpacked_size), self._unpacked_size

    def close(self) -> None:
        self._opened.close()
        if self._unpacked is not None:
            self._unpacked.close()


class _Read(NamedTuple):
    """The content of a record: ``body`` without chunks, ``payload`` as stored, ``refers_to`` a record id."""

    protocol: str | None
    status: int | None
    headers: Headers
    body: bytes
    ip: str | None
    truncated: Truncated | None
    payload: bytes = b""
    refers_to: str | None = None


def _read(record: Raw) -> _Read:
    protocol, status, headers, body, whole = None, None, Headers(), record.block, not record.cut
    fields = record.headers
    if fields.get("warc-type", "").lower() == "resource":
        status, headers = 200, (("Content-Type", fields.get("content-type") or "application/octet-stream"),)
    elif message := read_message(record.block):
        decoded = dechunked(message.body, "chunked" in (message.header("transfer-encoding") or "").lower())
        protocol, status, body = message.protocol, message.status, decoded.body
        headers = tuple((name, value) for name, value in message.headers if name.lower() not in _HOP_BY_HOP)
        whole = whole and decoded.whole
    truncated = fields.get("warc-truncated") or (None if whole else "disconnect")
    return _Read(
        protocol if protocol and "/" in protocol else None,
        status,
        headers,
        body,
        fields.get("warc-ip-address"),
        cast("Truncated", truncated if truncated in _TRUNCATED else "unspecified") if truncated else None,
        message.body if status is not None and (message := read_message(record.block)) else record.block,
        fields.get("warc-refers-to", "").strip("<> ") or None,
    )


def _differ(one: str | None, other: str | None) -> bool:
    """Return whether two digests have the same algorithm and differ."""
    return bool(one and other) and one != other and (one or "").partition(":")[0] == (other or "").partition(":")[0]


def _rank(capture: IndexedCapture, url: str) -> tuple[bool, int, str]:
    status = capture.status or HTTPStatus.OK
    good = 2 if status == HTTPStatus.OK else 1 if status < HTTPStatus.BAD_REQUEST else 0
    return capture.url == url, good, capture.date


def _stamp(source: WarcSource) -> int:
    """Return a number that identifies this state of the file; it is stored in place of a CRC."""
    path, _, changed = state_of(source.path).stamp.rpartition(" ")
    return crc32(os.fsencode(f"{path} {source.start} {changed} {_INDEX_FORM}"))


_INDEX_FORM = 3
"""Increase it when the stored form of a record changes, so that older caches are not used."""


def _open(cache: Path) -> CaptureIndex:
    try:
        index = CaptureIndex(cache)
        index.count()
    except sqlite3.DatabaseError:
        for leftover in (cache, Path(f"{cache}-wal"), Path(f"{cache}-shm")):
            leftover.unlink(missing_ok=True)
        index = CaptureIndex(cache)
    return index


def _capture(name: str, record: Raw) -> IndexedCapture | None:
    fields = record.headers
    kind = fields.get("warc-type", "").lower()
    url = fields.get("warc-target-uri", "").strip("<> ")
    if kind in _KINDS and not url:
        raise ValueError("it has no WARC-Target-URI")
    if kind not in _KINDS or not url.lower().startswith(("http://", "https://")):
        return None
    message = None if kind == "resource" else read_message(record.block)
    content_type = fields.get("content-type") if message is None else message.header("content-type")
    refers_to_url = fields.get("warc-refers-to-target-uri", "").strip("<> ") or None
    return IndexedCapture(
        name,
        record.offset,
        0,
        kind,
        url_key(url),
        url,
        _iso(fields.get("warc-date")) or _http_date(message) or _NO_DATE,
        message.status if message else None,
        content_type,
        plain_digest(fields.get("warc-payload-digest")),
        None,
        fields.get("warc-record-id", "").strip("<> ") or None,
        refers_to_url,
        _iso(fields.get("warc-refers-to-date")),
    )


def _http_date(message: Message | None) -> str | None:
    """Return when the server sent *message*, by its own Date header."""
    try:
        sent = parsedate_to_datetime((message and message.header("date")) or "")
    except (ValueError, TypeError, IndexError):
        return None
    return _iso(sent.isoformat())


def _iso(date: str | None) -> str | None:
    """Return *date* in the form that the index sorts: UTC, to the microsecond."""
    found = instant(date)
    return f"{found.replace(tzinfo=None).isoformat(timespec='microseconds')}Z" if found else None
