"""Reads records of WARC and ARC files: plain, gzip or Zstandard, in one member or many; skips broken data.

FastWARC decompresses gzip files as long as each member holds one sound record; it is faster than zlib. The first member
that holds anything else, and some members after it, are read one by one, and :mod:`crawler.warc.framing` finds the
records in them. Reading never ends before the end of the file: bytes that belong to no record are reported.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from crawler.inputs import is_remote, open_input
from crawler.warc.framing import MAX_HEAD_BYTES, Frame, Gap, Stream, begins_record, read_frames, read_head
from crawler.warc.members import (
    GZIP_MAGIC,
    ZSTD_MAGIC,
    BrokenMember,
    Member,
    ReadAt,
    is_member,
    read_dictionary,
    skippable_length,
)

if TYPE_CHECKING:
    from fastwarc.stream_io import GzipReader

    from crawler.zstd import zstd

_BLOCK_BYTES = 1 << 20
_PEEK_BYTES = 1 << 9
_REMOTE_BUFFER_BYTES = 1 << 17
_MAX_FIRST_LINE_BYTES = 1 << 14
_CAREFUL_MEMBERS = 32
"""Members read one by one after an unsound one, before FastWARC is tried again."""
_MAX_EXPANSION_RATIO = 400
_MIN_BOMB_BYTES = 1 << 30
_END = b"\r\n\r\n"
_VERSIONS = (b"WARC/1.0\r\n", b"WARC/1.1\r\n")
_LENGTH = b"\r\nContent-Length: "
_MAX_LENGTH_DIGITS = 18
_LENGTH_RE = re.compile(rb"\r\nContent-Length:[ \t]*([0-9]{1,18})[ \t]*(?:\r\n|\Z)", re.IGNORECASE)


class Raw(NamedTuple):
    """A record in a file: ``offset`` is that of its member, or its own in a plain file.

    ``inner`` is its place in the decompressed member. ``head`` holds its header lines, ``block`` the requested part of
    its block, ``length`` the length of the whole block. ``note`` says what is wrong with it, ``cut`` whether its end is
    missing.
    """

    offset: int
    inner: int
    head: bytes
    block: bytes
    length: int
    note: str | None = None
    cut: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the record, names in lower case."""
        return read_head(self.head)

    @property
    def kind(self) -> str:
        """``response``, ``revisit``, ``request``, ``warcinfo`` ..., as the record says; empty if it does not say."""
        return self.headers.get("warc-type", "").lower()


def reader_of(fd: int, start: int, size: int) -> ReadAt:
    """Return a reader of the *size* bytes from *start* on of the open file *fd*."""

    def read_at(offset: int, count: int) -> bytes:
        count = min(count, size - offset)
        parts, at = list[bytes](), start + offset
        while count > 0 and (data := os.pread(fd, count, at)):
            parts.append(data)
            at, count = at + len(data), count - len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    return read_at


def reader_of_parts(file: IO[bytes], start: int, size: int) -> ReadAt:
    """Return a reader of the *size* bytes from *start* on of *file*, of which any part can be requested."""
    buffered = io.BufferedReader(cast("io.RawIOBase", file), _REMOTE_BUFFER_BYTES)

    def read_at(offset: int, count: int) -> bytes:
        buffered.seek(start + offset)
        return buffered.read(max(0, min(count, size - offset)))

    return read_at


@contextmanager
def reading(path: str | Path, start: int = 0, size: int | None = None) -> Iterator[tuple[ReadAt, int]]:
    """Open the file *path* (also a URL), or *size* bytes of it from *start* on; yield a reader and its size."""
    if is_remote(str(path)):
        with open_input(str(path), in_parts=True) as file:
            length = (file.seek(0, os.SEEK_END) if size is None else start + size) - start
            yield reader_of_parts(file, start, length), max(0, length)
        return
    with Path(path).open("rb", buffering=0) as file:
        length = os.fstat(file.fileno()).st_size - start if size is None else size
        yield reader_of(file.fileno(), start, length), max(0, length)


