# ruff: noqa: RUF002 - the letters of other scripts are the subject
"""The normalized form of a text, which is equal for two copies of one article, and its hash."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256

from crawler.text.invisible import drop_invisible

_ASCII = bytes(range(0x80))
_DROPPED = bytes(code for code in _ASCII if not drop_invisible(chr(code)))
_WHITE = bytes(code for code in _ASCII if chr(code).isspace())
_FOLDED = bytes.maketrans(_ASCII + _WHITE, _ASCII.lower() + b" " * len(_WHITE))
_PLAIN_BLOCKS = ((0x20, 0x250), (0x370, 0x530), (0x5D0, 0x5EB), (0x600, 0x700), (0x2010, 0x2060), (0x20A0, 0x20C0))
"""Latin, Greek, Cyrillic, Hebrew and Arabic letters, punctuation and currencies: most characters of news."""


def _plain() -> Iterator[str]:
    """Yield the characters whose normalized form is their casefolded form, whatever their neighbours."""
    for character in (chr(code) for block in _PLAIN_BLOCKS for code in range(*block)):
        folded = character.casefold()
        settled = not character.isspace() and character == unicodedata.normalize("NFKC", drop_invisible(character))
        if settled and folded == unicodedata.normalize("NFKC", folded) and not any(map(unicodedata.combining, folded)):
            yield character


_SPECIAL = {"\xa0": " ", "\u200c": "", "\u200d": "", "…": "..."}
"""Characters that are not plain, but have the same normalized form everywhere."""
_SPECIAL_UTF_8 = tuple((one, (one.encode(), other.encode())) for one, other in _SPECIAL.items())
_PLAIN_RE = re.compile(f"[{re.escape(''.join((*_plain(), *_SPECIAL)))}]*+")


def normalized(text: str) -> str:
    r"""Return *text* in the form for comparison: one line, without details that a copy or a style sheet may change.

    NFKC (wide and ligature forms, Arabic presentation forms), casefolded (a headline in capitals is the same headline),
    no invisible characters and no joiners, white space and paragraph breaks folded to one space. Punctuation, digits
    and accents stay: they distinguish texts.

    >>> normalized("ＡＴＬＡＮＴＡ --\n\nﬁnal")
    'atlanta -- final'
    """
    return normalized_utf_8(text).decode()


def normalized_utf_8(text: str) -> bytes:
    """Return the UTF-8 of :func:`normalized`; for nearly all texts with byte operations, five times faster."""
    data = text.encode("utf-8", "surrogatepass")
    other = "" if text.isascii() else data.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    if not _PLAIN_RE.fullmatch(other):
        return _normalized_slowly(text).encode()
    if other != other.casefold():
        data = text.casefold().encode()
    data = b"\n".join(filter(None, data.split(b"\n")))  # most white space, and faster to find than spaces
    data = data.translate(_FOLDED, _DROPPED)
    for special, (found, wanted) in _SPECIAL_UTF_8:
        if special in other:
            data = data.replace(found, wanted)
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data.strip(b" ")


def _normalized_slowly(text: str) -> str:
    composed = unicodedata.normalize("NFKC", drop_invisible(text))
    folded = composed.replace("\u200c", "").replace("\u200d", "").casefold()
    return " ".join(drop_invisible(unicodedata.normalize("NFKC", folded)).split())


def content_sha256(text: str | None) -> str | None:
    r"""Return the SHA-256 (64 hex digits) of the UTF-8 of :func:`normalized`; None for no text.

    Corpora store the hash, so the normalized form of a text must never change: tests with golden values guard it.

    >>> content_sha256("A  b") == content_sha256("a\n\nB")
    True
    """
    form = normalized_utf_8(text) if text else b""
    return sha256(form).hexdigest() if form else None
