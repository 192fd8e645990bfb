"""Dumps that a page escaped once more: as strings of JSON or JavaScript, or as entities.

A template that puts a dump into a script or an attribute escapes it for that place: quotes get backslashes, or become
entities; if it escapes twice, they become entities of entities.
"""

from __future__ import annotations

import html
import re

import orjson

from crawler.seeds.mapped import Mapped

_BACKSLASHED_KEYS = (b'contenttypeid\\"', b"contenttypeid\\u0022", b"contenttypeid\\x22", b"contenttypeid\\\\")
_BACKSLASHED_STRING_RE = re.compile(rb'string\([0-9]{1,15}\)\s{0,9}\\*+"\[\s{0,9}\{\s{0,9}\\+"id')
_BACKSLASHED_ARRAY_RE = re.compile(
    rb"(?:[Aa]rray(?: ?\(|[ ]*\\+n[ ]*\(|:[0-9]{1,9} \[|\([0-9]{1,9}\) ?\{| \(size=[0-9]{1,9}\))|\[)(?:\\+r)?\\+n"
)
"""An array with its line ends escaped, but none of its quotes: it has no quotes, or single ones."""
_BACKSLASH_RE = re.compile(rb"(?:\\u[0-9a-fA-F]{4}){1,64}|\\x[0-9a-fA-F]{2}|\\.", re.DOTALL)
_CONTROLS = {b"b": b" ", b"f": b" ", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_ENTITY_RE = re.compile(rb"&(?:amp;){0,3}(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LEVELS = 4
"""The most times that an entity may have been escaped: as many as :data:`_ENTITY_RE` says."""


_DRESS = rb"\x1b\[[0-9;?]{0,40}+[A-Za-z]|(?:^|(?<=\n))[ \t]{0,200}+\xc2\xa0(?:[ \t]|\xc2\xa0){0,500}+"
_QUOTE = rb"(?:^|(?<=\n))(?:>[ ]?){1,9}+"
_DRESS_RE = re.compile(_DRESS)
_QUOTED_DRESS_RE = re.compile(_QUOTE + rb"|" + _DRESS)
_INDENT_BLANKS_RE = re.compile(rb"\n[ \t]{0,200}+\xc2\xa0")
_QUOTED_DUMP_RE = re.compile(_QUOTE + rb"[ ]*+(?:[Aa]rray|string|object|\w{1,64}+ Object|[aO]:[0-9]|[\[{])")


def undressed(data: bytes) -> Mapped | None:
    """Return *data* without a terminal's colours, a browser's indents and a mail's marks of quoted lines.

    None if it has none of these, or no dump.
    """
    if b"contenttypeid" not in data and b"string" not in data:
        return None
    if b"\n>" in data and _QUOTED_DUMP_RE.search(data):
        return Undressed(data, _QUOTED_DRESS_RE)
    return Undressed(data, _DRESS_RE) if b"\x1b[" in data or _INDENT_BLANKS_RE.search(data) else None


class Undressed(Mapped):
    """The source as PHP printed it: without what *dress* finds, and with plain blanks at the start of lines."""

    def __init__(self, source: bytes, dress: re.Pattern[bytes]) -> None:
        self._dress = dress
        super().__init__(source)

    def _segment(self, start: int, end: int) -> None:
        position = start
        for found in self._dress.finditer(self._source, start, end):
            self._put(self._source[position : found.start()], position)
            if not found[0].startswith((b"\x1b", b">")):
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
