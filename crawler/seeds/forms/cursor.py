"""Where a reader stands in the data, and what it understood last."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

_MAX_COLUMN = 200
_FRAGMENT_RE = re.compile(
    rb"[\s\0,;]*+(?:['\"]\w{0,32}+['\"]?|(?:public|protected|private|readonly) [\w$?' ]{0,64}+"
    rb"|\[[\"']?\w{0,32}+[\"']?\]?|[0-9]{1,9}+ =)[ ]?=?>?\s*+\Z",
    re.ASCII,
)
"""The beginning of a key at the end of the text."""


class Cursor:
    """``position`` is where reading goes on, ``solid`` the end of the last thing that was understood.

    *limit_at* tells where a dump that is being read at a place ends at the latest; ``limit`` is that for now.
    """

    between: ClassVar[re.Pattern[bytes]] = re.compile(rb"[\s\0,;]*+")
    """What may stand between two elements."""

    def __init__(self, data: bytes, start: int, limit_at: Callable[[int], int]) -> None:
        self.data = data
        self.limit_at = limit_at
        self.limit = limit_at(start + 1)
        self.start = self.position = self.solid = start

    def advance(self, position: int) -> None:
        """Go on at *position*, the end of something understood."""
        self.position = self.solid = position
        if position > self.limit:  # what was understood led over what looked like the end
            self.limit = self.limit_at(position)

    def skip(self) -> None:
        """Go over what may stand between two elements."""
        between = self.between.match(self.data, self.position)
        if between is not None:
            self.position = between.end()

    def line_end(self, position: int) -> int:
        """Return where the line at *position* ends, at the latest where the dump does."""
        end = self.data.find(b"\n", position, self.limit)
        return max(position, self.limit) if end < 0 else end

    def cut_end(self) -> int:
        """Return where a dump ends that breaks off: with its line, or with the beginning of a key where the text ends.

        The lines after it are the page's.
        """
        line_end = self.line_end(self.solid)
        fragment = _FRAGMENT_RE.match(self.data, self.solid) or _FRAGMENT_RE.match(self.data, line_end)
        return len(self.data) if fragment else line_end

    def column(self, position: int) -> int | None:
        """Return how far *position* is from the beginning of its line, None if something stands before it there."""
        line = self.data.rfind(b"\n", max(0, position - _MAX_COLUMN), position) + 1
        return position - line if line and not self.data[line:position].strip() else None
