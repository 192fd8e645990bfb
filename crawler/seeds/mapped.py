"""Text made from other text, with a mapping back: for every place in it, its place in the source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence


class Mapped(ABC):
    """``data``: the text made from the source, in which each of *holes* (spans that were read already) is one HOLE.

    A subclass converts the source between two holes in :meth:`_segment`, by calls of :meth:`_put`. If the source is
    itself such a text, *inner*, places refer to the source of that text.
    """

    HOLE = b"\x02"
    """A byte that never occurs in text."""

    def __init__(self, source: bytes, holes: Sequence[tuple[int, int]] = (), inner: Mapped | None = None) -> None:
        self._source = source
        self._inner = inner
        self._parts: list[bytes] = []
        self._length = 0
        self._text_at: list[int] = []
        self._source_at: list[int] = []
        self._source_ends: list[int] = []
        position = 0
        for start, end in holes:
            self._segment(position, max(position, start))
            self._hole(start)
            position = max(position, end)
        self._segment(position, len(source))
        self.data = b"".join(self._parts)

    def source(self, position: int) -> int:
        """Return the place in the source of the byte at *position* of the text."""
        place = bisect_right(self._text_at, position) - 1
        if place < 0:
            return 0
        end = self._source_at[place + 1] if place + 1 < len(self._source_at) else len(self._source)
        found = min(self._source_at[place] + position - self._text_at[place], end)
        return self._inner.source(found) if self._inner else found

    def source_end(self, position: int) -> int:
        """Return the end in the source of the byte before *position* of the text."""
        place = bisect_right(self._text_at, position - 1) - 1
        if place < 0:
            return 0
        end = self._text_at[place + 1] if place + 1 < len(self._text_at) else self._length
        found = self._source_ends[place] - (0 if position == end else end - position)
        return self._inner.source_end(found) if self._inner else found

    @abstractmethod
    def _segment(self, start: int, end: int) -> None:
        """Put the text made from the source from *start* to *end*."""

    def _hole(self, source: int) -> None:
        self._put(self.HOLE, source)

    def _put(self, text: bytes, source: int, end: int | None = None) -> None:
        """Add *text*, made from the source at *source*; *end* is its end there if its length differs."""
        if text:
            self._text_at.append(self._length)
            self._source_at.append(source)
            self._source_ends.append(source + len(text) if end is None else end)
            self._parts.append(text)
            self._length += len(text)
