"""The position of a reader in the data, and the end of what it understood last."""

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
"""The start of a key at the end of the text."""


class Cursor:
    """``position`` is where reading continues, ``solid`` the end of the last part that was understood.

    *limit_at* returns the latest end of a dump that is being read at a place; ``limit`` is the current one.
    """

    between: ClassVar[re.Pattern[bytes]] = re.compile(rb"[\s\0,;]*+")
    """What may stand between two elements."""

    def __init__(self, data: bytes, start: int, limit_at: Callable[[int], int]) -> None:
        self.data = data
        self.limit_at = limit_at
        self.limit = limit_at(start + 1)
        self.start = self.position = self.solid = start

    def advance(self, position: int) -> None:
        """Move to *position*, the end of a part that was understood."""
        self.position = self.solid = position
        if position > self.limit:  # the part that was understood crosses the supposed end
            self.limit = self.limit_at(position)

    def skip(self) -> None:
        """Skip what may stand between two elements."""
        between = self.between.match(self.data, self.position)
        if between is not None:
            self.position = between.end()

    def line_end(self, position: int) -> int:
        """Return the end of the line at *position*, at the latest the end of the dump."""
        end = self.data.find(b"\n", position, self.limit)
        return max(position, self.limit) if end < 0 else end

    def cut_end(self) -> int:
        """Return the end of a dump that breaks off: the end of its line, or of a cut key at the end of the text.

        The lines after it belong to the page.
        """
        line_end = self.line_end(self.solid)
        fragment = _FRAGMENT_RE.match(self.data, self.solid) or _FRAGMENT_RE.match(self.data, line_end)
        return len(self.data) if fragment else line_end

    def column(self, position: int) -> int | None:
        """Return the column of *position* in its line, None if anything but blanks is before it."""
        line = self.data.rfind(b"\n", max(0, position - _MAX_COLUMN), position) + 1
        return position - line if line and not self.data[line:position].strip() else None
