"""Identifies a body by its own bytes, whatever its header says."""

from __future__ import annotations

import re
import zlib

_SNIFFED_BYTES = 2048
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\f\r\v\x1b"})
_MAX_CONTROL_SHARE = 0.01
"""In compressed data about one byte in ten is a control character, in text almost none."""
_MIN_TEXT_BYTES = 64
"""Shorter text is distinguished from compressed data only if it is UTF-8, or begins like markup."""
_WIDE_TEXT = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_HTML_RE = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|script|table|h1|p|div)[\s>]", re.IGNORECASE)
_SPACE = b" \t\r\n\x0c\xef\xbb\xbf"
_WINDOW_BITS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def identify_payload(body: bytes, content_encoding: str | None) -> str | None:
    """Return the media type that the bytes of *body* show, None if they show no known one.

    >>> identify_payload(b"<!DOCTYPE html><title>News</title>", None)
    'text/html'
    """
    head = _decoded_head(body, (content_encoding or "identity").strip().lower())
    if known := _known_type(head):
        return known
    text = head.lstrip(_SPACE)
    if text.startswith(b"<?xml") and not _HTML_RE.search(text):
        return "application/xml"
    return "text/html" if text.startswith(b"<") and _HTML_RE.search(text) else None


def looks_plain(body: bytes) -> bool:
    """Return whether *body* is readable without decoding: text of any charset, or a file of a known type.

    >>> looks_plain("<p>خبر</p>".encode("windows-1256")), looks_plain(zlib.compress(b"<p>A page.</p>" * 9))
    (True, False)
    """
    head = body[:_SNIFFED_BYTES]
    if not head or _known_type(head) is not None or head.startswith(_WIDE_TEXT):
        return True
    if len(head) - len(head.translate(None, _CONTROLS)) > _MAX_CONTROL_SHARE * len(head):
        return False
    return len(head) >= _MIN_TEXT_BYTES or head.startswith(b"<") or _is_utf8(head)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _known_type(head: bytes) -> str | None:
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "video/mp4" if head[4:8] == b"ftyp" else None


def _decoded_head(body: bytes, encoding: str) -> bytes:
    if encoding == "identity":
        return body[:_SNIFFED_BYTES]
    if encoding not in _WINDOW_BITS:
        return b""
    try:
        return zlib.decompressobj(_WINDOW_BITS[encoding]).decompress(body[: 4 * _SNIFFED_BYTES], _SNIFFED_BYTES)
    except zlib.error:
        return b""
