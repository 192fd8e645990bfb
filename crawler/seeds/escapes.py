"""Dumps that a page escaped once more: as strings of JSON or JavaScript, or as entities.

A template that puts a dump into a script or an attribute escapes it for that place: quotes get backslashes, or become
entities; if it escapes twice, they become entities of entities.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import orjson

from crawler.seeds.mapped import Mapped

_BACKSLASHED_KEYS = (b'contenttypeid\\"', b"contenttypeid\\u0022", b"contenttypeid\\x22", b"contenttypeid\\\\")
_BACKSLASHED_STRING_RE = re.compile(rb'string\([0-9]{1,15}\)\s{0,9}\\*+"\[\s{0,9}\{\s{0,9}\\+"id')
_BACKSLASHED_ARRAY_RE = re.compile(
    rb"(?:(?:[Aa]rray|Object)(?: ?\(|[ ]*(?:\\+r)?\\+n[ ]*\(|:[0-9]{1,9} \["
    rb"|\([0-9]{1,9}\) ?(?:refcount\([0-9]{1,9}\)|interned )?\{| \(size=[0-9]{1,9}\)|)|[\[{])(?:\\+r)?\\+n"
)
"""An array with its line ends escaped, but none of its quotes: it has no quotes, or single ones."""
_BACKSLASH_RE = re.compile(rb"(?:\\u[0-9a-fA-F]{4}){1,64}|\\x[0-9a-fA-F]{2}|\\.", re.DOTALL)
_CONTROLS = {b"b": b" ", b"f": b" ", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_ENTITY_RE = re.compile(rb"&(?:amp;){0,3}(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LEVELS = 4
"""The most times that an entity may have been escaped: as many as :data:`_ENTITY_RE` says."""


_DRESS_RE = re.compile(rb"\x1b\[[0-9;?]{0,40}+[A-Za-z]|(?:^|(?<=\n))[ \t]{0,200}+\xc2\xa0(?:[ \t]|\xc2\xa0){0,500}+")
_INDENT_BLANKS_RE = re.compile(rb"\n[ \t]{0,200}+\xc2\xa0")
_QUOTED_LINES_RE = re.compile(rb"^>[^\n]*+(?:\n>[^\n]*+)*+", re.MULTILINE)
"""The lines of an e-mail that a reply or a list archive quotes."""
_QUOTED_ARRAY_RE = re.compile(
    rb"^>[> ]*(?:array\b|Array\b|object\(|a:[0-9]+:\{|O:[0-9]+:|string\(|[\w\\]+ Object\b|[\[{])", re.MULTILINE
)
_QUOTED_KEY_RE = re.compile(rb"(?:[\[\"']|public \$?|\+)id\b")
_QUOTED_LINE_RE = re.compile(rb"^(?=>)(?:>[ ]?)*", re.MULTILINE)
_TIGHT_QUOTED_RE = re.compile(rb"^>+(?![> \r\n]|\Z)", re.MULTILINE)
_TIGHT_QUOTE_RE = re.compile(rb"^>+", re.MULTILINE)


def undressed(data: bytes, inner: Mapped | None = None) -> Mapped | None:
    """Return *data* without a terminal's colours, a browser's indents and an e-mail's marks of quoted lines.

    None if it has none of them, or no dump. *inner* is the text that *data* belongs to, if it is not the page itself.
    """
    if b"contenttypeid" not in data and b"string" not in data:
        return None
    dressed = b"\x1b[" in data or _INDENT_BLANKS_RE.search(data) or next(_quoted_dumps(data, 0, len(data)), None)
    return Undressed(data, inner=inner) if dressed else None


def _quoted_dumps(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the quoted lines that hold a dump."""
    if not data.startswith(b">", start) and data.find(b"\n>", start, end) < 0:
        return
    for lines in _QUOTED_LINES_RE.finditer(data, start, end):
        if _QUOTED_ARRAY_RE.search(lines[0]) and _QUOTED_KEY_RE.search(lines[0]):
            yield lines.span()


class Undressed(Mapped):
    """The source as PHP printed it: no colours of a terminal, plain blanks before keys, no marks of quoted lines."""

    def _segment(self, start: int, end: int) -> None:
        position = start
        for first, last in _quoted_dumps(self._source, start, end):
            self._plain(position, first)
            lines = self._source[first:last]
            mark = _TIGHT_QUOTE_RE if _TIGHT_QUOTED_RE.search(lines) else _QUOTED_LINE_RE
            position = first
            for found in mark.finditer(lines):
                self._plain(position, first + found.start())
                position = first + found.end()
            self._plain(position, last)
            position = last
        self._plain(position, end)

    def _plain(self, start: int, end: int) -> None:
        position = start
        for found in _DRESS_RE.finditer(self._source, start, end):
            self._put(self._source[position : found.start()], position)
            if not found[0].startswith(b"\x1b"):
                self._put(found[0].replace(b"\xc2\xa0", b" "), *found.span())
            position = found.end()
        self._put(self._source[position:end], position)


def has_backslashed_dump(data: bytes) -> bool:
    """Return whether *data* may hold a dump inside a string of JSON or JavaScript."""
    if b"\\" not in data:
        return False
    if any(key in data for key in _BACKSLASHED_KEYS) or _BACKSLASHED_STRING_RE.search(data):
        return True
    return b"\\n" in data and b"contenttypeid" in data and _BACKSLASHED_ARRAY_RE.search(data) is not None


class Unbackslashed(Mapped):
    """The source with one level of backslashes removed, as a parser of JSON or JavaScript does inside a string."""

    def _segment(self, start: int, end: int) -> None:
        position = start
        for escape in _BACKSLASH_RE.finditer(self._source, start, end):
            self._put(self._source[position : escape.start()], position)
            self._put(_character(escape[0]), *escape.span())
            position = escape.end()
        self._put(self._source[position:end], position)


class Unescaped(Mapped):
    """The source with its entities decoded, nested ones too, and its tags unchanged: see attributes."""

    def _segment(self, start: int, end: int) -> None:
        position = start
        for entity in _ENTITY_RE.finditer(self._source, start, end):
            self._put(self._source[position : entity.start()], position)
            text = entity[0].decode("ascii")
            for _ in range(_LEVELS):
                text = html.unescape(text)
            self._put(b" " if text == "\xa0" else text.encode("utf-8", "replace"), *entity.span())
            position = entity.end()
        self._put(self._source[position:end], position)


def _character(escape: bytes) -> bytes:
    if escape[1:2] == b"x" and len(escape) > 2:  # noqa: PLR2004 - a backslash and an x that is no escape
        return bytes.fromhex(escape[2:].decode()).decode("latin-1").encode()
    if escape[1:2] != b"u" or len(escape) == 2:  # noqa: PLR2004 - a backslash and an u that is no escape
        return _CONTROLS.get(escape[1:], escape[1:])
    try:
        return str(orjson.loads(b'"' + escape + b'"')).encode()
    except orjson.JSONDecodeError:  # half of a surrogate pair
        return "\ufffd".encode()
