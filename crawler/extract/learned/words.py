"""Measures the words of a block: compared with the title, the rest of the page, and bodies in general."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Vocabulary = Mapping[str, float]
"""Maps a word to the logarithm of its odds to be in the body."""

_WORD_RE = re.compile(r"\w+")
MAX_BLOCK_CHARACTERS = 350
MIN_TOPICAL_CHARACTERS = 4
MIN_ODDS_WORDS = 4
"""A shorter block counts as one of this many words, because a few words are weaker evidence."""


class Words(NamedTuple):
    """Measures of the words of each block: their mean and lowest odds, and the shares also in prose and title.

    ``overlap`` is the share of common words among those of block and title, ``of_title`` among those of the title.
    """

    odds: Matrix
    lowest_odds: Matrix
    topical: Matrix
    overlap: Matrix
    of_title: Matrix


def words_of(folded: Sequence[str], title: str, prose: NDArray[np.bool_], vocabulary: Vocabulary | None) -> Words:
    """Return the measures of the casefolded texts *folded*; *prose* says which are long and unlinked."""
    lists = [_WORD_RE.findall(text[:MAX_BLOCK_CHARACTERS]) for text in folded]
    count = len(lists)
    lengths = np.fromiter(map(len, lists), dtype=np.int64, count=count)
    every = [word for words in lists for word in words]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(every))}
    size = len(numbers) or 1
    ids = np.fromiter(map(numbers.__getitem__, every), dtype=np.int64, count=len(every))
    rows = np.repeat(np.arange(count), lengths)
    odds, lowest = np.zeros(count), np.zeros(count)
    if vocabulary is not None and every:
        weights = np.fromiter(map(vocabulary.get, numbers, repeat(0.0)), dtype=float, count=len(numbers))
        odds_of_words = weights[ids]
        odds = np.bincount(rows, odds_of_words, count) / np.maximum(lengths, MIN_ODDS_WORDS)
        some = lengths > 0
        lowest[some] = np.minimum(np.minimum.reduceat(odds_of_words, (np.cumsum(lengths) - lengths)[some]), 0)
    pairs = np.sort(rows * size + ids)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # np.unique takes several times as long
    row, word = pairs // size, pairs % size
    distinct = np.bincount(row, minlength=count)
    wanted = set(_WORD_RE.findall(title))
    in_title = np.fromiter(map(wanted.__contains__, numbers), dtype=bool, count=len(numbers))
    common = np.bincount(row, in_title[word], count) if len(pairs) else np.zeros(count)
    overlap = common / np.maximum(distinct + len(wanted) - common, 1)
    telling = np.fromiter(map(len, numbers), dtype=np.int64, count=len(numbers)) >= MIN_TOPICAL_CHARACTERS
    held = np.bincount(word, prose[row], size) if len(pairs) else np.zeros(size)
    others = held[word] - prose[row]
    counted = telling[word] if len(pairs) else np.zeros(0)
    topical = np.bincount(row, counted * (others > 0), count) / np.maximum(np.bincount(row, counted, count), 1)
    columns = (odds, lowest, topical, overlap, common / max(len(wanted), 1))
    return Words(*(column.astype(np.float32) for column in columns))