def unpack(read_at: ReadAt, size: int, out: IO[bytes], limit: int) -> int:
    """Write the content of a compressed file of *size* bytes to *out*, without broken data; return its length.

    Raises ValueError if it is longer than *limit* bytes.
    """
    return _Compressed(read_at, size, 0).unpack(out, limit)


def read_record_at(read_at: ReadAt, size: int, offset: int, limit: int) -> Raw:
    """Return the record at *offset*, with *limit* bytes of its block. Raises ValueError if there is none."""
    if is_compressed(read_at, size):
        records: Iterator[Raw | Gap] = _Compressed(read_at, size, limit).records_at(offset)
    else:
        records = read_archive(read_at, size, limit, offset)
    found = next(records, None)
    while isinstance(found, Gap) and found.place == offset:  # a stray line before the record
        found = next(records, None)
    if not isinstance(found, Raw) or found.offset != offset:
        raise ValueError("there is no record")
    return found


def read_archive(read_at: ReadAt, size: int, limit: int, start: int = 0) -> Iterator[Raw | Gap]:
    """Yield the records of a WARC or ARC file of *size* bytes from *start* on, with *limit* bytes of the block of each.

    Between them come the gaps. Raises ``OSError`` only, if the file cannot be read.
    """
    if is_compressed(read_at, size):
        yield from _Compressed(read_at, size, limit).records(start)
        return
    stream = Stream(lambda place: _plain_blocks(read_at, start + place))
    for found in read_frames(stream, limit):
        yield _raw(start + found.place, 0, found)


def read_stream(read: Callable[[int], bytes], limit: int) -> Iterator[Raw | Gap]:
    """Yield the records of a stream that can be read once: the decompressed data of a pipe."""

    def blocks(place: int) -> Iterator[bytes]:
        if place:
            raise BrokenMember("a pipe cannot be read again; write it to a file first")
        while data := read(_BLOCK_BYTES):
            yield data

    for found in read_frames(Stream(blocks), limit):
        yield _raw(found.place, 0, found)


def is_archive(read_at: ReadAt, size: int) -> bool:
    """Return whether a file of *size* bytes holds WARC or ARC records, by its start."""
    if not is_compressed(read_at, size):
        return begins_record(read_at(0, _MAX_FIRST_LINE_BYTES).lstrip(b"\r\n"))
    return _Compressed(read_at, size, 0).is_archive()


def is_compressed(read_at: ReadAt, size: int) -> bool:
    """Return whether a file is gzip or Zstandard: by its first bytes, or by its first record if those are damaged."""
    start = read_at(0, _MAX_FIRST_LINE_BYTES)
    if is_member(start) or skippable_length(start[:8]) is not None:
        return True
    if begins_record(start.lstrip(b"\r\n")) or _MAGIC_RE.search(read_at(0, _BLOCK_BYTES)) is None:
        return False
    member = _Compressed(read_at, size, 0).next_member(0)
    return member < size and b"\nWARC/" not in read_at(0, min(member, _BLOCK_BYTES))


def _raw(offset: int, inner: int, found: Frame | Gap) -> Raw | Gap:
    if isinstance(found, Gap):
        return Gap(offset, found.reason)
    return Raw(offset, inner, found.head, found.block, found.length, found.note, found.cut)


def _plain_blocks(read_at: ReadAt, offset: int) -> Iterator[bytes]:
    while data := read_at(offset, _BLOCK_BYTES):
        yield data
        offset += len(data)


