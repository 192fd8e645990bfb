"""The learned part of finding the body: a forest of decision trees, evaluated with numpy.

The file ``body.npz`` beside this one is made by ``benchmarks/train_extract.py``. Its trees are oblivious: all nodes
of one level ask the same question, so a tree is a row of questions and a table of answers.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Forest(NamedTuple):
    """Trees as arrays: ``column`` and ``border`` (trees x levels) of the questions, ``leaves`` (trees x 2^levels)."""

    column: NDArray[np.int64]
    border: Array
    leaves: Array
    bias: float

    def probabilities(self, rows: Array) -> Array:
        """Return, for each row of features, the probability that its block is body."""
        count, levels = self.column.shape
        columns = np.ascontiguousarray(rows.T)
        answers = columns[self.column.ravel()].reshape(count, levels, len(rows)) > self.border[:, :, None]
        leaf = np.zeros((count, len(rows)), dtype=np.uint8)
        for level in range(levels):
            leaf |= answers[:, level].view(np.uint8) << np.uint8(level)
        first = np.arange(count, dtype=np.intp)[:, None] * self.leaves.shape[1]
        sums = self.leaves.ravel().take(leaf + first).sum(axis=0) + self.bias
        result: Array = 1.0 / (1.0 + np.exp(-np.clip(sums, -30, 30)))
        return result


@cache
def load_forest() -> Forest:
    """Return the forest that ships with Gleaner; its file is read once a process."""
    with (files(__package__) / "body.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return Forest(arrays["column"].astype(np.int64), arrays["border"], arrays["leaves"], float(arrays["bias"]))
