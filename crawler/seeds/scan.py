"""Finds the dumps in a page: one look for each form's mark, always forward.

Every form has a mark that is looked for with :meth:`bytes.find`; only where it stands is a pattern tried. What was
found, or found to be absent, is remembered until the reading has passed it, so that no part of a page is searched
twice for the same mark, however many false beginnings it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from crawler.seeds.forms.json_list import read_json_list
from crawler.seeds.forms.record import Notes, Reading
from crawler.seeds.model import Form

MAX_DUMPS = 1000
MAX_FALSE_STARTS = 100_000
_MAX_DECLARED_DIGITS = 15

_STRING_RE = re.compile(
    rb'string[\s\0]*+\([\s\0]*+([0-9]++)[\s\0]*+\)[\s\0]*+"[\s\0]*+(?=\[[\s\0]*+(?:\]|\{[\s\0]*+"'
    rb"(?:(?:id|sort|contenttypeid|pic|title)\"|[a-z]{0,13}(?:[\r\n]|\Z))|\{?[\s\0]*+(?:[\r\n]|\Z)))"
)
_LIST_BEFORE_RE = re.compile(rb"\[[\s\0]*+\{[\s\0]*+\Z")
_LIST_MARK_RE = re.compile(rb'\[[\s\0]{0,9}\{[\s\0]{0,9}"id"')
_STRING_MARK_RE = re.compile(rb'string\([0-9]{1,20}\)\s{0,9}"\[')
_BLANK_LINE_RE = re.compile(rb"\n[ \t\r\0]*+\n")
_OUR_KEYS_RE = re.compile(rb'"(?:sort|contenttypeid|pic)"')
_LOOK_BACK = 64


@dataclass(slots=True)
class Found:
    """A dump where it stands in the data, before its length is judged."""

    form: Form
    start: int
    reading: Reading
    notes: Notes
    declared: int | None = None


@dataclass(slots=True)
class Next:
    """Where something stands next: ``find`` is asked with rising positions and searches each byte once."""

    search: Callable[[int], int]
    known: int = -1

    def find(self, position: int) -> int:
        """Return the first place at or after *position*, -1 if there is none."""
        if self.known != -2 and self.known < position:  # noqa: PLR2004 - see below
            found = self.search(position)
            self.known = -2 if found < 0 else found  # -2: none to the end, asked and answered
        return -1 if self.known < 0 else self.known


@dataclass(slots=True)
class _Start:
    """One way in which a dump can begin: its mark, and what to do there."""

    mark: Next
    read: Callable[[int], Found | None]
    floor: int = 0


@dataclass(slots=True)
class Scanner:
    """Looks through *data* once. ``false_starts`` counts the marks that began nothing."""

    data: bytes
    false_starts: int = 0
    _limits: list[Next] = field(default_factory=list)

    def dumps(self) -> Iterator[Found]:
        """Yield the dumps in the order in which they stand."""
        self._limits = [Next(_searcher(self.data, p)) for p in (_STRING_MARK_RE, _LIST_MARK_RE, _BLANK_LINE_RE)]
        starts = [
            _Start(Next(_finder(self.data, b"string")), self._string),
            _Start(Next(_finder(self.data, b'"id"')), self._bare_list),
        ]
        position = 0
        while self.false_starts < MAX_FALSE_STARTS:
            at, start = min(
                ((start.mark.find(max(position, start.floor)), start) for start in starts),
                key=lambda pair: pair[0] if pair[0] >= 0 else len(self.data),
            )
            if at < 0:
                return
            found = start.read(at)
            if found is None:
                start.floor = at + 1
                self.false_starts += 1
            else:
                yield found
                position = max(found.reading.end, at + 1)

    def _limit(self, position: int) -> int:
        """Return where a dump that is being read at *position* ends at the latest."""
        ends = [end for limit in self._limits if (end := limit.find(position)) >= 0]
        return min(ends, default=len(self.data))

    def _string(self, at: int) -> Found | None:
        head = _STRING_RE.match(self.data, at)
        if head is None:
            return None
        notes = Notes()
        declared = int(head[1]) if len(head[1]) <= _MAX_DECLARED_DIGITS else None
        if declared is None:
            notes.add("bad-length", at, f"the declared length has {len(head[1])} digits")
        begin = head.end()
        reading = read_json_list(self.data, begin, self._limit(begin + 1), declared, notes)
        if not reading.truncated:
            if self.data[reading.end : reading.end + 1] == b'"':
                reading.end += 1
            else:
                notes.add("no-closing-quote", reading.end, "the dump has no closing quote")
        return Found("json-string", at, reading, notes, declared)

    def _bare_list(self, at: int) -> Found | None:
        back = max(0, at - _LOOK_BACK)
        opening = _LIST_BEFORE_RE.search(self.data[back:at])
        if opening is None:
            return None
        begin = back + opening.start()
        brace = self.data.find(b"}", at, at + 4096)
        if brace >= 0 and not _OUR_KEYS_RE.search(self.data, at, brace):
            return None
        notes = Notes()
        reading = read_json_list(self.data, begin, self._limit(begin + 1), None, notes)
        return Found("json", begin, reading, notes) if reading.items else None


def _finder(data: bytes, mark: bytes) -> Callable[[int], int]:
    return lambda position: data.find(mark, position)


def _searcher(data: bytes, pattern: re.Pattern[bytes]) -> Callable[[int], int]:
    def search(position: int) -> int:
        match = pattern.search(data, position)
        return -1 if match is None else match.start()

    return search
