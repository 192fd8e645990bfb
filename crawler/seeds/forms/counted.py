"""What the forms have in common in which every string says its length in bytes before it begins."""

from __future__ import annotations

import re
from typing import ClassVar

from crawler.seeds.forms.php_array import PhpArray

_LONGEST_LENGTH = 9


class CountedArray(PhpArray):
    """Where the declared length of a string leads to its end, that is its end; elsewhere the grammar finds one.

    So quotes inside a string do no harm, nor does a length that damage made wrong.
    """

    string_opening: ClassVar[re.Pattern[bytes]]
    """What opens a string; group 1 is its declared length."""
    string_closing: ClassVar[bytes]
    """What closes it."""
    goes_on: ClassVar[re.Pattern[bytes]]
    """The closing, and after it what may follow; without a bound a long run of blanks would be read many times."""
    carries_lengths = True

    def opens_string(self) -> bool:
        return self.string_opening.match(self.data, self.position) is not None

    def string(self) -> tuple[str, int] | None:
        head = self.string_opening.match(self.data, self.position)
        if head is None:
            return None
        begin = self.position = head.end()
        declared = int(head[1]) if head[1].isdigit() and len(head[1]) <= _LONGEST_LENGTH else 0
        if self.goes_on.match(self.data, begin + declared):
            end = begin + declared
            return self.counted(begin, end, declared), end + len(self.string_closing)
        found = self.ends.find(begin, self.limit)
        if found is None:
            return None
        return self.counted(begin, found.start(), declared), found.end()
