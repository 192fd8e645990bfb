"""A search that remembers: each byte is searched once for each pattern, however many calls are made."""

from __future__ import annotations

import re
from collections.abc import Callable


class Seeker:
    """Finds *pattern* in *data* before *limit*, for rising positions.

    A result, or the absence of one, is kept until the position passes it. Otherwise a text that consists of beginnings
    would be searched to its end from each of them. With *accept*, matches that it refuses are skipped.
    """

    __slots__ = ("_accept", "_data", "_from", "_limit", "_match", "_pattern")

    def __init__(
        self, pattern: re.Pattern[bytes], data: bytes, accept: Callable[[re.Match[bytes]], bool] | None = None
    ) -> None:
        self._accept = accept
        self._pattern = pattern
        self._data = data
        self._limit = -1
        self._from = -1
        self._match: re.Match[bytes] | None = None

    def find(self, position: int, limit: int) -> re.Match[bytes] | None:
        """Return the first match at or after *position* that ends before *limit*, None if there is none."""
        known = self._limit == limit and 0 <= self._from <= position
        if not known or (self._match is not None and self._match.start() < position):
            self._limit, self._from = limit, position
            self._match = self._pattern.search(self._data, position, limit)
            while self._match is not None and self._accept is not None and not self._accept(self._match):
                self._match = self._pattern.search(self._data, self._match.end(), limit)
        return self._match
