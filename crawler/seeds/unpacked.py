"""Unpacks compressed data as a stream: gzip, Zstandard, xz and bzip2, member by member, as far as possible."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Protocol, cast

from crawler.exceptions import SeedError
from crawler.zstd import zstd

GZIP, XZ, BZIP2, LZMA = b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", b"\x5d\x00\x00"
ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_FRAMES = range(0x184D2A50, 0x184D2A60)
_DICTIONARY_FRAME = 0x184D2A5D
"""The first frame of a .warc.zst (https://iipc.github.io/warc-specifications/specifications/warc-zstd/)."""
_DICTIONARY_MAGIC = b"\x37\xa4\x30\xec"
_MAX_DICTIONARY_BYTES = 64 << 20
_ZSTD_WINDOW_LOG = 31
_FRAME_HEAD_BYTES = 8
_INPUT_BYTES = 1 << 13
_CAREFUL_BYTES = 16
_OUTPUT_BYTES = 1 << 16
"""Bytes unpacked in one step; a step that meets damage loses its data."""
_LZMA_MEMORY_BYTES = 1 << 30
BUFFER_BYTES = 1 << 20

UNPACK_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError, MemoryError)
"""Errors that cut or broken compressed data can raise."""


class Unbounded(SeedError):
    """A file that unpacks to far more than its own size."""


class UnpackBudget:
    """Limit on the bytes that one file may unpack to, with all layers and members, against decompression bombs."""

    MIN_BYTES = 256 << 20
    MAX_RATIO = 1000

    def __init__(self, source: str, read: Callable[[], int]) -> None:
        self._source, self._read = source, read
        self._unpacked = 0

    def spend(self, count: int) -> None:
        """Count unpacked bytes; raises Unbounded if they are too many for the bytes read from the file."""
        self._unpacked += count
        if self._unpacked > max(self.MIN_BYTES, self.MAX_RATIO * self._read()):
            raise Unbounded(self._source, f"unpacks to over {self.MAX_RATIO} times its size: the rest is not read")


class _PackedMember(Protocol):
    """The common interface of the decompressors of bz2, lzma and zstd."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """A gzip member, with the interface of the others."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._error: zlib.error | None = None

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._member.unconsumed_tail and not self._member.eof

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        if self._error:
            raise self._error
        before, data = self._member.copy(), self._member.unconsumed_tail + data
        try:
            return self._member.decompress(data, max_length)
        except zlib.error as error:
            self._error = error
        whole = io.BytesIO()  # the data before the damage, which the whole step would lose
        with suppress(zlib.error):
            for place in range(0, len(data), _CAREFUL_BYTES):
                whole.write(before.decompress(data[place : place + _CAREFUL_BYTES]))
        return whole.getvalue()


class Unpacked(io.RawIOBase):
    """The decompressed content of *packed*; ``error`` is what ended it too early.

    Otherwise a caller that reads in blocks would lose the block with the damage.
    """

    error: Exception | None = None

    def __init__(self, packed: IO[bytes], budget: UnpackBudget) -> None:
        self._packed, self._budget = packed, budget
        self._member: _PackedMember | None = None
        self._input = b""
        self._dictionary: zstd.ZstdDict | None = None
        self._begun = self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view, filled = memoryview(buffer), 0
        while filled < len(view) and not self._ended:
            try:
                data = self._step(min(_OUTPUT_BYTES, len(view) - filled))
            except UNPACK_ERRORS as error:
                self.error, self._ended = error, True
                break
            view[filled : filled + len(data)] = data
            filled += len(data)
        self._budget.spend(filled)
        return filled

    def check(self) -> None:
        """Raise the error of the compressed data, if any: the stream ended at that place like a complete one."""
        if self.error:
            raise self.error

    def _step(self, size: int) -> bytes:
        if self._member is None:
            self._member = self._next_member()
            if self._member is None:
                self._ended = True
                return b""
        member = self._member
        if member.needs_input and not self._input:
            self._input = self._packed.read(_INPUT_BYTES)
            if not self._input:
                raise EOFError("it ends without an end mark")
        given, self._input = (self._input, b"") if member.needs_input else (b"", self._input)
        data = member.decompress(given, size)
        if member.eof:
            self._input = member.unused_data + self._input
            self._member = None
        return data

    def _next_member(self) -> _PackedMember | None:
        """Return the decompressor of the next member, after padding; None at the end."""
        while True:
            self._fill(_FRAME_HEAD_BYTES)
            if self._begun and self._input[:1] == b"\0":  # xz pads with NULs; tapes and disks do, too
                self._input = self._input.lstrip(b"\0")
                continue
            if not self._input:
                return None
            begun, self._begun = self._begun, True
            if int.from_bytes(self._input[:4], "little") not in _SKIPPABLE_FRAMES:
                return self._decompressor(begun)
            self._skip_frame()

    def _decompressor(self, begun: bool) -> _PackedMember:
        start = self._input
        if start.startswith(GZIP):
            return _Gzip()
        if start.startswith(BZIP2):
            return bz2.BZ2Decompressor()
        if start.startswith(ZSTD):
            window: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
            return cast("_PackedMember", zstd.ZstdDecompressor(self._dictionary, window))
        if start.startswith((XZ, LZMA)):
            return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY_BYTES)
        raise OSError(
            "the bytes after its compressed data are not compressed"
            if begun
            else "it is not compressed as its first bytes say"
        )

    def _fill(self, size: int) -> None:
        while len(self._input) < size and (block := self._packed.read(_INPUT_BYTES)):
            self._input += block

    def _skip_frame(self) -> None:
        """Skip a Zstandard frame without data; it may hold the dictionary of the frames that follow."""
        number, size = int.from_bytes(self._input[:4], "little"), int.from_bytes(self._input[4:8], "little")
        self._input = self._input[8:]
        if number == _DICTIONARY_FRAME and size <= _MAX_DICTIONARY_BYTES:
            self._fill(size)
            content, self._input = self._input[:size], self._input[size:]
            self._dictionary = _dictionary(content) or self._dictionary
            return
        while size > 0:
            self._fill(1)
            if not self._input:
                raise EOFError("it ends within a skippable frame")
            passed = min(size, len(self._input))
            self._input, size = self._input[passed:], size - passed


def _dictionary(content: bytes) -> zstd.ZstdDict | None:
    """Return the dictionary in *content*, which may be compressed itself; None if it is not a dictionary."""
    if content.startswith(ZSTD):
        unpacking = zstd.ZstdDecompressor()
        content = unpacking.decompress(content, _MAX_DICTIONARY_BYTES)
    return zstd.ZstdDict(content) if content.startswith(_DICTIONARY_MAGIC) else None
