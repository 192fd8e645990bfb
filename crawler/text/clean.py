# ruff: noqa: RUF002 - the letters of other scripts are the subject
"""Cleans lines and paragraphs: the result is what a reader saw, in one spelling."""

from __future__ import annotations

import re
import unicodedata

from crawler.text.invisible import drop_invisible
from crawler.text.mojibake import mend

_LINE_END_RE = re.compile(r"\r\n?|\u2028")
_PARAGRAPH_RE = re.compile(r"\n[^\S\n]*\n\s*|\u2029")
_MAX_ROUNDS = 8
NO_RULES: frozenset[str] = frozenset()
"""All rules are enabled."""


def clean_line(s: str, off: frozenset[str] = NO_RULES) -> str:
    r"""Return *s* as one line: NFC, no invisible characters, white space folded to single spaces and trimmed.

    Entities are not decoded: the HTML parser did that, and a second time would be wrong.
    Cleaning a clean line changes nothing. *off* are the disabled rules.

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
    r"""Return *s* as clean paragraphs joined by a blank line; mojibake is repaired where that is certain.

    A blank line separates paragraphs; a single line end inside one is white space. Cleaning a clean text changes
    nothing. *off* are the disabled rules.

    >>> clean_text("One\nline.\r\n \r\nTwo â€“ lines.\n")
    'One line.\n\nTwo – lines.'
    """
    for _ in range(_MAX_ROUNDS):  # a repair can produce characters that the next round must drop, and vice versa
        cleaned = _clean_once(s, off)
        if cleaned == s:
            break
        s = cleaned
    return s


def _clean_once(s: str, off: frozenset[str]) -> str:
    mended = s if "mojibake" in off else mend(s)
    paragraphs = (clean_line(paragraph, off) for paragraph in _PARAGRAPH_RE.split(_LINE_END_RE.sub("\n", mended)))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
