"""Decodes bodies by what their bytes show: one rule for the site, archives, WARC files and robots.txt.

Headers are often wrong. Common Crawl until 2018 and CC-NEWS until 2019 kept ``Content-Encoding: gzip`` for bodies that
they had decoded; other captures are gzip without such a header; some servers send ``Content-Encoding: UTF-8``. So a
coding is decoded if the bytes have it, whatever the header says. :class:`Decoded` says where the two disagree.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

from crawler.warc.members import GZIP_MAGIC, ZSTD_MAGIC, BrokenMember, Member
from crawler.warc.payload import looks_plain

MAX_BODY = 64 * 1024 * 1024
"""Limit on a decoded body, unless the caller sets another; a longer body is refused."""
MAX_CODINGS = 10
"""The most codings of one body, named in a header or not."""

_WINDOW_BYTES = 1 << 14
_MAX_NAME_LETTERS = 20
_GZIP_MEMBER = GZIP_MAGIC + b"\x08"
_MARKS = {"gzip": GZIP_MAGIC, "zstd": ZSTD_MAGIC}
_ZLIB_HEADS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_CODING_ALIASES = {
    "x-gzip": "gzip",
    "gz": "gzip",
    "x-deflate": "deflate",
    "zlib": "deflate",
    "brotli": "br",
    "zst": "zstd",
}
_KNOWN_CODINGS = frozenset({"gzip", "deflate", "br", "zstd"})
_NO_CODING = frozenset({"", "identity", "chunked"})
_MEANT_AS_NONE = frozenset({"none", "null", "off", "plain", "text", "binary", "8bit", "7bit", "utf-8", "utf8"})
_CHUNK_HEAD_RE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_ZEROS_RE = re.compile(rb"\0*")
_LINE_END_RE = re.compile(rb"\r?\n")


class TooLong(ValueError):
    """A decoded body exceeds the limit; ``start`` is its decoded start."""

    def __init__(self, limit: int, start: bytes) -> None:
        super().__init__(f"it is longer than {limit} bytes decoded")
        self.start = start[:limit]


class Decoded(NamedTuple):
    """A body without its codings: ``undone`` names the codings that it had, the outermost first.

    ``notes`` say, for people, where the header and the bytes disagree. ``whole`` is False if the body is cut short.
    """

    body: bytes
    undone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    whole: bool = True


def decode(
    body: bytes, content_encoding: str | None, transfer_encoding: str | None = None, *, limit: int | None = None
) -> Decoded:
    """Decode *body*, whose headers say *content_encoding* and *transfer_encoding*.

    Raises ``ValueError`` for a body that is neither coded so nor plain, :class:`TooLong` for one longer than *limit*
    bytes (None: :data:`MAX_BODY`). Checksums are compared if a coding has them.

    >>> decode(b"<p>A page.</p>", "gzip")
    Decoded(body=b'<p>A page.</p>', undone=(), notes=('gzip said, stored without it',), whole=True)
    """
    if not body:
        return Decoded(body)
    limit = MAX_BODY if limit is None else limit
    names = [*_names(content_encoding), *_names(transfer_encoding)]
    if len(names) > MAX_CODINGS:
        raise ValueError(f"it has more than {MAX_CODINGS} content codings")
    state = dechunked(body, "chunked" in names)
    for name in reversed([name for name in names if name not in _NO_CODING]):
        state = _undo(state, name, limit)
    while hidden := _hidden(state.body):
        if len(state.undone) >= MAX_CODINGS:
            raise ValueError(f"it has more than {MAX_CODINGS} content codings")
        found = _decoded(state.body, hidden, limit)
        state = _after(state, found, hidden, f"{hidden} not said")
    state = _unsaid_without_mark(state, limit)
    if len(state.body) > limit:
        raise TooLong(limit, state.body)
    return state


def decode_body(body: bytes, content_encoding: str | None, *, whole: bool = False, limit: int | None = None) -> bytes:
    """Return *body* decoded as :func:`decode` does; if it is cut short, its available part.

    If it must be *whole*, a body that is cut short also raises ``ValueError``.

    >>> decode_body(zlib.compress(b"page"), "deflate")
    b'page'
    """
    decoded = decode(body, content_encoding, limit=limit)
    if whole and not decoded.whole:
        raise ValueError("it is cut short")
    return decoded.body


def dechunked(body: bytes, declared: bool) -> Decoded:
    """Remove the chunk framing of *body*, if any: it may break off if a header *declared* so, else it must be whole."""
    parts, place, whole = list[bytes](), 0, False
    while (head := _CHUNK_HEAD_RE.match(body, place)) is not None:
        size = int(head[1], 16)
        data = body[head.end() : head.end() + size]
        after = _LINE_END_RE.match(body, head.end() + size)
        if size and after is None and head.end() + size < len(body):
            break  # no chunk ends there
        parts.append(data)
        if not size:
            whole = True
            break
        if after is None:
            break
        place = after.end()
    if not parts or not (declared or whole):
        return Decoded(body, notes=("chunked said, stored without it",) if declared else ())
    return Decoded(b"".join(parts), ("chunked",), () if declared else ("chunked not said",), whole)


def _names(header: str | None) -> list[str]:
    names = [name.partition(";")[0].strip(" \t\"'").lower() for name in (header or "").split(",")]
    return [_CODING_ALIASES.get(name, name) for name in names if name]


class _Layer(NamedTuple):
    body: bytes
    whole: bool


def _after(state: Decoded, found: _Layer, coding: str, *notes: str) -> Decoded:
    return Decoded(found.body, (*state.undone, coding), (*state.notes, *notes), state.whole and found.whole)


def _undo(state: Decoded, declared: str, limit: int) -> Decoded:
    """Decode the coding that a header *declared*, or the one that the bytes have; none if they are plain."""
    shown = declared[:_MAX_NAME_LETTERS]
    coding = _marked(state.body) or (declared if declared in _KNOWN_CODINGS else None)
    if coding is None:
        if looks_plain(state.body) or declared in _MEANT_AS_NONE:
            return state._replace(notes=(*state.notes, f"{shown} said, which is no coding"))
        if (unsaid := _without_mark(state.body, limit)) is not None:
            return _after(state, unsaid[1], unsaid[0], f"{shown} said, but {unsaid[0]}")
        raise ValueError(f"its content coding {shown!r} is unknown")
    try:
        found = _decoded(state.body, coding, limit)
    except TooLong:
        raise
    except ValueError:
        if not looks_plain(state.body):
            if (unsaid := _without_mark(state.body, limit)) is None:
                raise
            return _after(state, unsaid[1], unsaid[0], f"{shown} said, but {unsaid[0]}")
        found = None
    if found is None or (not found.whole and looks_plain(state.body)):
        return state._replace(notes=(*state.notes, f"{shown} said, stored without it"))
    return _after(state, found, coding, *([] if coding == declared else [f"{shown} said, but {coding}"]))


def _marked(body: bytes) -> str | None:
    """Return the coding that the first bytes of *body* show."""
    return next((coding for coding, mark in _MARKS.items() if body.startswith(mark)), None)


def _hidden(body: bytes) -> str | None:
    """Return the coding that no header names but *body* clearly has."""
    return "gzip" if body.startswith(_GZIP_MEMBER) else "zstd" if body.startswith(ZSTD_MAGIC) else None


def _unsaid_without_mark(state: Decoded, limit: int) -> Decoded:
    """Decode a coding that neither a header nor a mark shows, only if its data ends exactly with the body."""
    if state.undone not in {(), ("chunked",)} or not state.body:
        return state
    if not state.body.startswith(_ZLIB_HEADS) and looks_plain(state.body):
        return state
    found = _without_mark(state.body, limit)
    return state if found is None else _after(state, found[1], found[0], f"{found[0]} not said")


def _without_mark(body: bytes, limit: int) -> tuple[str, _Layer] | None:
    """Return the coding without a mark whose data ends exactly with *body*, and the decoded data; None if none does."""
    for coding in ("deflate", "br"):
        try:
            found = _decoded(body, coding, limit)
        except TooLong:
            raise
        except ValueError:
            continue
        if found.whole and looks_plain(found.body):
            return coding, found
    return None


def _decoded(body: bytes, coding: str, limit: int) -> _Layer:
    """Return *body* decoded. Raises ValueError if it has another coding, TooLong if it is longer than *limit* bytes."""
    if coding == "deflate":
        return _inflated(body, limit)
    if coding == "br":
        return _from_brotli(body, limit)
    if _MARKS[coding].startswith(body):
        return _Layer(b"", whole=False)
    if _marked(body) != coding:
        raise ValueError(f"it is not {coding}")
    return _from_members(body, limit)


def _from_members(body: bytes, limit: int) -> _Layer:
    """Decompress all members of *body*; zeros, or other bytes that are not a member, may follow the last."""
    parts, length, place = list[bytes](), 0, 0
    while True:
        member = Member(lambda offset, count: body[offset : offset + count], place)
        try:
            for block in member.blocks():
                parts.append(block)
                length += len(block)
                if length > limit:
                    raise TooLong(limit, b"".join(parts))
        except BrokenMember as error:
            if str(error) == BrokenMember.CUT:
                return _Layer(b"".join(parts), whole=False)
            raise
        padding = _ZEROS_RE.match(body, member.end or len(body))
        place = padding.end() if padding else len(body)
        if _marked(body[place : place + 4]) is None:
            return _Layer(b"".join(parts), whole=True)


def _inflated(body: bytes, limit: int) -> _Layer:
    """Decompress *body*: zlib as the standard says, or bare deflate as some servers send it."""
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(body, limit + 1)
    except zlib.error:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = inflate.decompress(body, limit + 1)
        except zlib.error as error:
            raise ValueError(f"it is not deflate ({error})") from error
    if len(data) > limit:
        raise TooLong(limit, data)
    return _Layer(data, inflate.eof)


def _from_brotli(body: bytes, limit: int) -> _Layer:
    import brotli  # noqa: PLC0415 - only where it is needed

    decompressor, parts, length = brotli.Decompressor(), list[bytes](), 0
    try:
        for start in range(0, len(body), _WINDOW_BYTES):
            window = body[start : start + _WINDOW_BYTES]
            parts.append(decompressor.process(window, output_buffer_limit=limit + 1 - length))
            length += len(parts[-1])
            if length > limit:
                raise TooLong(limit, b"".join(parts))
            if decompressor.is_finished():
                break
    except brotli.error as error:
        raise ValueError(f"it is not br ({error})") from error
    return _Layer(b"".join(parts), decompressor.is_finished())
