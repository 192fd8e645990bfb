"""A text as it is looked up and compared: its words, what it is found by, and how alike others are to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crawler.dedupe.shingles import WIDTH, WIDTH_SPACELESS, keys_of, shingles_of
from crawler.dedupe.words import Words, figures_of, names_of

_GAP = 6
"""Words that two texts do not share and that stand in place of each other are no more than so many in a row."""
_FEW = 3
_CHANGED_SHARE = 0.5
_CHANGED_MORE = 2.0
_MIN_FORM_CHANGES = 2
"""Of names and figures: one alone may be a misprint put right."""
_MIN_FORM_SHARE = 0.02
"""Of the words: fewer changed names in a long text are a spelling put right, not another person."""
_MAX_WORDS_PER_FIGURE = 2
"""That changed with a figure, in scripts without capitals: a name has two words or so."""


class Sketch:
    """Values of a text of *words*, computed once for repeated use; *text* shows which words are figures."""

    def __init__(self, words: Words, text: str = "") -> None:
        self.words = words
        self._text = text
        self._hashes, self._wide = shingles_of(words)
        self._sorted = self._hashes.copy()
        self._sorted.sort()
        self.keys = keys_of(self._sorted)
        """Under which it is found: see :func:`~crawler.dedupe.shingles.keys_of`."""

    def similarity(self, other: Words) -> float:
        """Return what share of the words of both texts is in a shingle that both have: 0.0 to 1.0.

        Of a copy that lost a quarter it is 0.86, of one that lost half 0.67, of one with a quarter rewritten 0.75;
        where paragraphs stand does not count. With every fourth word swapped for another it is 0.63: the words between
        two swapped ones are too few to tell whose they are. Two reports on one event have 0.1 to 0.3.
        """
        total = self.words.size + other.size
        if min(self.words.size, other.size) < WIDTH:
            return 0.0
        hashes, wide = shingles_of(other)
        theirs = int(np.count_nonzero(_covered(hashes, wide, self._sorted, other.size)))
        if not theirs:
            return 0.0
        return (theirs + int(np.count_nonzero(self._covered_by(np.sort(hashes))))) / total

    def is_another_report(self, other: Words) -> bool:
        """Tell whether the text is like *other* but for its figures, as tomorrow's weather report is like today's.

        So it is if nothing but names and figures changed, at least two: a road was closed, a person died. So it also
        is if half of the figures, and twice as large a share of them as of all words, stand in a short gap
        between what both texts say: other figures stand there. What a copy lost or has besides is a longer gap, and
        of a copy with words swapped as many other words are gone as figures. Of few figures that says nothing, unless
        no other word is gone.
        """
        figures = figures_of(self._text)
        if figures.size != self.words.size:
            return False
        covered = self._covered_by(np.sort(shingles_of(other)[0]))
        edges = np.diff(covered, prepend=True, append=True).nonzero()[0]
        gaps = np.stack((edges[::2], edges[1::2]), axis=1)
        short = gaps[np.diff(gaps).ravel() <= _GAP]
        gone = ~covered & ~np.isin(self.words, other)
        if len(short) == len(gaps) and not np.isin(other, self.words).all() and self._is_form(gone, figures):
            return True
        if not np.count_nonzero(figures):
            return False
        changed, share = _changed(short, covered, figures)
        _, all_share = _changed(short, covered, np.ones_like(figures))
        others, _ = _changed(short, covered, ~figures & gone)
        return (changed >= _FEW or changed > 0 == others) and share >= max(_CHANGED_SHARE, _CHANGED_MORE * all_share)

    def _is_form(self, gone: NDArray[np.bool_], figures: NDArray[np.bool_]) -> bool:
        """Tell whether nothing is *gone* but names and *figures*, as of a form that was filled in for somebody else."""
        changes = np.unique(self.words[gone]).size
        if not np.count_nonzero(gone & ~figures) or changes < max(_MIN_FORM_CHANGES, _MIN_FORM_SHARE * self.words.size):
            return False
        names = names_of(self._text)
        if names is not None:
            return not np.count_nonzero(gone & ~names & ~figures)
        gone_figures = np.count_nonzero(gone & figures)
        return 0 < int(np.count_nonzero(gone & ~figures)) <= _MAX_WORDS_PER_FIGURE * int(gone_figures)

    def _covered_by(self, ascending: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which words are in a shingle whose hash is one of those *ascending*."""
        return _covered(self._hashes, self._wide, ascending, self.words.size)


def _covered(
    hashes: NDArray[np.uint64], wide: NDArray[np.bool_] | None, among: NDArray[np.uint64], words: int
) -> NDArray[np.bool_]:
    """Tell which of *words* words are in a shingle that is also *among* those of another text."""
    covered = np.zeros(words + WIDTH_SPACELESS, np.bool_)
    is_shared = among.take(among.searchsorted(hashes), mode="clip") == hashes
    if np.count_nonzero(is_shared):
        for step in range(WIDTH):
            covered[step : step + hashes.size] |= is_shared
        if wide is not None:
            is_shared &= wide
            for step in range(WIDTH, WIDTH_SPACELESS):
                covered[step : step + hashes.size] |= is_shared
    return covered[:words]


def _changed(gaps: NDArray[np.int64], covered: NDArray[np.bool_], words: NDArray[np.bool_]) -> tuple[int, float]:
    """Return how many of *words* are in *gaps*, and what share that is of those in gaps and *covered*."""
    before = np.concatenate(([0], words.cumsum()))
    changed = int(np.diff(before[gaps]).sum())
    return changed, changed / max(1, changed + int(np.count_nonzero(words & covered)))