class _Compressed:
    """A file of members; ``end`` is the end of the members that were read last."""

    def __init__(self, read_at: ReadAt, size: int, limit: int) -> None:
        self._read_at, self._size, self._limit = read_at, size, limit
        self._dictionary: zstd.ZstdDict | None = None
        self.end = 0
        self._breaks_at: int | None = None

    def records(self, start: int) -> Iterator[Raw | Gap]:
        try:
            self._dictionary = read_dictionary(self._read_at)
        except BrokenMember as error:
            yield Gap(0, str(error))
        place, careful = start, 0
        while place < self._size:
            if not careful and self._read_at(place, 2) == GZIP_MAGIC:
                place = yield from _read_fast(self._read_at, place, self._limit)
                careful = _CAREFUL_MEMBERS
            careful = max(0, careful - 1)
            yield from self._members(place)
            place = self.end

    def records_at(self, place: int) -> Iterator[Raw | Gap]:
        """Yield the records of the member at *place*."""
        with suppress(BrokenMember):
            self._dictionary = read_dictionary(self._read_at)
        yield from self._members(place)

    def unpack(self, out: IO[bytes], limit: int) -> int:
        """Write the content of all members to *out*; return its length."""
        with suppress(BrokenMember):
            self._dictionary = read_dictionary(self._read_at)
        place = written = 0
        while place < self._size:
            if (length := skippable_length(self._read_at(place, 8))) is not None:
                place += length
                continue
            member = Member(self._read_at, place, self._dictionary)
            with suppress(BrokenMember):
                for block in member.blocks():
                    written += out.write(block)
                    if written > limit:
                        raise ValueError(
                            f"it is longer than {limit} bytes unpacked; recompress it with one record in each member"
                        )
            place = member.end or self.next_member(place + 1)
        return written

    def is_archive(self) -> bool:
        place = 0
        try:
            self._dictionary = read_dictionary(self._read_at)
            while (length := skippable_length(self._read_at(place, 8))) is not None:
                place += length
            return self._holds_record(place)
        except BrokenMember:
            return False

    def _members(self, place: int) -> Iterator[Raw | Gap]:
        """Yield the records of the member at *place*, and of the members that continue it; set ``end``."""
        head = self._read_at(place, 8)
        length = skippable_length(head)
        if length is not None and place + length <= self._size:
            self.end = place + length
            return
        if not is_member(head):
            self.end = self.next_member(place + 1)
            if self._read_at(place, self.end - place).strip(b"\0\r\n"):
                yield Gap(place, "no compressed member begins there")
            return
        self.end, self._breaks_at = place, None
        stream = Stream(lambda inner: self._blocks(place, inner))
        has_gap = False
        for found in read_frames(stream, self._limit):
            has_gap = has_gap or isinstance(found, Gap)
            yield _raw(place, found.place, found)
        if stream.broken is not None or self._breaks_at is not None:
            broken = self._breaks_at if self._breaks_at is not None else place
            if not has_gap:
                yield Gap(broken, str(stream.broken))
            self.end = self.next_member(broken + 1)

    def _blocks(self, place: int, inner: int) -> Iterator[bytes]:
        """Yield the content of members from *place* on, without the first *inner* bytes, up to one with a record."""
        given, begun = 0, place
        while True:
            member = Member(self._read_at, place, self._dictionary)
            try:
                for block in member.blocks():
                    given += len(block)
                    if given > max(_MIN_BOMB_BYTES, _MAX_EXPANSION_RATIO * (self._size - begun)):
                        raise BrokenMember("it is a decompression bomb")  # noqa: TRY301 - as broken as any other
                    if given > inner:
                        yield block[-(given - inner) :] if given - inner < len(block) else block
            except BrokenMember:
                self._breaks_at = place
                raise
            place = self.end = member.end or self._size
            if place >= self._size or not is_member(self._read_at(place, 4)) or self._begins_record(place):
                return

    def _begins_record(self, place: int) -> bool:
        """Return whether the member at *place* begins with a record, or cannot be read."""
        try:
            start = b""
            for block in Member(self._read_at, place, self._dictionary).blocks():
                start += block[:_MAX_FIRST_LINE_BYTES]
                if len(start) >= _MAX_FIRST_LINE_BYTES:
                    break
        except BrokenMember:
            return True
        return begins_record(start.lstrip(b"\r\n"))

    def next_member(self, place: int) -> int:
        """Return where the next member with a record begins, from *place* on; the end of the file if there is none."""
        while place < self._size:
            data = self._read_at(place, _BLOCK_BYTES + 3)
            for found in _MAGIC_RE.finditer(data):
                at = place + found.start()
                if found.start() < _BLOCK_BYTES and self._holds_record(at):
                    return at
            place += _BLOCK_BYTES
        return self._size

    def _holds_record(self, place: int) -> bool:
        try:
            start = next(Member(self._read_at, place, self._dictionary).blocks(), b"")
        except BrokenMember:
            return False
        return begins_record(start[:_MAX_FIRST_LINE_BYTES].lstrip(b"\r\n"))


