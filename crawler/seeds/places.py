"""Where a dump may begin, and where one that is read must end, always searched forward.

The beginning of each form is searched separately, by patterns that begin with a fixed word, so that the search is fast.
Each result, or its absence, is remembered until the reading has passed it. So no part of a page is searched twice for
the same form, however many false beginnings it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import heappop, heapreplace
from typing import Generic, TypeVar

from crawler.seeds.forms.seeker import Seeker

_S = rb"[\s\0]{0,64}+"
_LIST_MARKS = (
    re.compile(rb"string\([0-9]{1,20}\)\s{0,9}\"\["),
    re.compile(rb'\[[\s\0]{0,9}\{[\s\0]{0,9}"id"'),
)
_ARRAY_MARKS = tuple(
    re.compile(mark)
    for mark in (
        rb"array[ \0]?\([0-9]{1,15}\)"
        + _S
        + rb"\{"
        + _S
        + rb"\[[0-9]{1,15}\]"
        + _S
        + rb"=>"
        + _S
        + rb"(?:array|object)",
        rb"array[\s\0]{0,9}\(size=[0-9]{1,15}\)" + _S + rb"[0-9]{1,15}" + _S + rb"=>" + _S + rb"(?:array|object)",
        rb"array[\s\0]{0,9}\(" + _S + rb"[0-9]{1,15}" + _S + rb"=>",
        rb"Array[\s\0]{0,9}\(" + _S + rb"\[[0-9]{1,15}\]",
    )
)
_SERIALIZED_MARKS = (re.compile(rb"a:[0-9]{1,15}:\{i:"),)
_BLANK_LINE_RE = re.compile(rb"\n[ \t\r\0]*+\n")
_FIXED_WORD_RE = re.compile(rb"(?:(?:[\w :#]|\\[^\w])(?![?*{]))*")
_MAX_INDENT = 100

Patterns = Sequence[re.Pattern[bytes]]
Form = TypeVar("Form")


class FixedWords:
    """Which words are in *data*: a search for a fixed word is faster than one for a pattern that begins with it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known: dict[bytes, bool] = {}

    def beginning(self, patterns: Patterns) -> Patterns:
        """Return those of *patterns* whose first word is in the data."""
        return [one for one in patterns if self._has(_word(one))]

    def _has(self, word: bytes) -> bool:
        if word not in self._known:
            self._known[word] = word in self._data
        return self._known[word]


class Limits:
    """The latest end of a dump that is being read at a place: where another one begins, or a blank line."""

    def __init__(self, data: bytes, words: FixedWords) -> None:
        self._data = data
        self._blank_line = Seeker(_BLANK_LINE_RE, data)
        self._lists, self._arrays, self._serialized = (
            [Seeker(mark, data, lambda match: not is_value(data, match.start())) for mark in words.beginning(marks)]
            for marks in (_LIST_MARKS, _ARRAY_MARKS, _SERIALIZED_MARKS)
        )

    def usual(self, position: int) -> int:
        """Return the limit for most forms."""
        return self._first([*self._lists, *self._arrays, *self._serialized, self._blank_line], position)

    def over_blank_lines(self, position: int) -> int:
        """Return the limit for a form whose layout leads over blank lines."""
        return self._first([*self._lists, *self._arrays, *self._serialized], position)

    def of_lines(self, position: int) -> int:
        """Return the limit for a form whose values may hold JSON, serialized arrays and blank lines."""
        return self._first(self._arrays, position)

    def blank_line(self, position: int) -> int:
        """Return the first blank line at or after *position*."""
        return self._first([self._blank_line], position)

    def _first(self, marks: Sequence[Seeker], position: int) -> int:
        end = len(self._data)
        return min([end, *(match.start() for mark in marks if (match := mark.find(position, end)))])


class Beginnings(Generic[Form]):
    """The next beginning of any of *forms* in *data*: a heap, so that only patterns that were passed are searched."""

    def __init__(self, data: bytes, words: FixedWords, forms: Iterable[tuple[Patterns, Form]]) -> None:
        self._data = data
        self._marks = [(form, one) for patterns, form in forms for one in words.beginning(patterns)]
        self._floors: dict[Form, int] = {}
        self._heap = [(-1, number) for number in range(len(self._marks))]

    def next(self, position: int) -> tuple[int, Form | None]:
        """Return the first beginning at or after *position* that was not passed, and its form."""
        while self._heap:
            place, number = self._heap[0]
            form, pattern = self._marks[number]
            least = max(position, self._floors.get(form, 0))
            if place >= least:
                return place, form
            if match := pattern.search(self._data, least):
                heapreplace(self._heap, (match.start(), number))
            else:
                heappop(self._heap)
        return len(self._data), None

    def passed(self, form: Form, position: int) -> None:
        """Search no beginning of *form* before *position* again."""
        self._floors[form] = position


def is_value(data: bytes, position: int) -> bool:
    """Return whether there is a value of an array at *position*: a key is before it."""
    before = data[max(0, position - _MAX_INDENT) : position]
    return before.endswith(b";") or before.rstrip(b" \t\r\n\0&").endswith((b"=>", b'":'))


@lru_cache(maxsize=64)
def _word(pattern: re.Pattern[bytes]) -> bytes:
    """Return the fixed word with which each match of *pattern* begins."""
    word = _FIXED_WORD_RE.match(pattern.pattern)
    return word[0].replace(b"\\", b"") if word else b""
