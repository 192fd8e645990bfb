"""The learned part of body extraction: a forest of decision trees and a vocabulary, evaluated with numpy.

``benchmarks/train_extract.py`` writes the file ``body.npz`` beside this one. Its trees are oblivious: all nodes of one
level have the same condition, so a tree is a row of conditions and a table of results.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crawler.extract.learned.features import COLUMNS, Evidence
from crawler.extract.learned.words import Vocabulary

Array = NDArray[np.float32]


class Forest(NamedTuple):
    """Trees as arrays: ``column`` and ``border`` (trees x levels) of the conditions, ``leaves`` (trees x 2^levels)."""

    column: NDArray[np.int64]
    border: Array
    leaves: Array
    bias: float

    def probabilities(self, rows: Array) -> Array:
        """Return the probability that the block is body, for each row of features."""
        count, levels = self.column.shape
        columns = np.ascontiguousarray(rows.T)
        leaf = np.zeros((count, len(rows)), dtype=np.uint8)
        for level in range(levels):
            answers = columns.take(self.column[:, level], axis=0) > self.border[:, level, None]
            leaf |= answers.view(np.uint8) << np.uint8(level)
        first = np.arange(count, dtype=np.intp)[:, None] * self.leaves.shape[1]
        sums = self.leaves.ravel().take(leaf + first).sum(axis=0) + self.bias
        result: Array = 1.0 / (1.0 + np.exp(-np.clip(sums, -30, 30)))
        return result


class Reader(NamedTuple):
    """Separates the body from the rest: the odds of words, and a forest that judges blocks."""

    vocabulary: Vocabulary
    forest: Forest

    def judge(self, evidence: Evidence) -> Array:
        """Return the probability of each block of a page that it is body."""
        return self.forest.probabilities(evidence.rows)


def read_reader(file: IO[bytes] | Path) -> Reader:
    """Return the reader in *file*, as ``benchmarks/train_extract.py`` writes it.

    Raises ``ImportError`` if it was trained with other columns than :data:`COLUMNS`.
    """
    with np.load(file, allow_pickle=False) as arrays:
        if "columns" not in arrays or arrays["columns"].tobytes() != encoded_columns().tobytes():
            raise ImportError(f"{file} was trained with other columns than are measured; train it again")
        vocabulary = dict(zip(arrays["words"].tobytes().decode().split(), arrays["odds"].tolist(), strict=True))
        leaves = arrays["leaves"].astype(np.float32)
        return Reader(
            vocabulary, Forest(arrays["column"].astype(np.int64), arrays["border"], leaves, float(arrays["bias"]))
        )


def encoded_columns() -> NDArray[np.uint8]:
    """Return the names of the measured columns, in the form of a reader's file."""
    return np.frombuffer("\n".join(COLUMNS).encode(), dtype=np.uint8)


@cache
def shipped_reader() -> Reader:
    """Return the reader that ships with Gleaner; its file is read once per process."""
    with (files(__package__) / "body.npz").open("rb") as file:
        return read_reader(file)