_MAGIC_RE = re.compile(re.escape(GZIP_MAGIC + b"\x08") + b"|" + re.escape(ZSTD_MAGIC))


class _File:
    """The file object from which FastWARC reads."""

    def __init__(self, read_at: ReadAt, place: int) -> None:
        self._read_at, self._place = read_at, place

    def read(self, count: int = -1) -> bytes:
        data = self._read_at(self._place, count)
        self._place += len(data)
        return data

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._place = offset + (self._place if whence == os.SEEK_CUR else 0)
        return self._place

    def close(self) -> None:
        pass


def _read_fast(read_at: ReadAt, place: int, limit: int) -> Generator[Raw, None, int]:
    """Yield sound records, a gzip member each, from *place* on; return the place of the first doubtful member.

    A record is yielded when the next member has begun: only then has its checksum been compared.
    """
    try:
        from fastwarc.stream_io import GzipReader  # noqa: PLC0415 - an extra
    except ImportError:
        return place
    reader = GzipReader(_File(read_at, place))
    held: Raw | None = None
    try:
        while first := reader.read(1):
            at = reader.frame_start_position() or 0
            if held is not None and at == held.offset:
                return at  # more than one record in the member
            found = _sound_record(reader, first, at, limit)
            if found is None:
                if held is not None:
                    yield held
                return at
            if held is not None:
                yield held
            held = found
    except OSError:
        pass
    return place if held is None else held.offset


def _sound_record(reader: GzipReader, first: bytes, at: int, limit: int) -> Raw | None:
    """Return the record that begins with *first*, if it is sound and all that the member at *at* holds."""
    data = first + reader.read(_PEEK_BYTES)
    while (end := data.find(_END)) < 0:
        more = reader.read(_PEEK_BYTES) if len(data) < MAX_HEAD_BYTES else b""
        if not more:
            return None
        data += more
    head = data[:end]
    length = _declared_length(head)
    if length is None or not head.startswith(_VERSIONS) or b"\n\n" in head:
        return None
    start = data[end + len(_END) :]
    if len(start) > length:
        return None
    block = start + reader.read(max(0, min(length, limit) - len(start)))
    left = length - len(block)
    while left > 0 and (skipped := reader.read(min(left, _BLOCK_BYTES))):
        left -= len(skipped)
    if left or reader.read(len(_END)) != _END or reader.frame_start_position() != at:
        return None
    return Raw(at, 0, head, block if length <= limit else block[:limit], length)


def _declared_length(head: bytes) -> int | None:
    """Return the Content-Length in *head*; None if it is missing or not a number."""
    place = head.rfind(_LENGTH)
    if place >= 0:
        digits = head[place + len(_LENGTH) : head.find(b"\r", place + len(_LENGTH)) % (len(head) + 1)]
        if digits.isdigit() and len(digits) <= _MAX_LENGTH_DIGITS:
            return int(digits)
    match = _LENGTH_RE.search(head)
    return int(match[1]) if match else None
