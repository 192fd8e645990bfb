# ruff: noqa: RUF001, RUF002 - the letters of other scripts are the subject
"""Repairs text that was decoded with the wrong charset, where the repair is certain."""

from __future__ import annotations

import re

import ftfy
from ftfy.badness import MOJIBAKE_CATEGORIES, is_bad

_CONFIG = ftfy.TextFixerConfig(unescape_html=False, explain=False)
_MAX_ROUNDS = 4
_MAX_CHARACTERS = 100_000
"""Characters. A longer text is repaired in pieces, because the search for a repair is not linear."""

# ftfy's pattern is slow, but each of its alternatives needs a character other than the quotes and dashes that are
# common in English. So it only has to search around such characters.
_PLAIN = ("common", "start_punctuation", "end_punctuation")
_SUSPECTS = "".join(chars for name, chars in MOJIBAKE_CATEGORIES.items() if name not in _PLAIN)
_SUSPECT_RE = re.compile(f"[{_SUSPECTS}Ÿž´©®°µ»]+")
_CONTEXT_CHARACTERS = 6


def mend(text: str) -> str:
    """Return *text* with its mojibake repaired where the repair is certain.

    Nothing else changes: entities, quotes, ligatures and line ends stay.

    >>> mend("Itâ€™s the cafÃ©")
    'It’s the café'
    """
    if text.isascii():
        return text
    if len(text) > _MAX_CHARACTERS:
        return "".join(mend(line) for line in _pieces(text))
    for _ in range(_MAX_ROUNDS):
        if not looks_bad(text):
            break
        better = ftfy.fix_encoding(text, _CONFIG)
        if better == text:
            break
        text = better
    return text


def looks_bad(text: str) -> bool:
    """Return whether *text* may be mojibake: whenever ftfy says so, rarely otherwise, but several times faster.

    >>> looks_bad("It’s the “café” — naïve"), looks_bad("cafÃ©")
    (False, True)
    """
    places = _SUSPECT_RE.finditer(text)
    around = "\n".join(
        text[max(0, place.start() - _CONTEXT_CHARACTERS) : place.end() + _CONTEXT_CHARACTERS] for place in places
    )
    return bool(around) and is_bad(around)


def _pieces(text: str) -> list[str]:
    """Return *text* cut at line ends, or anywhere in a line that is too long."""
    lines = text.splitlines(keepends=True)
    return [line[start : start + _MAX_CHARACTERS] for line in lines for start in range(0, len(line), _MAX_CHARACTERS)]
