# ruff: noqa: RUF002 - the letters of other scripts are the subject
"""The form of a text that two copies of one article share, and its hash."""

from __future__ import annotations

import unicodedata
from hashlib import sha256

from crawler.text.invisible import drop_invisible

_ASCII_CONTROLS = {code: None for code in range(0x80) if not drop_invisible(chr(code))}


def normalized(text: str) -> str:
    r"""Return *text* as it is compared: one line, without what a copy, a keyboard or a style sheet may change.

    NFKC (wide and ligature forms, Arabic presentation forms), casefolded (a headline set in capitals is the same
    headline), no invisible characters and no joiners, white space and paragraph breaks folded to one space.
    Punctuation, digits and accents stay: they tell texts apart.

    >>> normalized("ＡＴＬＡＮＴＡ --\n\nﬁnal")
    'atlanta -- final'
    """
    if text.isascii():  # what follows does no more to it, and slower
        return " ".join(text.translate(_ASCII_CONTROLS).lower().split())
    composed = unicodedata.normalize("NFKC", drop_invisible(text))
    folded = composed.replace("\u200c", "").replace("\u200d", "").casefold()
    return " ".join(drop_invisible(unicodedata.normalize("NFKC", folded)).split())


def content_sha256(text: str | None) -> str | None:
    r"""Return the SHA-256 (64 hex digits) of the UTF-8 of :func:`normalized`; None for no text.

    The hash is stored in corpora, so the normalized form of a text must never change: golden values guard it.

    >>> content_sha256("A  b") == content_sha256("a\n\nB")
    True
    """
    form = normalized(text) if text else ""
    return sha256(form.encode()).hexdigest() if form else None
