"""A text prepared for lookup and comparison: its words, its keys, and its similarity to other texts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crawler.dedupe.shingles import SHINGLE_CHARACTERS, SHINGLE_WORDS, keys_of, shingles_of
from crawler.dedupe.words import Words, figures_of, names_of

_MAX_GAP_WORDS = 6
"""Longest row of words that counts as a replacement of words of the other text."""
_MIN_CHANGED_FIGURES = 3
_MIN_CHANGED_SHARE = 0.5
_MIN_CHANGED_RATIO = 2.0
_MIN_FORM_CHANGES = 2
"""Least number of changed names and figures: a single one may be a corrected misprint."""
_MIN_FORM_SHARE = 0.02
"""Least share of the words: fewer changed names in a long text are a corrected spelling, not another person."""
_MAX_WORDS_PER_FIGURE = 2
"""Most words that changed with each figure, in scripts without capitals: a name has about two words."""


class Overlap(NamedTuple):
    """What two texts share: their similarity, and which words of the first are in a shingle of both."""

    similarity: float
    covered: NDArray[np.bool_]


class Sketch:
    """The *words* of a text, with values computed once for repeated use; *text* shows which words are figures."""

    def __init__(self, words: Words, text: str = "") -> None:
        self.words = words
        self._text = text
        self._hashes, self._wide = shingles_of(words)
        self._sorted = self._hashes.copy()
        self._sorted.sort()
        self.keys = keys_of(self._sorted)
        """Its keys in the index: see :func:`~crawler.dedupe.shingles.keys_of`."""

    def similarity(self, other: Words) -> float:
        """Return the share of the words of both texts that are in a shingle of both: 0.0 to 1.0.

        It is 0.86 for a copy that lost a quarter, 0.67 for one that lost half, 0.75 for one with a quarter rewritten.
        The order of paragraphs does not count. With every fourth word replaced it is 0.63, because the few words
        between two replaced ones are in no shared shingle. Two different reports on one event have 0.1 to 0.3.
        """
        return self.overlap(other).similarity

    def overlap(self, other: Words) -> Overlap:
        """Return the :meth:`similarity` to *other*, and where they repeat each other."""
        hashes, wide = shingles_of(other)
        nothing = Overlap(0.0, np.zeros(self.words.size, np.bool_))
        if not hashes.size or not self._hashes.size:
            return nothing
        covered = int(np.count_nonzero(_covered(hashes, wide, self._sorted, other.size)))
        if not covered:
            return nothing
        own = _covered(self._hashes, self._wide, np.sort(hashes), self.words.size)
        return Overlap((covered + int(np.count_nonzero(own))) / (self.words.size + other.size), own)

    def is_another_report(self, other: Words, covered: NDArray[np.bool_]) -> bool:
        """Return whether the text repeats *other* with other figures, as tomorrow's weather report repeats today's.

        *covered* are the words of the text that :meth:`overlap` found in *other*.

        That is so if only names and figures changed, at least two of them: a road was closed, a person died. It is also
        so if half of the figures, and a share of them twice as large as that of all words, are in short gaps between
        shared words: there other figures replaced them. Text that a copy lost or added makes longer gaps, and in a copy
        with replaced words the share of other words is as large as that of figures. A few figures prove nothing, unless
        no other word changed.
        """
        edges = np.diff(covered, prepend=True, append=True).nonzero()[0]
        gaps = np.stack((edges[::2], edges[1::2]), axis=1)
        short = gaps[np.diff(gaps).ravel() <= _MAX_GAP_WORDS]
        if not short.size:
            return False  # nothing was replaced: most copies, which lost or added text
        figures = figures_of(self._text)
        if figures.size != self.words.size:
            return False
        gone = ~covered & ~_is_among(self.words, other)
        if len(short) == len(gaps) and not _is_among(other, self.words).all() and self._is_form(gone, figures):
            return True
        if not np.count_nonzero(figures):
            return False
        changed, share = _changed(short, covered, figures)
        _, all_share = _changed(short, covered, np.ones_like(figures))
        others, _ = _changed(short, covered, ~figures & gone)
        return (changed >= _MIN_CHANGED_FIGURES or changed > 0 == others) and share >= max(
            _MIN_CHANGED_SHARE, _MIN_CHANGED_RATIO * all_share
        )

    def _is_form(self, gone: NDArray[np.bool_], figures: NDArray[np.bool_]) -> bool:
        """Return whether only names and *figures* are *gone*, as in a form that was filled in for another person."""
        changes = np.unique(self.words[gone]).size
        if not np.count_nonzero(gone & ~figures) or changes < max(_MIN_FORM_CHANGES, _MIN_FORM_SHARE * self.words.size):
            return False
        names = names_of(self._text)
        if names is not None:
            return not np.count_nonzero(gone & ~names & ~figures)
        gone_figures = np.count_nonzero(gone & figures)
        return 0 < int(np.count_nonzero(gone & ~figures)) <= _MAX_WORDS_PER_FIGURE * int(gone_figures)


def _covered(
    hashes: NDArray[np.uint64], wide: NDArray[np.bool_] | None, among: NDArray[np.uint64], words: int
) -> NDArray[np.bool_]:
    """Return which of *words* words are in a shingle that is also *among* those of another text."""
    covered = np.zeros(words + SHINGLE_CHARACTERS, np.bool_)
    is_shared = among.take(among.searchsorted(hashes), mode="clip") == hashes
    if np.count_nonzero(is_shared):
        for step in range(SHINGLE_WORDS):
            covered[step : step + hashes.size] |= is_shared
        if wide is not None:
            is_shared &= wide
            for step in range(SHINGLE_WORDS, SHINGLE_CHARACTERS):
                covered[step : step + hashes.size] |= is_shared
    return covered[:words]


def _is_among(words: Words, others: Words) -> NDArray[np.bool_]:
    """Return which of *words* are among *others*: by a table of all words of 16 bits, as ``isin`` would sort both."""
    table = np.zeros(1 << 16, np.bool_)
    table[others] = True
    return table[words]


def _changed(gaps: NDArray[np.int64], covered: NDArray[np.bool_], words: NDArray[np.bool_]) -> tuple[int, float]:
    """Return how many of *words* are in *gaps*, and their share of those in gaps or *covered*."""
    before = np.concatenate(([0], words.cumsum()))
    changed = int(np.diff(before[gaps]).sum())
    return changed, changed / max(1, changed + int(np.count_nonzero(words & covered)))
