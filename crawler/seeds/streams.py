"""Files as streams of bytes: gzip and Zstandard told by their first bytes, and bytes to text."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

from crawler.exceptions import SeedError
from crawler.zstd import zstd

STDIN = "-"
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_BUFFER = 1 << 20
_LOOK = 1 << 12
_STEP = 64
_ARABIC_SHARE = 4
"""Windows-1256 text has more than one byte in four above ASCII; Western text has far fewer."""

STREAM_ERRORS = (OSError, EOFError, zlib.error, zstd.ZstdError)
"""What reading a stream that :func:`open_stream` opened can raise."""


class _UpToBreak(io.RawIOBase):
    """What can be decompressed of a file that is cut short or broken; ``error`` is what ended it too early.

    Whoever reads a block at a time would otherwise lose the block in which the break is.
    """

    error: Exception | None = None

    def __init__(self, compressed: gzip.GzipFile | zstd.ZstdFile) -> None:
        self._compressed = compressed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._compressed.read1(len(buffer))
        except STREAM_ERRORS as error:
            self.error = error
            return 0
        buffer[: len(data)] = data
        return len(data)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being read: ``stream`` gives its bytes decompressed, ``head`` is a look at the first of them."""

    stream: io.BufferedReader
    raw: IO[bytes]
    head: bytes
    decompressor: _UpToBreak | None = None

    def check(self) -> None:
        """Raise what broke the compressed data, if anything did: ``stream`` has ended there as if all were read."""
        if self.decompressor and self.decompressor.error:
            raise self.decompressor.error

    def position(self) -> int:
        """Return how many bytes of the file, as it lies on the disk, were read; 0 for a pipe."""
        return self.raw.tell() if self.raw.seekable() else 0


@contextmanager
def open_stream(source: str) -> Iterator[Opened]:
    """Open *source* (a path, or ``-`` for standard input) for reading, decompressed.

    Raises :class:`~crawler.exceptions.SeedError` if it cannot be opened. Reading may raise :data:`STREAM_ERRORS`, and
    so may :meth:`Opened.check`, to be called at the end.
    """
    try:
        raw: IO[bytes] = sys.stdin.buffer if source == STDIN else open(source, "rb", buffering=_BUFFER)  # noqa: PTH123, SIM115
    except OSError as error:
        raise SeedError(source, f"cannot be read ({error.strerror or error})") from error
    try:
        buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", raw), _BUFFER)
        start = buffered.peek(_LOOK)[:_LOOK]
        decompressor = _decompressor(buffered, start)
        stream = io.BufferedReader(cast("io.RawIOBase", decompressor), _BUFFER) if decompressor else buffered
        yield Opened(stream, raw, _head(start), decompressor)
    finally:
        if source != STDIN:
            raw.close()


def _decompressor(buffered: io.BufferedReader, start: bytes) -> _UpToBreak | None:
    if start.startswith(_GZIP):
        return _UpToBreak(gzip.GzipFile(fileobj=buffered))
    if start.startswith(_ZSTD):
        return _UpToBreak(zstd.ZstdFile(buffered))
    return None


def _head(start: bytes) -> bytes:
    """Return what *start* holds, decompressed; nothing of a stream that is broken from its beginning.

    The stream itself is not asked: looking into it fills a buffer, which a break anywhere in there makes impossible.
    """
    if start.startswith(_GZIP):
        return _gzip_head(start)
    if start.startswith(_ZSTD):
        try:
            return zstd.ZstdDecompressor().decompress(start, _LOOK)
        except zstd.ZstdError:
            return b""
    return start


def _gzip_head(start: bytes) -> bytes:
    """Return what *start* holds up to where it is broken; in small steps, for a step that breaks gives nothing."""
    head = b""
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for place in range(0, len(start), _STEP):
            head += member.decompress(start[place : place + _STEP], _LOOK)
            if len(head) >= _LOOK or member.eof:
                break
    except zlib.error:
        pass
    return head


def decode_text(data: bytes) -> str:
    """Return *data* as text: UTF-8, else UTF-16 by its byte order mark, else the likelier of two Windows code pages.

    A byte order mark stays in the text. Nothing is raised; what has no meaning becomes U+FFFD.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16", "replace")
        if error.end >= len(data) - 3 and error.reason == "unexpected end of data":
            return data.decode("utf-8", "replace")  # cut inside its last letter
    repaired = data.decode("utf-8", "replace")
    high = len(data) - len(data.translate(None, bytes(range(128, 256))))
    if repaired.count("\ufffd") * 20 < high:
        return repaired  # a few broken letters in a text that is UTF-8
    return data.decode("windows-1256" if high * _ARABIC_SHARE > len(data) else "windows-1252", "replace")
