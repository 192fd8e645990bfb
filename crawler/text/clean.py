# ruff: noqa: RUF002 - the letters of other scripts are the subject
"""Lines and paragraphs, cleaned: what is stored is what a reader saw, spelled in one way."""

from __future__ import annotations

import re
import unicodedata

from crawler.text.invisible import drop_invisible
from crawler.text.mojibake import mend

_LINE_END_RE = re.compile(r"\r\n?|\u2028")
_PARAGRAPH_RE = re.compile(r"\n[^\S\n]*\n\s*|\u2029")
_ROUNDS = 8
NO_RULES: frozenset[str] = frozenset()
"""No rule is switched off."""


def clean_line(s: str, off: frozenset[str] = NO_RULES) -> str:
    r"""Return *s* as one line: NFC, no invisible characters, white space folded to single spaces, none at the ends.

    Entities are not decoded: whoever read the HTML did that, and a second time would be wrong.
    Cleaning what is clean changes nothing. *off* are the rules that are switched off.

    >>> clean_line(" Caf\u0065\u0301 \t &amp;\u00a0bar\n")
    'Café &amp; bar'
    """
    if s.isascii():
        line = " ".join(s.split())
        if line.isprintable():
            return line
    visible = drop_invisible(s, off)
    return " ".join((visible if "composition" in off else unicodedata.normalize("NFC", visible)).split())


def clean_text(s: str, off: frozenset[str] = NO_RULES) -> str:
    r"""Return *s* as clean paragraphs joined by a blank line; its mojibake is repaired where that is certain.

    A blank line parts paragraphs; a single line end inside one is white space. Cleaning what is clean
    changes nothing. *off* are the rules that are switched off.

    >>> clean_text("One\nline.\r\n \r\nTwo â€“ lines.\n")
    'One line.\n\nTwo – lines.'
    """
    for _ in range(_ROUNDS):  # a repair can free characters that the next round must drop, and the other way round
        cleaned = _clean_once(s, off)
        if cleaned == s:
            break
        s = cleaned
    return s


def _clean_once(s: str, off: frozenset[str]) -> str:
    mended = s if "mojibake" in off else mend(s)
    paragraphs = (clean_line(paragraph, off) for paragraph in _PARAGRAPH_RE.split(_LINE_END_RE.sub("\n", mended)))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
