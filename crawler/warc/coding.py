"""Undoing content codings (RFC 9110, section 8.4.1), as the crawl does before it reads a page."""

from __future__ import annotations

import zlib

from crawler.zstd import zstd

MAX_BODY = 64 * 1024 * 1024
"""Bytes. What is longer decoded is refused."""


def decode_body(body: bytes, content_encoding: str | None) -> bytes:
    """Return *body* without its content codings; of a gzip body that is cut short, what there is.

    Raises ``ValueError`` for what cannot be decoded, or would be longer than :data:`MAX_BODY`.

    >>> decode_body(zlib.compress(b"page"), "deflate")
    b'page'
    """
    codings = [name.strip().lower() for name in (content_encoding or "").split(",")]
    for coding in reversed([name for name in codings if name not in {"", "identity"}]):
        body = _decode(body, coding)
        if len(body) > MAX_BODY:
            raise ValueError(f"it is longer than {MAX_BODY} bytes decoded")
    return body


def _decode(body: bytes, coding: str) -> bytes:
    try:
        if coding in {"gzip", "x-gzip"}:
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, MAX_BODY + 1)
        if coding == "deflate":
            return _inflate(body)
        if coding == "br":
            import brotli  # noqa: PLC0415 - only where it is needed

            decoder, parts, length = brotli.Decompressor(), list[bytes](), 0
            for start in range(0, len(body), 1 << 14):
                parts.append(decoder.process(body[start : start + (1 << 14)]))
                length += len(parts[-1])
                if length > MAX_BODY:
                    break
            return b"".join(parts)
        if coding == "zstd":
            return zstd.ZstdDecompressor().decompress(body, MAX_BODY + 1)
    except (zlib.error, zstd.ZstdError, EOFError) as error:
        raise ValueError(f"it is not {coding} ({error})") from error
    except Exception as error:
        if type(error).__module__ in {"brotli", "_brotli"}:
            raise ValueError(f"it is not {coding} ({error})") from error
        raise
    raise ValueError(f"its content coding {coding[:20]!r} is unknown")


def _inflate(body: bytes) -> bytes:
    """Return what *body* holds: zlib as the standard says, or bare deflate as some servers send it."""
    try:
        return zlib.decompressobj().decompress(body, MAX_BODY + 1)
    except zlib.error:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, MAX_BODY + 1)
