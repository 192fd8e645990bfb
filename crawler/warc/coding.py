"""Undoing content codings (RFC 9110, section 8.4.1), as the crawl does before it reads a page."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

from crawler.zstd import zstd

MAX_BODY = 64 * 1024 * 1024
"""Bytes. What is longer decoded is refused, unless the caller sets another limit."""

_WINDOW = 1 << 14
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class TooLong(ValueError):
    """A body is longer decoded than it may be."""


def decode_body(body: bytes, content_encoding: str | None, *, whole: bool = False, limit: int | None = None) -> bytes:
    """Return *body* without its content codings; of one that is cut short, what there is, unless it must be *whole*.

    Raises ``ValueError`` for what cannot be decoded, :class:`TooLong` for what is longer than *limit* bytes (None:
    :data:`MAX_BODY`). Checksums are compared where a coding has them.

    >>> decode_body(zlib.compress(b"page"), "deflate")
    b'page'
    """
    limit = MAX_BODY if limit is None else limit
    codings = [name.strip().lower() for name in (content_encoding or "").split(",")]
    for coding in reversed([name for name in codings if name not in {"", "identity"}]):
        body, complete = _decode(body, coding, limit)
        if len(body) > limit:
            raise TooLong(f"it is longer than {limit} bytes decoded")
        if whole and not complete:
            raise ValueError("it is cut short")
    return body


def _decode(body: bytes, coding: str, limit: int) -> tuple[bytes, bool]:
    """Return at most *limit* and one more of the bytes that *body* holds, and whether it has an end."""
    try:
        if coding in {"gzip", "x-gzip"}:
            return _members(body, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16), _GZIP, limit)
        if coding == "deflate":
            return _inflate(body, limit)
        if coding == "br":
            return _brotli(body, limit)
        if coding == "zstd":
            return _members(body, zstd.ZstdDecompressor, _ZSTD, limit)
    except (zlib.error, zstd.ZstdError, EOFError) as error:
        raise ValueError(f"it is not {coding} ({error})") from error
    raise ValueError(f"its content coding {coding[:20]!r} is unknown")


class _Decompressor(Protocol):
    """What zlib's and Zstandard's decompressors have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _members(body: bytes, make: Callable[[], _Decompressor], magic: bytes, limit: int) -> tuple[bytes, bool]:
    """Decompress all members of *body*, each of which begins with *magic*; what follows the last is no part of it."""
    parts: list[bytes] = []
    length = 0
    while True:
        decompressor = make()
        parts.append(decompressor.decompress(body, limit + 1 - length))
        length += len(parts[-1])
        body = decompressor.unused_data
        if length > limit or not decompressor.eof or not body.startswith(magic):
            return b"".join(parts), decompressor.eof


def _inflate(body: bytes, limit: int) -> tuple[bytes, bool]:
    """Decompress *body*: zlib as the standard says, or bare deflate as some servers send it."""
    decompressor = zlib.decompressobj()
    try:
        data = decompressor.decompress(body, limit + 1)
    except zlib.error:
        decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
        data = decompressor.decompress(body, limit + 1)
    return data, decompressor.eof


def _brotli(body: bytes, limit: int) -> tuple[bytes, bool]:
    import brotli  # noqa: PLC0415 - only where it is needed

    decompressor, parts, length = brotli.Decompressor(), list[bytes](), 0
    try:
        for start in range(0, len(body), _WINDOW):
            parts.append(decompressor.process(body[start : start + _WINDOW], output_buffer_limit=limit + 1 - length))
            length += len(parts[-1])
            if length > limit:
                break
    except brotli.error as error:
        raise ValueError(f"it is not br ({error})") from error
    return b"".join(parts), decompressor.is_finished()
