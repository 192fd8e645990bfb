"""``print_r`` of an array: ``Array ( [0] => Array ( [id] => 1793356 [sort] => 3503265 ... ) )``.

Nothing is quoted and no length is declared, so a value ends where a key or the closing of its array follows.
"""

from __future__ import annotations

import re

from crawler.seeds.forms.php_array import PhpArray


class PrintR(PhpArray):
    """Indented as PHP prints it, with blank lines between the elements, or folded onto one line."""

    opening = re.compile(rb"Array[\s\0]*+\((?=[\s\0]*+(?:\[[0-9]++\][\s\0]*+=>|\Z|\)))")
    element = re.compile(rb"\[([0-9]++)\][\s\0]*+=>[\s\0]*+(?:Array|stdClass Object)[\s\0]*+\(")
    key = re.compile(rb"\[([A-Za-z_]\w{0,31}+)(?::protected|:\w{0,64}+:?private)?\][ \t\0]*+=>[ \t\0]?")
    scalar = re.compile(rb"(?!)")  # all values look like text
    closing = b")"
    end = re.compile(
        rb"(?<![\s\0])[\s\0]++(?=\[[A-Za-z_]\w{0,31}+\][ \t\0]*+=>"
        rb"|\)[\s\0]*+(?:\[[0-9]++\][\s\0]*+=>[\s\0]*+(?:Array|stdClass)|\)|\Z))"
    )

    def opens_string(self) -> bool:
        return True

    def string(self) -> tuple[str, int] | None:
        # One byte back: an empty value leaves only the white space after its arrow.
        end = self.ends.find(self.position - 1, self.limit)
        if end is None:
            return None
        raw = self.data[self.position : max(end.start(), self.position)]
        if b"\n" in raw:
            self.notes.add("line-break", self.position, "a line break inside a value")
            raw = b" ".join(raw.split())
        return raw.decode("utf-8", "replace"), max(end.start(), self.position)
