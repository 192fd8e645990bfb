"""Decodes the bytes of a page, whether its declared charset is right, wrong or missing.

The order: a byte order mark; UTF-8 if the bytes are UTF-8 (no other text looks like it by accident, so this comes
before any declaration); the HTTP header, the page's own declaration, that of its container, each only if the bytes fit
it; UTF-8 with a few errors; the likeliest charset by the letters above ASCII; Windows-1252.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import chardet
from w3lib.encoding import resolve_encoding

_META_RE = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s{0,9}=\s{0,9}["']?\s{0,9}([\w.:-]{2,40})""", re.IGNORECASE
)
_TAG_RE = re.compile(rb"<(?:script|style)\b.{0,200000}?</(?:script|style)>|<[^>]{0,5000}>", re.IGNORECASE | re.DOTALL)
_META_BYTES = 16_384
_VISIBLE_BYTES = 1 << 19
_SAMPLE_BYTES = 65_536
_BEFORE_BYTES = 1024
"""Bytes of the sample before its first letter above ASCII: the words around such letters separate Western languages."""
_MAX_BROKEN_SHARE = 0.05
"""Share of the characters above ASCII; a charset that breaks more of them is wrong."""
_MIN_FOREIGN_LETTERS = 20
"""Fewer letters above ASCII cannot refute a declared Western charset."""
_MIN_GUESSED_LETTERS = 3
"""Fewer letters above ASCII are not enough for a guess."""
_PUNCTUATION = bytes((*range(0x80, 0xA0), 0xA0, 0xA9, 0xAB, 0xAD, 0xAE, 0xB0, 0xB7, 0xBB))
"""Bytes that are not letters in most code pages of Windows: quotes, dashes, signs."""
_WESTERN = frozenset({"cp1252", "iso8859-1", "iso8859-15", "ascii", "cp1254"})
_OTHER_SCRIPTS = re.compile(r"cp(125[1356]|866|874|932|949)|iso8859-[5-8]$|koi8|gb|big5|euc|shift|johab")
_SEVEN_BIT = frozenset({"iso2022_jp", "hz"})
_SHIFTS = (b"\x1b", b"~{")
"""The bytes that begin letters of another script in those charsets."""
_CANDIDATES = (
    *(f"windows-125{number}" for number in range(9)),
    *(f"iso-8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    *("koi8-r", "koi8-u", "cp866", "cp874", "gb18030", "big5", "euc-jp", "cp932", "euc-kr", "cp949"),
)
"""The legacy charsets of the web (https://encoding.spec.whatwg.org/#legacy-single-byte-encodings and what follows)."""
_WIDE_SAMPLE_BYTES = 4096
_MIN_WIDE_BYTES = 8
_MIN_ZONE_SHARE = 0.6
_ZONES = bytes({*range(0x09), 0x0B, 0x0E, 0x0F})
_WIDE_MARKS = ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"))


class DecodedPage(NamedTuple):
    """Text, the Python codec that decoded it, and how the codec was found.

    ``reason`` is ``mark`` (a byte order mark), ``utf-8`` (the bytes are UTF-8), ``wide`` (UTF-16 without a mark),
    ``declared``, ``mostly-utf-8`` (with a few errors) or ``guessed`` (from the letters).
    """

    text: str
    charset: str
    reason: str

    @property
    def name(self) -> str:
        """The common name of the charset: ``windows-1256`` for ``cp1256``."""
        return re.sub(r"^cp(125\d)$", r"windows-\1", self.charset).replace("iso8859-", "iso-8859-")


def decode(html: bytes, charset: str | None = None) -> str:
    r"""Return *html* as text; never fails, undecodable bytes become U+FFFD. *charset* is that of the HTTP header.

    >>> decode(b"caf\xe9", "latin-1"), decode("café".encode(), "latin-1")
    ('café', 'café')
    """
    return decode_page(html, charset).text


def to_utf8(html: bytes, charset: str | None = None) -> bytes:
    """Return *html*, decoded as by :func:`decode`, in UTF-8: the same bytes if they are UTF-8 already."""
    decoded = decode_page(html, charset)
    return html if decoded.reason == "utf-8" else decoded.text.encode("utf-8", "replace")


def decode_page(data: bytes, charset: str | None = None, container_charset: str | None = None) -> DecodedPage:
    """Return *data* as text, and its charset. The page's own declaration comes before *container_charset*."""
    if wide := wide_charset(data):
        name, mark = wide
        return DecodedPage(data[len(mark) :].decode(name, "replace"), name, "mark" if mark else "wide")
    if data.startswith(codecs.BOM_UTF8):
        return DecodedPage(data.decode("utf-8-sig", "replace"), "utf-8", "mark")
    labels = tuple(_declared(data, charset, container_charset))
    if not _is_seven_bit(data, labels):
        try:
            return DecodedPage(data.decode("utf-8"), "utf-8", "utf-8")
        except UnicodeDecodeError:
            pass
    guess = lru_cache(1)(lambda: guess_charset(data))
    for declared in labels:
        text = data.decode(declared, "replace")
        if _is_whole(text) and (declared not in _WESTERN or not _is_foreign(data) or not _OTHER_SCRIPTS.match(guess())):
            return DecodedPage(text, declared, "declared")
    text = data.decode("utf-8", "replace")
    if _is_whole(text) or _is_cut(data):
        return DecodedPage(text, "utf-8", "mostly-utf-8")
    return DecodedPage(data.decode(guess(), "replace"), guess(), "guessed")


def guess_charset(data: bytes) -> str:
    """Return the codec that fits the letters above ASCII in *data* best; Windows-1252 if none is clearly best."""
    visible = _TAG_RE.sub(b" ", data[:_VISIBLE_BYTES])
    first = re.search(rb"[\x80-\xff]", visible)
    if first is None:  # they are in a script, in a comment, or further down
        visible = data
        first = re.search(rb"[\x80-\xff]", visible)
    start = max(0, first.start() - _BEFORE_BYTES) if first else 0
    sample = visible[start : start + _SAMPLE_BYTES]
    if len(_letters_above(sample)) < _MIN_GUESSED_LETTERS:
        return "cp1252"
    found = chardet.detect(sample, include_encodings=_CANDIDATES)["encoding"]
    return codecs.lookup(found).name if found else "cp1252"


def wide_charset(data: bytes) -> tuple[str, bytes] | None:
    """Return the UTF-16 or UTF-32 codec of *data*, and its byte order mark (or nothing); None for other text."""
    for mark, name in _WIDE_MARKS:
        if data.startswith(mark):
            return name, mark
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16-le" if data[0] == codecs.BOM_UTF16_LE[0] else "utf-16-be"), data[:2]
    sample = data[:_WIDE_SAMPLE_BYTES]
    if len(sample) < _MIN_WIDE_BYTES or not sample.strip(b"\0"):
        return None
    for name, zeros in (("utf-32-le", (2, 3)), ("utf-32-be", (0, 1))):
        if not any(sample[place::4].strip(b"\0") for place in zeros):
            return name, b""
    odd, even = _zone_share(sample[1::2]), _zone_share(sample[::2])
    for name, zone, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zone > _MIN_ZONE_SHARE and other < zone / 8:
            return name, b""
    return None


def _zone_share(data: bytes) -> float:
    """Return the share of *data* that can be upper bytes of UTF-16 in alphabets: U+0000 to U+0FFF, no line end."""
    return 1 - len(data.translate(None, _ZONES)) / max(1, len(data))


def _is_seven_bit(html: bytes, labels: tuple[str, ...]) -> bool:
    """Return whether *html* encodes the letters of other scripts in ASCII, and declares it."""
    return html.isascii() and not _SEVEN_BIT.isdisjoint(labels) and any(shift in html for shift in _SHIFTS)


def _declared(html: bytes, charset: str | None, container_charset: str | None) -> Iterator[str]:
    match = _META_RE.search(html[:_META_BYTES])
    for label in (charset, match and match[1].decode("ascii", "replace"), container_charset):
        name = resolve_encoding(label) if label else None
        if name and codecs.lookup(name).name not in {"utf-16", "utf-16-le", "utf-16-be", "utf-32"}:
            yield codecs.lookup(name).name


def _is_whole(text: str) -> bool:
    """Return whether *text*, decoded with replacements, looks as its writer intended."""
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") <= foreign * _MAX_BROKEN_SHARE


def _is_cut(data: bytes) -> bool:
    """Return whether *data* is UTF-8 with letters above ASCII that ends within a letter."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        at_end = error.end >= len(data) - 3 and error.reason == "unexpected end of data"
        return at_end and not data[: error.start].isascii()
    return False


def _is_foreign(data: bytes) -> bool:
    """Return whether *data* has enough letters above ASCII to refute a Western charset."""
    return len(_letters_above(data)) >= _MIN_FOREIGN_LETTERS


def _letters_above(data: bytes) -> bytes:
    return data.translate(None, bytes(range(0x80)) + _PUNCTUATION)
