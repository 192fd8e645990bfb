"""Members of gzip files and frames of Zstandard files: decompressed in blocks, in linear time and bounded memory.

A member does not say its length, so the decompressor gets growing windows: many small members cost as much as a large
one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from crawler.zstd import zstd

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
DICTIONARY_MAGIC = b"\x5d\x2a\x4d\x18"
"""The magic of the skippable frame with the dictionary of a .warc.zst file (IIPC, WARC Zstandard compression)."""

BLOCK_BYTES = 1 << 20
"""The most bytes that are decompressed at a time."""

_FIRST_WINDOW_BYTES = 1 << 9
_MAX_WINDOW_BYTES = 1 << 16
_SALVAGE_BYTES = 16
_MAX_DICTIONARY_BYTES = 1 << 26
_SKIPPABLE = b"\x2a\x4d\x18"
_SKIPPABLE_HEAD_BYTES = 8
_SKIPPABLE_KINDS = range(0x50, 0x60)

ReadAt = Callable[[int, int], bytes]
"""Returns the bytes at an offset: as many as requested, fewer only at the end."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class BrokenMember(ValueError):
    """A member cannot be decompressed to its end."""

    CUT = "it is cut short"


def skippable_length(head: bytes) -> int | None:
    """Return the length of the skippable frame that begins with *head* (8 bytes), None if none does."""
    if len(head) < _SKIPPABLE_HEAD_BYTES or head[1:4] != _SKIPPABLE or head[0] not in _SKIPPABLE_KINDS:
        return None
    return _SKIPPABLE_HEAD_BYTES + int.from_bytes(head[4:8], "little")


def is_member(head: bytes) -> bool:
    """Return whether a gzip member or a Zstandard frame may begin with *head*."""
    return head.startswith((GZIP_MAGIC, ZSTD_MAGIC))


def read_dictionary(read_at: ReadAt) -> zstd.ZstdDict | None:
    """Return the dictionary in the first frame of a .warc.zst file, None if there is none.

    Raises ValueError if it cannot be read.
    """
    head = read_at(0, _SKIPPABLE_HEAD_BYTES)
    length = skippable_length(head) if head.startswith(DICTIONARY_MAGIC) else None
    if length is None:
        return None
    if length > _MAX_DICTIONARY_BYTES:
        raise BrokenMember(f"its dictionary is longer than {_MAX_DICTIONARY_BYTES} bytes")
    data = read_at(_SKIPPABLE_HEAD_BYTES, length - _SKIPPABLE_HEAD_BYTES)
    try:
        if data.startswith(ZSTD_MAGIC):
            data = zstd.ZstdDecompressor().decompress(data, _MAX_DICTIONARY_BYTES)
        return zstd.ZstdDict(data)
    except (zstd.ZstdError, ValueError) as error:
        raise BrokenMember(f"its dictionary cannot be read ({error})") from error


class Member:
    """The gzip member or Zstandard frame at *start*; ``end`` is its end, None until it was read to the end."""

    def __init__(self, read_at: ReadAt, start: int, dictionary: zstd.ZstdDict | None = None) -> None:
        self._read_at = read_at
        self.start = start
        self._dictionary = dictionary
        self.end: int | None = None

    def blocks(self) -> Iterator[bytes]:
        """Yield the content of the member. At damage, the content before it is yielded, then BrokenMember is raised."""
        place = self.start
        decompressor = self._decompressor()
        window = _FIRST_WINDOW_BYTES
        given = 0
        while not decompressor.eof:
            data = self._read_at(place, window)
            if not data:
                raise BrokenMember(BrokenMember.CUT)
            try:
                for block in _decompressed(decompressor, data):
                    given += len(block)
                    yield block
            except (zlib.error, zstd.ZstdError, EOFError) as error:
                yield from self._salvaged(place + len(data), given)
                name = "zstd" if isinstance(decompressor, zstd.ZstdDecompressor) else "gzip"
                raise BrokenMember(f"it is not {name} ({error})") from error
            place += len(data)
            window = min(2 * window, _MAX_WINDOW_BYTES)
        self.end = place - len(decompressor.unused_data)

    def _decompressor(self) -> _Decompressor:
        if self._read_at(self.start, len(ZSTD_MAGIC)) == ZSTD_MAGIC:
            return zstd.ZstdDecompressor(zstd_dict=self._dictionary)
        return zlib.decompressobj(zlib.MAX_WBITS | 16)

    def _salvaged(self, until: int, given: int) -> Iterator[bytes]:
        """Yield the content from the first *given* bytes to the damage before *until*, decompressed in small steps."""
        decompressor, place, seen = self._decompressor(), self.start, 0
        try:
            while place < until:
                step = _SALVAGE_BYTES if until - place <= _MAX_WINDOW_BYTES else _MAX_WINDOW_BYTES
                data = self._read_at(place, min(step, until - place))
                place += len(data)
                for block in _decompressed(decompressor, data):
                    seen += len(block)
                    if seen > given:
                        yield block[-(seen - given) :] if seen - given < len(block) else block
        except (zlib.error, zstd.ZstdError, EOFError):
            return


def _decompressed(decompressor: _Decompressor, data: bytes) -> Iterator[bytes]:
    """Yield the decompressed *data*, in blocks of bounded size."""
    if isinstance(decompressor, zstd.ZstdDecompressor):
        while block := decompressor.decompress(data, BLOCK_BYTES):
            yield block
            if decompressor.eof:
                return
            data = b""
    else:
        while block := decompressor.decompress(data, BLOCK_BYTES):
            yield block
            if decompressor.eof:
                return
            data = decompressor.unconsumed_tail  # type: ignore[attr-defined]
            if not data and len(block) < BLOCK_BYTES:
                return
