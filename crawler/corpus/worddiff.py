"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from rapidfuzz.distance import LCSseq

_WORD_RE = re.compile(r"\n\n|\S+")
_PARAGRAPH_RE = re.compile(r"\n\n|(?:(?!\n\n).)+", re.DOTALL)
_MAX_WORD_PAIRS = 400_000_000
"""So many pairs of words are compared at most, in 50 MB; longer texts are compared by the paragraph."""


class Change(NamedTuple):
    """A run of words that both texts have, or one has: ``removed`` is only in the old, ``added`` only in the new."""

    kind: Literal["equal", "removed", "added"]
    text: str


def word_diff(old: str, new: str) -> list[Change]:
    """Return the runs of words in which *old* became *new*: the fewest words that must go and come.

    >>> word_diff("It rained in May.", "It snowed in May.")[1:3]
    [Change(kind='removed', text='rained'), Change(kind='added', text='snowed')]
    """
    for pattern in (_WORD_RE, _PARAGRAPH_RE):
        before, after = pattern.findall(old), pattern.findall(new)
        if len(before) * len(after) <= _MAX_WORD_PAIRS:
            return _diff(before, after)
    return [Change("removed", old), Change("added", new)]


def _diff(before: list[str], after: list[str]) -> list[Change]:
    changes: list[Change] = []
    removed: list[str] = []
    added: list[str] = []

    def flush() -> None:
        changes.extend([Change("removed", _joined(removed))] if removed else [])
        changes.extend([Change("added", _joined(added))] if added else [])
        removed.clear()
        added.clear()

    for code in LCSseq.opcodes(before, after):
        if code.tag == "equal":
            flush()
            changes.append(Change("equal", _joined(after[code.dest_start : code.dest_end])))
        else:
            removed += before[code.src_start : code.src_end]
            added += after[code.dest_start : code.dest_end]
    flush()
    return changes


def _joined(words: list[str]) -> str:
    return " ".join(words).replace(" \n\n", "\n\n").replace("\n\n ", "\n\n")


def shortened(text: str, words: int) -> str:
    """Return *text* with its middle left out if it has more than twice as many *words*.

    >>> shortened("a b c d e f", 2)
    'a b … e f'
    """
    all_words = _WORD_RE.findall(text)
    if len(all_words) <= 2 * words + 1:
        return text
    return f"{_joined(all_words[:words])} … {_joined(all_words[-words:])}"
