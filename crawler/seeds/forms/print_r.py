"""``print_r`` of an array: ``Array ( [0] => Array ( [id] => 1793356 [sort] => 3503265 ... ) )``.

Nothing is quoted and no length is declared. In a dump with PHP's layout, a value ends where the next line has a key in
the column of its array, or the parenthesis that closes it; otherwise where a similar key or parenthesis follows.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from crawler.seeds.forms.engine import Grammar
from crawler.seeds.forms.seeker import Seeker

_KEY = rb"\[[^\[\]\r\n]{0,200}+\][ \t\0]*+=>"
_INDENT = 4
"""Columns from a parenthesis to the keys inside."""


class PrintR(Grammar):
    """Indented as PHP prints it, with blank lines between the elements, or folded onto one line."""

    _KIND = rb"(?:Array|[A-Za-z_][^\s()\[\]]{0,200}+ (?:Object|Enum(?::\w{1,9}+)?))"
    _OPEN = (
        rb"(?:\r?\n(?P<indent>[ ]*+)\((?=\r?\n(?:(?P=indent)    \[|(?P=indent)\)))"
        rb"|[\s\0]*+\((?=[\s\0]*+(?:" + _KEY + rb"|\)|\Z|\[[^\[\]\s]{0,64}+\]?[ =]*\Z)))"
    )
    opener = re.compile(_KIND + _OPEN)
    _BEGINS = rb"[\s\0]*+\((?=[\s\0]*+(?:" + _KEY + rb"|\Z|\)))"
    openings = (
        re.compile(rb"Array" + _BEGINS),
        re.compile(rb" Object" + _BEGINS),
        re.compile(rb" Enum(?::\w{1,9}+)?" + _BEGINS),
    )
    element = re.compile(rb"\[([0-9]++)\][\s\0]*+=>[\s\0]*+" + _KIND + rb"[\s\0]*+\(")
    key = re.compile(rb"\[([^\[\]:\r\n]{0,64}+)(?::[^\[\]\r\n]{0,200}+)?\][ \t\0]*+=>[ \t\0]?")
    brackets = ((b"(",), (b")",))
    scalar = re.compile(_KIND + rb"[\s\0]{1,64}+\*RECURSION\*")
    end = re.compile(
        rb"(?<![\s\0])[\s\0]++(?=\[[A-Za-z_0-9][^\[\]\r\n]{0,200}+\][ \t\0]*+=>"
        rb"|\)(?:[ \t]*+[\r\n<\"']|[\s\0]*+(?:" + _KEY + rb"|\)|\Z)))"
    )  # fmt: skip

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._seekers: dict[int, Seeker] = {}

    def opens_string(self) -> bool:
        return self.scalar.match(self.data, self.position) is None

    def string(self, name: str | None) -> tuple[str | None, int] | None:
        end = self._end()
        if end is None:
            return None
        raw = self.data[self.position : max(end, self.position)]
        if b"\n" in raw and name is not None:
            self.notes.add("line-break", self.position, "a line break inside a value")
            raw = b" ".join(raw.split())
        return raw.decode("utf-8", "replace"), max(end, self.position)

    def _end(self) -> int | None:
        """Return the end of the value at the position, by its layout or by what follows; None if it is cut."""
        indent = self.stack[-1].indent
        if indent is not None:
            seeker = self._seekers.get(indent)
            if seeker is None:
                seeker = self._seekers[indent] = Seeker(_line_end(indent), self.data)
            if found := seeker.find(self.position, self.limit):
                return found.start()
        # One byte back: an empty value leaves only the white space after its arrow.
        found = self.ends.find(self.position - 1, self.limit)
        return None if found is None else found.start()


@lru_cache(maxsize=64)
def _line_end(indent: int) -> re.Pattern[bytes]:
    """Return the end of a value in an array whose parentheses are in the column *indent*."""
    return re.compile(
        rb"\r?\n(?=[ ]{%d}(?:%b|\[\w{0,64}+\]?[ =]{0,2}\Z)|[ ]{%d}\)\r?(?:\n|\Z))" % (indent + _INDENT, _KEY, indent)
    )
