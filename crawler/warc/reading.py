"""Reads WARC files of Gleaner strictly: bad records are reported, never returned.

The usual readers miss most damage: ``warcio check`` finds 4 of 100 truncations. Here each record must be one gzip
member that holds exactly a head, as many bytes as the head announces, and two line ends, with matching digests.
"""

from __future__ import annotations

import hashlib
import mmap
import re
import zlib
from base64 import b32encode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MAX_RECORD_BYTES = 256 * 1024 * 1024
"""No record of Gleaner is longer uncompressed; a longer one is not read into memory."""

_MEMBER = b"\x1f\x8b\x08\x00"
_VERSIONS = (b"WARC/1.1\r\n", b"WARC/1.0\r\n")
_END = b"\r\n\r\n"
_CHUNK_BYTES = 1 << 16
_WITH_PAYLOAD = frozenset({"response", "request", "resource"})
_LENGTH_RE = re.compile(r"[0-9]{1,18}", re.ASCII)
_STATUS_RE = re.compile(r"[0-9]{1,9}", re.ASCII)
_NEEDED = ("warc-type", "warc-record-id", "warc-date", "content-length")


class Record(NamedTuple):
    """A whole record: the place of its gzip member in the file, its headers (names in lower case) and its block."""

    offset: int
    length: int
    headers: dict[str, str]
    block: bytes

    @property
    def kind(self) -> str:
        """``response``, ``revisit``, ``request``, ``warcinfo`` ..."""
        return self.headers["warc-type"]

    @property
    def payload(self) -> bytes:
        """What follows the HTTP head, or the whole block if there is no head."""
        if not self.headers.get("content-type", "").startswith("application/http"):
            return self.block
        return self.block.partition(_END)[2]


class BrokenRecord(NamedTuple):
    """Bytes from a place up to the next record or the end that hold no whole record, and the reason."""

    offset: int
    reason: str


def http_head(block: bytes) -> tuple[int | None, dict[str, str]]:
    """Return the status of the HTTP response in *block* and the first of each of its headers, names in lower case."""
    start, *lines = block.partition(_END)[0].decode("latin-1").split("\r\n")
    status = start.split(" ", 2)[1:2]
    headers: dict[str, str] = {}
    for name, _, value in (line.partition(":") for line in lines):
        headers.setdefault(name.strip().lower(), value.strip())
    return int(status[0]) if status and _STATUS_RE.fullmatch(status[0]) else None, headers


class _BrokenError(ValueError):
    pass


def read_records(path: Path, start: int = 0) -> Iterator[Record | BrokenRecord]:
    """Yield the content of the file at *path* from *start*, where a record must begin; memory holds one record."""
    with path.open("rb") as file:
        if not file.seek(0, 2):
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            offset: int | None = start
            while offset is not None and offset < len(view):
                try:
                    record = _record(view, offset)
                except _BrokenError as error:
                    yield BrokenRecord(offset, str(error))
                    offset = _next_record(view, offset + 1)
                else:
                    yield record
                    offset += record.length


def read_record(path: Path, offset: int) -> Record:
    """Return the record that begins at *offset*; raise ``ValueError`` if there is none, or it is incomplete."""
    with path.open("rb") as file:
        if not 0 <= offset < file.seek(0, 2):
            raise ValueError("the file ends before it")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return _record(view, offset)


def read_headers(path: Path, offset: int) -> dict[str, str]:
    """Return the headers of the record that begins at *offset*; raise ``ValueError`` if there is none."""
    with path.open("rb") as file:
        file.seek(offset)
        start = file.read(_CHUNK_BYTES)
    if not start.startswith(_MEMBER):
        raise _BrokenError("no gzip member begins there" if start else "the file ends before it")
    try:
        data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(start, _CHUNK_BYTES)
    except zlib.error as error:
        raise _BrokenError(f"it cannot be decompressed ({error})") from error
    version, _, lines = data.partition(_END)[0].partition(b"\r\n")
    if version + b"\r\n" not in _VERSIONS:
        raise _BrokenError("there is no WARC record in it")
    return _headers(lines)


