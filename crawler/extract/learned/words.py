"""What the words of a block tell: of its title, of the rest of the page, and of body in general."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Vocabulary = Mapping[str, float]
"""A word to the logarithm of its odds to stand in the body."""

_WORD_RE = re.compile(r"\w+")
_SHOWN = 350
_TELLING = 4


class Words(NamedTuple):
    """``columns``: odds of the words, the lowest; what the prose repeats, what the title has."""

    columns: Matrix
    overlap: Matrix


def words_of(folded: Sequence[str], title: str, prose: NDArray[np.bool_], vocabulary: Vocabulary | None) -> Words:
    """Return what the words of the texts *folded* (casefolded) tell; *prose* says which are long and unlinked."""
    lists = [_WORD_RE.findall(text[:_SHOWN]) for text in folded]
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
        said = weights[ids]
        odds = np.bincount(rows, said, count) / np.maximum(lengths, 4)
        some = lengths > 0
        lowest[some] = np.minimum(np.minimum.reduceat(said, (np.cumsum(lengths) - lengths)[some]), 0)
    pairs = np.sort(rows * size + ids)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # np.unique takes several times as long
    row, word = pairs // size, pairs % size
    distinct = np.bincount(row, minlength=count)
    wanted = set(_WORD_RE.findall(title))
    in_title = np.fromiter(map(wanted.__contains__, numbers), dtype=bool, count=len(numbers))
    common = np.bincount(row, in_title[word], count) if len(pairs) else np.zeros(count)
    overlap = common / np.maximum(distinct + len(wanted) - common, 1)
    telling = np.fromiter(map(len, numbers), dtype=np.int64, count=len(numbers)) >= _TELLING
    held = np.bincount(word, prose[row], size) if len(pairs) else np.zeros(size)
    others = held[word] - prose[row]
    counted = telling[word] if len(pairs) else np.zeros(0)
    topical = np.bincount(row, counted * (others > 0), count) / np.maximum(np.bincount(row, counted, count), 1)
    columns = np.column_stack([odds, lowest, topical, overlap, common / max(len(wanted), 1)])
    return Words(columns.astype(np.float32), overlap.astype(np.float32))
