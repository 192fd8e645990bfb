"""The keys of the newest documents, which are in no run yet: a table in memory, of fixed size."""

from __future__ import annotations

import numpy as np

from crawler.dedupe.runs import MAX_ENTRIES_PER_KEY, NO_ENTRY, Entries

_BITS = 16
_SHIFT = np.uint64(64 - _BITS)


class Newest:
    """Entries as in a run, in rows by the first 16 bits of their keys: the last :data:`MAX_ENTRIES_PER_KEY` each.

    With the keys of 8,192 documents there are five entries for two rows. So an entry is almost never pushed out, except
    by a key that many documents have, and of that key the last entries are kept.
    """

    def __init__(self) -> None:
        self._rows = np.full((1 << _BITS, MAX_ENTRIES_PER_KEY), NO_ENTRY)

    def add(self, keys: Entries, number: int) -> None:
        """Add a document."""
        at = (keys >> _SHIFT).view(np.int64)
        rows = self._rows.take(at, axis=0)
        rows[:, :-1] = rows[:, 1:]
        rows[:, -1] = keys | np.uint64(number)
        self._rows[at] = rows

    def windows(self, keys: Entries) -> Entries:
        """Return a row of entries for each of *keys*, the newest last: those of the key, and others."""
        return self._rows.take((keys >> _SHIFT).view(np.int64), axis=0)

    def clear(self) -> None:
        """Remove all entries."""
        self._rows.fill(NO_ENTRY)
