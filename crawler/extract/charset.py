"""Bytes of a page to text: whatever was declared, and whether or not it is true."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes
from w3lib.encoding import read_bom, resolve_encoding

_META_RE = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,40})""", re.IGNORECASE
)
_TAG_RE = re.compile(rb"<(?:script|style)\b.{0,200000}?</(?:script|style)>|<[^>]{0,5000}>", re.IGNORECASE | re.DOTALL)
_HEAD = 16_384
_SAMPLE = 16_384
_WIDE = 4
_MANY = 0.25
"""Share of non-ASCII among the letters above which a Western charset is not believed: no language needs so many."""
_TELLING = 40
_FEW = 0.05
"""Share of broken sequences among the non-ASCII bytes up to which a charset is still taken for the right one."""
_WESTERN = frozenset({"cp1252", "iso8859-1", "iso8859-15", "ascii", "cp1254"})
_SEVEN_BIT = frozenset({"iso2022_jp", "hz"})
_SHIFTS = (b"\x1b", b"~{")
"""What the letters of another script begin with in those."""


def decode(html: bytes, charset: str | None = None) -> str:
    r"""Return *html* as text; never fails, undecodable bytes become U+FFFD.

    *charset* is what the HTTP header said. The order: a byte order mark; UTF-8 where the bytes are UTF-8 (no
    other text looks like it by accident, so this beats any declaration); the header, then the page's own
    declaration, each only if the bytes fit it; UTF-8 with a few faults; a guess from the bytes; Windows-1252.

    >>> decode(b"caf\xe9", "latin-1"), decode("café".encode(), "latin-1")
    ('café', 'café')
    """
    text = _plain(html, charset)
    return _decoded(html, charset) if text is None else text


def to_utf8(html: bytes, charset: str | None = None) -> bytes:
    """Return *html*, read as :func:`decode` reads it, in UTF-8: the same bytes if that is what they are."""
    return html if _plain(html, charset) is not None else _decoded(html, charset).encode("utf-8", "replace")


def _plain(html: bytes, charset: str | None) -> str | None:
    """Return the text of *html* if it is UTF-8 without a byte order mark, else None."""
    if read_bom(html)[0] or _wide(html) or _is_seven_bit(html, charset):
        return None
    try:
        return html.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _decoded(html: bytes, charset: str | None) -> str:
    name, mark = read_bom(html)
    if name and mark:
        return html[len(mark) :].decode(name, "replace")
    if wide := _wide(html):
        return html.decode(wide, "replace")
    for declared in _declared(html, charset):
        text = html.decode(declared, "replace")
        if _fits(text, declared):
            return text
    text = html.decode("utf-8", "replace")
    return text if _fits(text, "utf-8") else html.decode(_guess(html), "replace")


def _is_seven_bit(html: bytes, charset: str | None) -> bool:
    """Tell whether *html* writes the letters of other scripts in ASCII, and says so."""
    return (
        html.isascii()
        and any(shift in html for shift in _SHIFTS)
        and not _SEVEN_BIT.isdisjoint(_declared(html, charset))
    )


def _wide(html: bytes) -> str | None:
    """Return the UTF-16 that *html* is written in without saying so: every other byte of its start is NUL."""
    start = html[:200]
    if start.count(0) * _WIDE < len(start):
        return None
    return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"


def _declared(html: bytes, charset: str | None) -> Iterator[str]:
    match = _META_RE.search(html[:_HEAD])
    for label in (charset, match and match[1].decode("ascii", "replace")):
        name = resolve_encoding(label) if label else None
        if name and codecs.lookup(name).name not in {"utf-16", "utf-16-le", "utf-16-be", "utf-32"}:
            yield codecs.lookup(name).name


def _fits(text: str, name: str) -> bool:
    """Tell whether *text*, decoded as *name* with replacements, looks like what its writer meant."""
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if text.count("\ufffd") > foreign * _FEW:
        return False
    if name not in _WESTERN:
        return True
    visible = _TAG_RE.sub(b" ", text[: _SAMPLE * 8].encode("utf-8")).decode("utf-8", "replace")
    letters = [char for char in visible if char.isalpha()]
    return sum(not char.isascii() for char in letters) <= len(letters) * _MANY


def _guess(html: bytes) -> str:
    """Return the charset that suits the bytes of the visible text best, Windows-1252 if none stands out."""
    visible = b" ".join(_TAG_RE.sub(b" ", html[: _SAMPLE * 32]).split())
    start = re.search(rb"[\x80-\xff]", visible)
    sample = visible[start.start() :][:_SAMPLE] if start else b""
    if sum(byte > 0x7F for byte in sample) < _TELLING:  # noqa: PLR2004 - ASCII
        return "cp1252"
    best = from_bytes(sample, cp_exclusion=["utf_16", "utf_32", "utf_7"]).best()
    return best.encoding if best else "cp1252"
