"""What the forms of a PHP array have in common: a list of elements, each an array of keys and values.

A form says by its patterns how it opens, numbers an element, names a key, writes a number and closes, and reads a
string itself. Walking through it, and what to do where it is cut or broken, is the same for all.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from crawler.seeds.forms.record import KEYS, MAX_RECORDS, Notes, Reading, Value
from crawler.seeds.forms.seeker import Seeker
from crawler.seeds.lengths import judge_length, repair

_BETWEEN_RE = re.compile(rb"[\s\0,;]*+")
_LONGEST_COUNT = 9


class PhpArray(ABC):
    """Reads one dump at *start*; *limit_at* tells where a dump that is being read at a place ends at the latest.

    ``position`` is where reading goes on, ``solid`` the end of the last thing that was understood: where the dump
    breaks off, the rest of the line of ``solid`` still belongs to it, and the lines after it to the page.
    """

    opening: ClassVar[re.Pattern[bytes]]
    """The beginning; group ``count``, if it takes part, is the declared number of elements."""
    element: ClassVar[re.Pattern[bytes]]
    """The number of an element (group 1) and the opening of its array."""
    key: ClassVar[re.Pattern[bytes]]
    """A key (group 1) up to its value."""
    scalar: ClassVar[re.Pattern[bytes]]
    """A value that is no string; group 1 is the number, if it is one."""
    closing: ClassVar[bytes]
    """What closes an array, empty where nothing does."""
    end: ClassVar[re.Pattern[bytes]]
    """Where a string value ends by the grammar: what closes it, and after that what may follow."""
    carries_lengths: ClassVar[bool] = False

    def __init__(self, data: bytes, start: int, limit_at: Callable[[int], int], notes: Notes) -> None:
        self.data = data
        self.limit_at = limit_at
        self.limit = limit_at(start + 1)
        self.notes = notes
        self.position = self.solid = start
        self.index = -1
        self.reading = Reading(end=start, payload=(start, start), proved=self.carries_lengths)
        self.closed = False
        self.ends = Seeker(self.end, data)
        self.elements = Seeker(self.element, data)

    @abstractmethod
    def string(self) -> tuple[str, int] | None:
        """Return the string value at the position and the place after it, None if none ends."""

    @abstractmethod
    def opens_string(self) -> bool:
        """Tell whether a string value begins at the position."""

    def read(self) -> Reading | None:
        """Return what the dump holds, None if none begins here."""
        opening = self.opening.match(self.data, self.position, self.limit)
        if opening is None:
            return None
        self.advance(opening.end())
        while not self.closed and self._to_element():
            if not self._record():
                break
            if len(self.reading.items) >= MAX_RECORDS:
                self.notes.add("too-many", self.position, f"more than {MAX_RECORDS} records: the rest is passed over")
                break
        self._finish(opening.groupdict().get("count"))
        return self.reading

    def advance(self, position: int) -> None:
        """Go on at *position*, the end of something understood."""
        self.position = self.solid = position
        if position > self.limit:  # a declared length led over what looked like the end
            self.limit = self.limit_at(position)

    def counted(self, begin: int, end: int, declared: int) -> str:
        """Return the text between *begin* and *end*, which should have *declared* bytes."""
        raw = self.data[begin:end]
        if len(raw) == declared:
            return raw.decode("utf-8", "replace")
        text = raw.decode("utf-8", "replace")
        judgement = judge_length(raw, declared)
        if judgement.verdict == "exact":
            if judgement.undo:
                self.notes.add("mojibake", begin, f"a value is {judgement.encoding}: put right, and the length agrees")
            return repair(text, judgement.undo)
        self.reading.proved = False
        self.notes.add("value-length", begin, f"a value has {len(raw)} bytes and declares {declared}")
        return text

    def _finish(self, count: bytes | None) -> None:
        declared = int(count) if count and count.isdigit() and len(count) <= _LONGEST_COUNT else None
        if count and not count.isdigit():
            self.notes.add_bad_length(self.reading.payload[0], count)
        whole = sum(not item.partial for item in self.reading.items)
        if not self.closing:  # nothing closes this form: it is whole if its elements are
            self.closed = not (self.reading.items and self.reading.items[-1].partial) and (
                declared is None or whole >= declared
            )
        self.reading.truncated = not self.closed
        self.reading.end = self.solid if self.closed else self._line_end(self.solid)
        self.reading.payload = (self.reading.payload[0], self.reading.end)
        if self.closed and declared is not None and declared != whole:
            self.notes.add("count", self.reading.payload[0], f"{whole} records, and {declared} are declared")

    def _to_element(self) -> bool:
        """Go into the next element; False at the end of the array or where nothing more can be read."""
        self._skip()
        if self._closes():
            self.closed = True
            return False
        element = self.element.match(self.data, self.position, self.limit)
        if element is None and self.closing:
            element = self._resume("something between two records that is none, passed over")
        if element is None:
            return False
        self._enter(element)
        return True

    def _enter(self, element: re.Match[bytes]) -> None:
        self.index = int(element[1]) if len(element[1]) <= _LONGEST_COUNT else self.index + 1
        self.start_of_record = element.start()
        self.advance(element.end())

    def _record(self) -> bool:
        """Read the values of the element that was entered; False if the dump breaks off in it."""
        fields: dict[str, Value] = {}
        while True:
            self._skip()
            if self._closes():
                self._keep(fields, partial=False)
                return True
            key = self.key.match(self.data, self.position, self.limit)
            if key is not None:
                self.advance(key.end())
                if self._value(key[1].decode("ascii"), fields):
                    continue
            elif fields and self._ends_unclosed(fields):
                return True
            self._keep(fields, partial=True)
            element = self._resume("the record goes on with something that cannot be read, passed over")
            if element is None:
                return False
            self.position = element.start()
            return True

    def _ends_unclosed(self, fields: dict[str, Value]) -> bool:
        """Keep the record if it ends without being closed, as the form has it or as the next one shows."""
        another = self.element.match(self.data, self.position, self.limit)
        if self.closing and not another:
            return False
        if self.closing:
            self.notes.add("missing-brace", self.position, "a record is not closed")
        self._keep(fields, partial=not another and any(key not in fields for key in KEYS))
        return True

    def _value(self, name: str, fields: dict[str, Value]) -> bool:
        """Read the value of *name* into *fields*; False if it is cut, or none that we know."""
        if self.opens_string():
            value = self.string()
            if value is None:
                self._cut_value(name, fields)
                return False
            fields[name] = value[0]
            self.advance(value[1])
            return True
        scalar = self.scalar.match(self.data, self.position, self.limit)
        if scalar is None or scalar.end() >= len(self.data):  # at the very end a number may have been longer
            return False
        fields[name] = scalar[1].decode("ascii") if scalar[1] else None
        self.advance(scalar.end())
        return True

    def cut_text(self) -> bytes:
        """Return what is here of the string value that has no end."""
        return self.data[self.position : self._line_end(self.position)].strip(b"\r")

    def _cut_value(self, name: str, fields: dict[str, Value]) -> None:
        """Keep of a value without an end what it still tells: a title. A cut number or path tells nothing."""
        raw = self.cut_text()
        if name == "title":
            fields[name] = raw.decode("utf-8", "replace") or None
        elif name == "id":
            self.notes.add("cut-id", self.position, "the last record is cut inside its id, which is therefore unknown")

    def _resume(self, message: str) -> re.Match[bytes] | None:
        """Return the next element with a higher number, None if there is no other before the limit."""
        place = self.position
        while place < self.limit:
            element = self.elements.find(place, self.limit)
            if element is None:
                return None
            if len(element[1]) <= _LONGEST_COUNT and int(element[1]) > self.index:
                self.notes.add("garbage", self.position, message)
                return element
            place = element.end()
        return None

    def _keep(self, fields: dict[str, Value], *, partial: bool) -> None:
        self.reading.keep(fields, self.start_of_record, self.notes, partial=partial)

    def _skip(self) -> None:
        between = _BETWEEN_RE.match(self.data, self.position, self.limit)
        if between is not None:
            self.position = between.end()

    def _closes(self) -> bool:
        """Step over the closing of an array if it is here."""
        if not self.closing or self.position >= self.limit or not self.data.startswith(self.closing, self.position):
            return False
        self.advance(self.position + len(self.closing))
        return True

    def _line_end(self, position: int) -> int:
        end = self.data.find(b"\n", position, self.limit)
        return self.limit if end < 0 else end