def next_member(path: Path, start: int, end: int) -> int | None:
    """Return where in the file at *path*, within [*start*, *end*), the next gzip member with a record begins."""
    if start >= end:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        found = _next_record(view, start)
    return found if found is not None and found < end else None


def parse_record(data: bytes, offset: int, length: int) -> Record:
    """Return the record in *data*, the content of a gzip member of *length* bytes at *offset*; digests are not checked.

    Raises ``ValueError`` if there is none, or it is incomplete.
    """
    version = next((version for version in _VERSIONS if data.startswith(version)), None)
    if version is None:
        raise _BrokenError("there is no WARC record in it")
    head, found, rest = data.partition(_END)
    if not found:
        raise _BrokenError("its headers do not end")
    headers = _headers(head[len(version) :])
    size = headers["content-length"]
    if not _LENGTH_RE.fullmatch(size) or rest[int(size) :] != _END:
        raise _BrokenError(f"its Content-Length is {size[:20]}, which is not its length")
    return Record(offset, length, headers, rest[: int(size)])


def _record(view: mmap.mmap, offset: int) -> Record:
    data, end = _member(view, offset)
    record = parse_record(data, offset, end - offset)
    headers = record.headers
    _check_digest("block", headers.get("warc-block-digest"), record.block)
    if record.kind in _WITH_PAYLOAD:
        _check_digest("payload", headers.get("warc-payload-digest"), record.payload)
    return record


def _member(view: mmap.mmap, offset: int) -> tuple[bytes, int]:
    """Return the content of the gzip member at *offset*, and its end."""
    if view[offset : offset + len(_MEMBER)] != _MEMBER:
        raise _BrokenError("no gzip member begins here")
    inflate, data, end = zlib.decompressobj(zlib.MAX_WBITS | 16), bytearray(), offset
    while not inflate.eof:
        chunk = view[end : end + _CHUNK_BYTES]
        if not chunk:
            raise _BrokenError("the file ends within it")
        try:
            data += inflate.decompress(chunk, MAX_RECORD_BYTES - len(data) + 1)
        except zlib.error as error:
            raise _BrokenError(f"it cannot be decompressed ({error})") from error
        if len(data) > MAX_RECORD_BYTES:
            raise _BrokenError(f"it is longer than {MAX_RECORD_BYTES} bytes")
        end += len(chunk)
    return bytes(data), end - len(inflate.unused_data)


def _headers(lines: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    try:
        text = lines.decode()
    except UnicodeDecodeError as error:
        raise _BrokenError("its headers are not UTF-8") from error
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise _BrokenError(f"{line[:40]!r} is no header")
        headers.setdefault(name.lower(), value.strip())
    for name in _NEEDED:
        if not headers.get(name):
            raise _BrokenError(f"it has no {name}")
    return headers


def _check_digest(what: str, labelled: str | None, data: bytes) -> None:
    """Compare *data* with a *labelled* digest: Base32 as CDX tools write it, or hexadecimal. It may be missing."""
    algorithm, _, wanted = (labelled or "").lower().partition(":")
    algorithm = algorithm.replace("-", "")
    if not wanted or algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        return
    found = hashlib.new(algorithm, data, usedforsecurity=False)
    if wanted not in {b32encode(found.digest()).decode().lower(), found.hexdigest()}:
        raise _BrokenError(f"its {what} does not match its digest")


def _next_record(view: mmap.mmap, start: int) -> int | None:
    """Return where the next gzip member that holds a record begins, None if there is none."""
    while (start := view.find(_MEMBER, start)) >= 0:
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(view[start : start + 512], len(_VERSIONS[0]))
        except zlib.error:
            head = b""
        if head in _VERSIONS:
            return start
        start += 1
    return None
