"""The engine of the forms: reads nested keys and values of any depth into a tree, and resumes after damage.

A form defines patterns for the opening of an array, keys, numbers and the continuation of a list, and reads strings
itself. The walk through the dump, and the handling of cuts and damage, are the same for all forms. There is no
recursion: open arrays are on a stack of at most :data:`MAX_DEPTH`. Each step moves forward, so the time is linear.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

from crawler.seeds.forms.cursor import Cursor
from crawler.seeds.forms.record import Notes, Reading
from crawler.seeds.forms.seeker import Seeker
from crawler.seeds.forms.tree import Branch

MAX_DEPTH = 100
MAX_NODES = 400_000
MAX_COUNT_DIGITS = 9
_MAX_OPENING_BYTES = 300
_MAX_FRAGMENT_BYTES = 100
_FRAGMENT_WORDS = 4
_CUT_NUMBER_RE = re.compile(rb"[\"']?[0-9]{0,20}+[\"']?,?\s*+\Z")
_IN_LIST = "something between two records is no record; skipped"
_IN_RECORD = "the record continues with something unreadable; skipped"
_BRACKETS = {b"(": b")", b"[": b"]", b"{": b"}"}


class Grammar(Cursor, ABC):
    """Reads one dump at *start*; each form of dumps is a subclass.

    Over 200 lines: a form may replace any step of the walk, and 40 lines name what it states.
    """

    openings: ClassVar[tuple[re.Pattern[bytes], ...]]
    """The patterns for the beginning of a dump. Each begins with a fixed word, which makes the search fast."""
    opener: ClassVar[re.Pattern[bytes]]
    """The opening of an array or object; group ``count``, if it matches, is the declared number of elements."""
    key: ClassVar[re.Pattern[bytes]]
    """A key up to its value; the last group that matches is its name."""
    scalar: ClassVar[re.Pattern[bytes]]
    """A value that is neither string nor array; a group that matches is a whole number."""
    end: ClassVar[re.Pattern[bytes]]
    """The end of a string value by the grammar: what closes it, and what may follow."""
    element: ClassVar[re.Pattern[bytes]]
    """Where a list continues after damage: the number of an element (group 1) and the opening of its array."""
    elision: ClassVar[re.Pattern[bytes]] = re.compile(rb"(?!)")
    """What a dumper writes for omitted elements."""
    carries_lengths: ClassVar[bool] = False
    brackets: ClassVar[tuple[tuple[bytes, ...], tuple[bytes, ...]]] = ((b"{",), (b"}",))
    """What opens and closes an array."""
    escapes: ClassVar[bool] = False
    """Whether strings are escaped, so that JSON inside a string is not valid before it is unescaped."""
    keyless: ClassVar[bool] = False
    """Whether elements may have no key."""

    def __init__(self, data: bytes, start: int, limit_at: Callable[[int], int], notes: Notes) -> None:
        super().__init__(data, start, limit_at)
        self.notes = notes
        self.reading = Reading(end=start, payload=(start, start), proved=self.carries_lengths)
        self.stack: list[Branch] = []
        self.nodes = 0
        self.resumed_at = -1
        self.broken = False
        self.cut_text = False
        self.ends = Seeker(self.end, data)
        self.elements = Seeker(self.element, data)

    # ---- steps that a form may replace

    @abstractmethod
    def string(self, name: str | None) -> tuple[str | None, int] | None:
        """Return the string value at the position and the place after it, None if it has no end.

        A text of None is a value that is cut too short.
        """

    @abstractmethod
    def opens_string(self) -> bool:
        """Return whether a string value begins at the position."""

    def leave(self, key: re.Match[bytes] | None) -> None:
        """Close arrays that end without a closing mark, if *key* belongs to an outer array."""
        if key is None or len(self.stack) < 2 or "id" not in (node := self.stack[-1]):  # noqa: PLR2004 - a record in a list
            return
        number = key[key.lastindex or 0]
        if not number.isdigit() or len(number) > MAX_COUNT_DIGITS or not self.opener.match(self.data, key.end()):
            return
        if int(number) == self.stack[-2].index + 1 and str(int(number) - 1) not in node:
            self.notes.add("missing-brace", self.position, "a record is not closed")
            self.stack.pop()

    # ---- the walk

    def read(self) -> Reading | None:
        """Return the content of the dump, None if none begins here."""
        opening = self.opener.match(self.data, self.position)
        if opening is None:
            return None
        self.root = self._open(opening, None, self.start)
        while self.stack:
            self.skip()
            if self.closes():
                self.stack.pop()
            elif elision := self.elision.match(self.data, self.position):
                self.elide(elision)
            elif not self.entry() and not self._resume():
                break
            elif self.nodes >= MAX_NODES or len(self.stack) > MAX_DEPTH:
                kind = "too-many" if self.nodes >= MAX_NODES else "too-deep"
                self.notes.add(kind, self.position, f"more than {MAX_NODES} arrays or {MAX_DEPTH} levels: not read on")
                break
        self._finish()
        return self.reading

    def closes(self) -> bool:
        """Skip the closing of the innermost array if it is here, and return whether it was."""
        closing = self.stack[-1].closing
        if not closing or not self.data.startswith(closing[:1], self.position):
            return False
        found = _closing_re(closing).match(self.data, self.position)
        if found is None:
            return False
        self.advance(found.end())
        return True

    def elide(self, elision: re.Match[bytes]) -> None:
        """Note that the dumper omitted elements of the innermost array."""
        node = self.stack[-1]
        node.partial = True
        self.notes.add("elided", self.position, "the dumper leaves out elements here")
        self.advance(elision.end())

    def entry(self) -> bool:
        """Read a key and its value into the innermost array; return False if they break off."""
        at = self.position
        key = self.key.match(self.data, at)
        if key is None and (not self.keyless or at >= self.limit):
            return False
        self.leave(key)
        if key is None:
            return self.value(str(len(self.stack[-1])), at)
        self.advance(key.end())
        self.broken = not self.value(key[key.lastindex or 0].decode("utf-8", "replace"), at)
        return not self.broken

    def value(self, name: str, at: int) -> bool:
        """Read the value of *name*, whose entry begins at *at*; return False if it is cut or unknown."""
        opening = self.opener.match(self.data, self.position)
        if opening is not None:
            self._open(opening, name, at)
            return True
        if self.opens_string():
            value = self.string(name)
            if value is None:
                self.cut_text = name != "id" or _CUT_NUMBER_RE.match(self.data, self.position) is not None
                self.cut_value(name)
                return False
            self.stack[-1][name] = value[0]
            self.advance(value[1])
            return True
        scalar = self.scalar.match(self.data, self.position)
        if scalar is None or scalar.end() >= len(self.data):  # a number at the very end may be cut
            return False
        self.stack[-1][name] = scalar[scalar.lastindex].decode("ascii") if scalar.lastindex else None
        self.advance(scalar.end())
        return True

    def cut_value(self, name: str) -> None:
        """Keep the start of a value without an end if it is a title. A cut number or path is useless."""
        if name == "title":
            raw = self.data[self.position : self.line_end(self.position)].strip(b"\r")
            self.stack[-1][name] = raw.decode("utf-8", "replace") or None
        elif name == "id":
            self.notes.add("cut-id", self.position, "the last record is cut inside its id, which is therefore unknown")

    def _open(self, opening: re.Match[bytes], name: str | None, at: int) -> Branch:
        groups = opening.groupdict()
        count, indent = groups.get("count"), groups.get("indent")
        if count and not count.isdigit():
            self.notes.add_bad_length(opening.start(), count)
        declared = int(count) if count and count.isdigit() and len(count) <= MAX_COUNT_DIGITS else None
        closing = _closing(opening[0][-_MAX_OPENING_BYTES:])
        node = Branch(at, closing, declared, None if indent is None else len(indent))
        if name is not None:
            parent = self.stack[-1]
            parent[name] = parent.last = node
            if name.isdecimal() and len(name) <= MAX_COUNT_DIGITS:
                parent.index = int(name)
        self.stack.append(node)
        self.nodes += 1
        self.advance(opening.end())
        return node

    def _resume(self) -> bool:
        """Skip unreadable data to where an open list continues; return False if none does before the limit."""
        place = counted = self.position
        if place == self.resumed_at:  # the element that the walk resumed at is not one: never twice the same
            place += 1
        top = len(self.stack) - 1
        while place < self.limit and (element := self.elements.find(place, self.limit)):
            # Skipped brackets show how deep the element is: an element inside a bracket that opened there is not a
            # record.
            top += sum(self.data.count(one, counted, element.start()) for one in self.brackets[0])
            top -= sum(self.data.count(one, counted, element.start()) for one in self.brackets[1])
            counted = element.start()
            depth = self.list_of(element, max(top, 0)) if top < len(self.stack) else None
            if depth is not None:
                where = _IN_LIST if depth == len(self.stack) - 1 else _IN_RECORD
                self.notes.add("garbage", self.position, where)
                for node in self.stack[depth + 1 :]:
                    node.partial = True
                del self.stack[depth + 1 :]
                self.position = self.resumed_at = element.start()
                self.broken = False
                return True
            place = element.end()
        return False

    def list_of(self, element: re.Match[bytes], top: int) -> int | None:
        """Return the place on the stack, at most *top*, of the list that *element* continues with a higher number."""
        number = int(element[1]) if len(element[1]) <= MAX_COUNT_DIGITS else -1
        column = self.column(element.start())
        for depth in range(top, -1, -1):
            node = self.stack[depth]
            if node.last is None and (depth or node):
                continue
            before = self.column(node.last.at) if node.last is not None else None
            if number > node.index and (column is None or before is None or column == before):
                return depth
        return None

    def _finish(self) -> None:
        reading = self.reading
        self.settle()
        for node in self.stack:
            node.partial = True
        reading.truncated = bool(self.stack)
        reading.at_end = self.cut_text or _is_fragment(self.data[self.solid : self.solid + _MAX_FRAGMENT_BYTES])
        reading.end = self.cut_end() if self.stack else self.solid
        reading.payload = (self.start, reading.end)
        reading.collect(self.root, self.notes, escaped=self.escapes)

    def settle(self) -> None:
        """At the end of the dump, close arrays that are whole without a closing mark."""


def _is_fragment(rest: bytes) -> bool:
    """Return whether *rest* may be the start of a key or value at which a text breaks off; prose is longer."""
    return len(rest) < _MAX_FRAGMENT_BYTES and len(rest.split()) < _FRAGMENT_WORDS


def _closing(opening: bytes) -> bytes:
    """Return the closing marks for the brackets that *opening* leaves open."""
    closing: list[bytes] = []
    for place in range(len(opening)):
        byte = opening[place : place + 1]
        if byte in _BRACKETS:
            closing.append(_BRACKETS[byte])
        elif closing and byte == closing[-1]:
            closing.pop()
    return b"".join(reversed(closing))


@lru_cache(maxsize=16)
def _closing_re(closing: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"[\s\0,]{0,64}+".join(re.escape(closing[place : place + 1]) for place in range(len(closing))))
