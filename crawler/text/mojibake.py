# ruff: noqa: RUF002 - the letters of other scripts are the subject
"""Text that was decoded with the wrong charset, put right where that is certain."""

from __future__ import annotations

import ftfy
from ftfy.badness import is_bad

_CONFIG = ftfy.TextFixerConfig(unescape_html=False, explain=False)
_ROUNDS = 4
_LONGEST = 100_000
"""Characters: a longer text is mended in pieces, for the search for a repair is not linear."""


def mend(text: str) -> str:
    """Return *text* with its mojibake repaired, unchanged where there is none or no repair is certain.

    Nothing else is touched: entities, quotes, ligatures and line ends stay.

    >>> mend("Itâ€™s the cafÃ©")
    'It’s the café'
    """
    if text.isascii():
        return text
    if len(text) > _LONGEST:
        return "".join(mend(line) for line in _pieces(text))
    for _ in range(_ROUNDS):
        if not is_bad(text):
            break
        better = ftfy.fix_encoding(text, _CONFIG)
        if better == text:
            break
        text = better
    return text


def _pieces(text: str) -> list[str]:
    """Return *text* cut at line ends, or anywhere once a line is too long."""
    lines = text.splitlines(keepends=True)
    return [line[start : start + _LONGEST] for line in lines for start in range(0, len(line), _LONGEST)]
