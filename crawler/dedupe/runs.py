"""Runs: sorted files of (key, document), written once, merged into longer ones, searched on disk.

An entry is 8 bytes: a key in the upper 32 bits, the number of a document with that key in the lower 32. For a key of
many documents a run keeps the last :data:`MAX_ENTRIES_PER_KEY` entries: they are enough to show that the key is common.

The directory of a run comes before its entries: it says where the entries begin whose first bits are 0, 1, 2 and so on,
with enough bits that each slot has only a few entries. Keys are spread evenly, so a lookup reads the directory once and
the entries once, for any number of entries; a binary search would wait for memory many times.

A run is mapped, not read: the system decides which parts are in memory. As in every log-structured merge tree, runs are
merged into longer ones, each :data:`FAN_IN` times as long as the next, so a lookup reads few runs for any number of
documents.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crawler.exceptions import CorpusDamaged

FAN_IN = 16
MAX_ENTRIES_PER_KEY = 8
NUMBER = np.uint64(0xFFFFFFFF)
"""The bits of an entry that are the number of a document."""
NO_ENTRY = np.uint64(0xFFFFFFFF_FFFFFFFF)
"""An empty entry: it sorts after all others and belongs to no document."""

Entries = NDArray[np.uint64]

_ENTRY_BYTES, _SLOT_BYTES = 8, 4
_MIN_SLOTS = 2
_WINDOW_ENTRIES = 2 * MAX_ENTRIES_PER_KEY
"""Entries that are read at once: usually all entries of a key. The same number of empty entries ends a run."""
_WINDOW_TYPE = np.dtype((np.void, _WINDOW_ENTRIES * _ENTRY_BYTES))
_SLICE_ENTRIES = 1 << 20
"""Entries in memory at a time during a merge: 8 MiB, and as much again for sorting."""


class SortedRun:
    """The sorted entries in the file at *path*. Raises ``CorpusDamaged`` if their number is not *entries*."""

    def __init__(self, path: Path, entries: int) -> None:
        self.path = path
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            directory = size - _ENTRY_BYTES * (entries + _WINDOW_ENTRIES)
            slots = directory // _SLOT_BYTES
            if entries < 1 or slots < _MIN_SLOTS or directory != _SLOT_BYTES << slots.bit_length() - 1:
                raise CorpusDamaged(str(path), f"its {size} bytes are no run of {entries} entries")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._begins = np.frombuffer(self._map, np.uint32, slots)
        if self._begins.max() > entries:
            raise CorpusDamaged(str(path), f"its directory points beyond its {entries} entries")
        self._shift = _shift(slots)
        self.entries: Entries = np.frombuffer(self._map, np.uint64, entries, directory)
        # Overlapping windows: one begins at each entry, and one after the last.
        self._windows = np.ndarray((entries + 1,), _WINDOW_TYPE, self._map, directory, (_ENTRY_BYTES,))

    def windows(self, keys: Entries, upper: Entries) -> Entries:
        """Return a row of entries for each of *keys*, whose entries go up to *upper*; it has all entries of the key."""
        rows = self._rows_at(self._begins.take((keys >> self._shift).view(np.int64)))
        is_short = rows[:, -1] <= upper
        if np.count_nonzero(is_short):
            rows[is_short] = self._rows_at(self.entries.searchsorted(keys[is_short]))
        return rows

    def _rows_at(self, begins: NDArray[np.uint32] | NDArray[np.int64]) -> Entries:
        return self._windows[begins].view(np.uint64).reshape(-1, _WINDOW_ENTRIES)


def write_run(path: Path, entries: Entries) -> int:
    """Write the sorted *entries* to *path*, durably, without the first ones of common keys; return how many."""
    return _write(path, entries.size, [entries])


def merge_runs(path: Path, runs: Sequence[SortedRun]) -> int:
    """Write the entries of *runs* to *path* as :func:`write_run` does, in constant memory."""
    return _write(path, sum(run.entries.size for run in runs), _merged([run.entries for run in runs]))


def write_at(descriptor: int, data: NDArray[Any], offset: int) -> None:
    """Write all of *data* at *offset*."""
    view = memoryview(data.tobytes())
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _merged(runs: Sequence[Entries]) -> Iterator[Entries]:
    """Yield the entries of *runs* in order, piece by piece; all entries of a key are in one piece."""
    longest = max(runs, key=len)
    step = max(1, longest.size * _SLICE_ENTRIES // sum(map(len, runs)))
    begun = [0] * len(runs)
    for cut in [*(longest[step::step] & ~NUMBER), None]:
        ends = [run.size if cut is None else int(run.searchsorted(cut)) for run in runs]
        piece = np.concatenate([run[start:end] for run, start, end in zip(runs, begun, ends, strict=True)])
        piece.sort(kind="stable")  # timsort: fast for data that consists of sorted parts
        yield piece
        begun = ends


def _write(path: Path, most: int, pieces: Iterable[Entries]) -> int:
    """Write a run of the entries in the sorted *pieces*, at most *most*; return how many there are."""
    slots = max(_MIN_SLOTS, 1 << most.bit_length() >> 2)
    shift, written, begun = _shift(slots), 0, 0
    with path.open("wb") as file:
        file.truncate(_SLOT_BYTES * slots)
        file.seek(_SLOT_BYTES * slots)
        for piece in map(_without_common, pieces):
            if not piece.size:
                continue
            # The entries of slot `begun` begin where those of the slots before it end, and so on.
            ends = np.bincount((piece >> shift).view(np.int64) - (begun - 1)).cumsum() + written
            write_at(file.fileno(), ends[:-1].astype(np.uint32), _SLOT_BYTES * begun)
            file.write(piece.tobytes())
            begun += ends.size - 1
            written += piece.size
        write_at(file.fileno(), np.full(slots - begun, written, np.uint32), _SLOT_BYTES * begun)
        file.write(NO_ENTRY.tobytes() * _WINDOW_ENTRIES)
        file.flush()
        os.fsync(file.fileno())
    return written


def _shift(slots: int) -> np.uint64:
    """Return by how many bits a key is shifted to get its slot among *slots* slots."""
    return np.uint64(65 - slots.bit_length())


def _without_common(entries: Entries) -> Entries:
    """Return the sorted *entries* with only the last :data:`MAX_ENTRIES_PER_KEY` of each key."""
    is_kept = np.ones(entries.size, np.bool_)
    np.greater(
        entries[:-MAX_ENTRIES_PER_KEY] ^ entries[MAX_ENTRIES_PER_KEY:], NUMBER, out=is_kept[:-MAX_ENTRIES_PER_KEY]
    )
    return entries if np.count_nonzero(is_kept) == entries.size else entries[is_kept]
