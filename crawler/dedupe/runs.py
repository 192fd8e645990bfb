"""Runs: sorted files of (key, document), written once, merged into longer ones, looked up where they lie.

An entry is 8 bytes: a key in the upper 32 bits, the number of a document that has it in the lower 32. A run is mapped,
not read: what of it is in memory is the system's to decide. As in every log-structured merge tree, runs are merged
into longer ones, each :data:`FAN_IN` times as long as the next, so there are few to look into however many documents
there are.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from crawler.exceptions import CorpusDamaged

FAN_IN = 32
ENTRY_BYTES = 8

Entries = NDArray[np.uint64]

_NUMBER = np.uint64(0xFFFFFFFF)
_BLOCK = 32
_WORTH_BLOCKS = 1 << 22
"""Entries of a run, 32 MiB: a shorter one is searched as quickly as it is."""
_SLICE_ENTRIES = 1 << 20
"""So many entries of runs that are merged are in memory at a time: 8 MiB, and as much again sorted."""


def needles_of(keys: Entries) -> Entries:
    """Return what the entries of *keys*, ascending, lie between: all the lower ends, then all the upper ends."""
    return np.concatenate((keys, keys | _NUMBER))


class Run:
    """The sorted entries in the file at *path*. Raises ``CorpusDamaged`` if it is not *entries* long."""

    def __init__(self, path: Path, entries: int) -> None:
        self.path = path
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != entries * ENTRY_BYTES or not entries:
                raise CorpusDamaged(str(path), f"it has {size} bytes, not {entries * ENTRY_BYTES}")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.entries: Entries = np.frombuffer(self._map, np.uint64)
        whole = entries // _BLOCK if entries > _WORTH_BLOCKS else 0
        self._blocks = self.entries[: whole * _BLOCK].reshape(whole, _BLOCK)
        self._firsts = self._blocks[:, 0].copy()
        self._view = memoryview(self._map).cast("Q")  # quicker than numpy for the few that are looked at

    def ranges(self, needles: Entries) -> list[tuple[int, int, int]]:
        """Return (number of the key, begin, end) of the entries of each of the keys of *needles* that is here."""
        at = (self._search(needles) if self._firsts.size else self.entries.searchsorted(needles)).tolist()
        half = len(at) // 2
        return [
            (number, begin, end)
            for number, (begin, end) in enumerate(zip(at[:half], at[half:], strict=True))
            if begin != end
        ]

    def _search(self, needles: Entries) -> NDArray[np.int64]:
        """Return where *needles* belong, as ``searchsorted`` does, but look into one block for each.

        A binary search of a long run waits for memory a dozen times for each needle; here it is of the first entries
        of blocks, which are together.
        """
        block = np.maximum(self._firsts.searchsorted(needles) - 1, 0)
        at: NDArray[np.int64] = block * _BLOCK + np.count_nonzero(
            self._blocks.take(block, axis=0) < needles[:, None], axis=1
        )
        beyond = at == self._blocks.size
        if np.count_nonzero(beyond):
            at[beyond] += self.entries[self._blocks.size :].searchsorted(needles[beyond])
        return at

    def documents(self, begin: int, end: int) -> list[int]:
        """Return the numbers of the documents of the entries from *begin* to *end*."""
        return [entry & 0xFFFFFFFF for entry in self._view[begin:end]]


def write_run(path: Path, entries: Entries) -> None:
    """Write the sorted *entries* to *path*, durably."""
    with path.open("wb") as file:
        file.write(entries.tobytes())
        _sync(file)


def merge_runs(path: Path, runs: Sequence[Run]) -> int:
    """Write the entries of *runs* to *path*, sorted and durably; return how many. Memory stays flat."""
    total = sum(run.entries.size for run in runs)
    longest = max(runs, key=lambda run: run.entries.size).entries
    step = max(1, longest.size * _SLICE_ENTRIES // total)
    begun = [0] * len(runs)
    with path.open("wb") as file:
        for cut in [*longest[step::step], None]:
            ends = [run.entries.size if cut is None else int(run.entries.searchsorted(cut)) for run in runs]
            slices = [run.entries[start:end] for run, start, end in zip(runs, begun, ends, strict=True)]
            merged = np.concatenate(slices)
            merged.sort(kind="stable")  # radix or timsort: what is sorted in pieces is soon sorted
            file.write(merged.tobytes())
            begun = ends
        _sync(file)
    return total


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
