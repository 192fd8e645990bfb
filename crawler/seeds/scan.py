"""Finds the dumps in a page: one search for the beginning of each form, always forward.

The beginning of each form is searched separately, by patterns that begin with a fixed word, so that the search is fast.
Each result, or its absence, is remembered until the reading has passed it, and what a form has read is not read again,
whether it was a dump or not. So no part of a page is searched twice for the same form, however many false beginnings it
holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from crawler.seeds.forms.counted import Serialized, VarDump
from crawler.seeds.forms.engine import Grammar
from crawler.seeds.forms.json_list import json_end, parse_json, read_json_list, read_loosely
from crawler.seeds.forms.print_r import PrintR
from crawler.seeds.forms.quoted import Quoted
from crawler.seeds.forms.record import Notes, Reading
from crawler.seeds.forms.xdebug import Xdebug
from crawler.seeds.model import Form

MAX_FALSE_STARTS = 20_000
"""The most lists that are read and turn out not to be dumps; a page with more of them is an attack."""
_MAX_MARKS = 300_000
"""The most places that are checked for a dump. That takes about a second; no news page has nearly as many."""
_MAX_DECLARED_DIGITS = 15
_MAX_ID_LISTS = 100
_LOOK_BACK = 800
_MAX_INDENT = 100
_MAX_DESCENTS = 8
"""The most serialized arrays that are read in strings of arrays that were read already."""
_MAX_GLUED = 10_000
_FIRST_RECORD = 4096
"""Bytes within which the first record of a bare list ends; a list without a known key there is not read further."""

_S = rb"[\s\0]{0,64}+"
_LIST_AHEAD = (
    rb"(?=\[" + _S + rb"(?:\]|\{" + _S + rb'"(?:[^"\\\r\n]{1,64}+"|[a-z]{0,13}+(?:[\r\n]|\Z))'
    rb"|\{?" + _S + rb"(?:[\r\n]|\Z))|\{" + _S + rb'"[^"\\\r\n]{1,64}+"' + _S + rb":)"
)  # fmt: skip
_STRING_RE = re.compile(rb"string" + _S + rb"\(" + _S + rb"([0-9]++)" + _S + rb'\)[\s\0]{0,64}+"' + _S + _LIST_AHEAD)
_XDEBUG_STRING_RE = re.compile(rb"string" + _S + rb"'" + _S + _LIST_AHEAD)
_XDEBUG_LENGTH_RE = re.compile(rb"'(?:\.\.\.)?" + _S + rb"\(length=([^()\s]{1,40}+)\)")
_STRING_BEFORE_RE = re.compile(rb'string\(([0-9]{1,15}+)\)\s{0,9}"\Z')
_ODD_STRING_BEFORE_RE = re.compile(rb'string[\s\0]{0,9}\(([^()\r\n"]{0,40})\)[\s\0]{0,9}"[\s\0]*+\Z')
"""The head of a string whose length is not in digits; with digits, the length is the beginning that is searched for."""
_G = rb"[\s\0]{0,64}+(?:/(?:/[^\n]{0,200}+\n|\*[^*]{0,200}+\*/)[\s\0]{0,64}+)?"
_OUR_KEY = rb"[\"']?(?:id|sort|contenttypeid|pic|title)[\"']?[\s\0]{0,9}(?::|\Z)"
_JSON_AHEAD = (
    rb"(?="
    + _G
    + rb"(?:[\[{]"
    + _G
    + rb"){0,3}(?:\"[^\"\\\r\n]{1,64}+\"[\s\0]{0,9}(?::|\Z)|'?\w{1,32}+'?[\s\0]{0,9}:))"
)
_JSON_RES = (re.compile(rb"\[" + _JSON_AHEAD), re.compile(rb"\{" + _JSON_AHEAD))
_ANY_KEY = rb"(?:\"[^\"\\\r\n]{1,64}+\"|'[^'\\\r\n]{1,64}+'|\w{1,32}+)[\s\0]{0,9}(?::|\Z)" + _G
_PLAIN_PAIR = _ANY_KEY + rb"(?:\"[^\"\\\r\n]{0,200}+\"|[\w.+-]{1,32}+)[\s\0]{0,9}," + _G
_LOOSE_RE = re.compile(
    rb"(?:\{"
    + _G
    + rb"(?:"
    + _PLAIN_PAIR
    + rb"){0,20}+"
    + _ANY_KEY
    + rb")?(?:\["
    + _G
    + rb"\{"
    + _G
    + _ANY_KEY
    + rb"|(?<=[:\s])\{"
    + _G
    + _OUR_KEY
    + rb")"
)
"""Invalid JSON that is worth reading: a list of records, or records by their keys, also under a key."""
_FIRST_RECORD_RE = re.compile(rb"[\[{\s\0]{1,200}+[^\[\]{}]*+(?=\})")
_ID_ALONE_RE = re.compile(rb'[\[{\s\0]{1,200}+"id"[\s\0]*+:[\s\0]*+"?[0-9]{1,20}+"?[\s\0]*+[,}]')
_OUR_KEYS_RE = re.compile(rb"[\"']?\b(?:sort|contenttypeid|pic)\b[\"']?[\s\0]{0,9}:")
_BEFORE_RE = re.compile(
    rb"(?:(?:(?:(?:var|let|const)[ ]{1,9})?[A-Za-z_$][\w$.]{0,60}[ ]{0,9}=[ ]{0,9}(?:\[\][ ]{0,9};?\s{0,9})?)?"
    rb"(?:[A-Za-z_$][\w$.]{0,60}\([ ]{0,9})?"
    rb"|(?:\^|=>|return)[ ]{1,9}|\#{3,40} DEBUG \#{3,40}\s{1,9}"
    rb"|\xe2\x94\x8c(?:\xe2\x94\x80){1,80}\xe2\x94\x90\s{1,9}\xe2\x94\x82[^\n]{0,200}\n"
    rb"\xe2\x94\x94(?:\xe2\x94\x80){1,80}\xe2\x94\x98\s{1,9})\Z"
)
"""What scripts and dumpers write before a list: ``var items = []; items.push(``, ``=> ``, Cake's and Kint's frames."""
_FRAME_ENDS = (b"=", b"(", b"^", b">", b"return", b"#", b"\x98", b"]", b";")
_GLUE_RE = re.compile(rb"[ ]{0,9}\)?[ ]{0,9};?[\s\0,]{0,64}(?:[A-Za-z_$][\w$.]{0,60}\([ ]{0,9})?(?=\{)")
_AFTER_RE = re.compile(
    rb"[ ]{0,9}\)?[ ]{0,9};|\s{1,9}\#{10,40}(?=\s|\Z)|\s{1,9}(?:\xe2\x95\x90){10,99}"
    rb"(?:\s{1,9}Called from [^\n]{1,200})?"
)
_NAME_BEFORE_RE = re.compile(rb"(?:\^ )?\\?[A-Za-z_][^\s()\[\]{}'\"]{0,200}(?: @[0-9]{1,15})?[ ^]{0,2}\Z")
"""The name of a class before the opening of its object."""
_OBJECT_MARKS = (b" Obj", b" Enu", b"::__", b"{#", b"#")

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
        rb"a:[0-9]{1,15}:\{i:",
    )
)
_KEY_SIGN_RE = re.compile(rb"=(?![0-9])|;")
_WORD_RE = re.compile(rb"[^\W\d_]{2}|[\x80-\xff]{2}")
_NOTHING_RE = re.compile(rb"\s*+\Z")
_BLANK_LINE = re.compile(rb"\n[ \t\r\0]*+\n")


@dataclass(slots=True)
class FoundDump:
    """A dump at its place in the data, before its length is judged."""

    form: Form
    start: int
    reading: Reading
    notes: Notes
    declared: int | None = None
    around: tuple[int, int] | None = None
    """The span including what a script writes before and after the dump, which is not prose either."""

    @property
    def span(self) -> tuple[int, int]:
        """The span of the data that belongs to the dump, not to the page."""
        return self.around or (self.start, self.reading.end)


class Scanner:
    """Searches *data* once. ``gave_up``: it stopped before the end, because the text is an attack.

    ``shells`` are arrays that are not dumps; one may hold a dump as a string. ``id_lists`` holds the starts of the
    first lists that were skipped although their records have ids.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.gave_up = False
        self.id_lists: list[int] = []
        self.shells: list[tuple[int, int]] = [(0, 0)]
        self._false_starts = 0
        self._broken_until = -1
        self._descents = 0
        self._marks = [_Next(_searcher(data, mark, outer=True)) for mark in (*_LIST_MARKS, *_ARRAY_MARKS)]
        self._blank_line = _Next(_searcher(data, _BLANK_LINE))
        self._open_at: set[int] = set()
        self._limits = {PrintR: self._limit_of_lines, Xdebug: self._limit_over_blank_lines}
        starts: list[tuple[tuple[re.Pattern[bytes], ...], Callable[[int], FoundDump | None]]] = [
            ((_STRING_RE,), self._string),
            ((_XDEBUG_STRING_RE,), self._xdebug_string),
            (_JSON_RES, self._json),
            *((form.openings, partial(self._php, form, name)) for form, name in _GRAMMARS),
        ]
        self._starts = [_Start([_Next(_searcher(data, one)) for one in patterns], read) for patterns, read in starts]

    def dumps(self) -> Iterator[FoundDump]:
        """Yield the dumps in their order."""
        position = 0
        for _ in range(_MAX_MARKS):
            at, start = len(self.data), None
            for one in self._starts:
                place = one.find(position)
                if place < at:
                    at, start = place, one
            if start is None:
                return
            found = None if self._is_left_over(at) else start.read(at)
            if found is None:
                start.floor = at + 1
                continue
            if _is_ours(found, self.data):
                found.around = _around(self.data, found)
                self._broken_until = self._blank_line.find(found.span[1]) if found.reading.truncated else -1
                position = max(found.span[1], at + 1)
                if self.shells[-1][1] >= found.span[1]:
                    found.around = self.shells[-1]
                yield found
                continue
            start.floor = max(self._next_look(found), at + 1)
            if not found.reading.truncated and found.reading.end > self.shells[-1][1]:
                self.shells.append((found.start, found.reading.end))
            self._flag(found.start, has_id=bool(found.reading.items))
            self._false_starts += 1
            if self._false_starts >= MAX_FALSE_STARTS:
                break
        self.gave_up = True

    def _is_left_over(self, at: int) -> bool:
        """Return whether the value at *at* belongs to the dump before it, which could not be read further."""
        return at < self._broken_until and _is_value(self.data, at)

    def _next_look(self, found: FoundDump) -> int:
        """Return where the search for the form of *found*, which is not a dump, continues; it may hold other forms."""
        inner = found.reading.inner
        if inner is None or self._descents >= _MAX_DESCENTS:
            return found.reading.end
        self._descents += 1
        return inner

    def _limit(self, position: int) -> int:
        """Return the latest end of a dump that is being read at *position*."""
        return min(self._limit_over_blank_lines(position), self._blank_line.find(position))

    def _limit_over_blank_lines(self, position: int) -> int:
        return min(len(self.data), *(mark.find(position) for mark in self._marks))

    def _limit_of_lines(self, position: int) -> int:
        """Return the latest end for a form whose values may hold JSON, serialized arrays and blank lines."""
        return min(len(self.data), *(mark.find(position) for mark in self._marks[len(_LIST_MARKS) : -1]))

    def _flag(self, start: int, *, has_id: bool) -> None:
        """Remember a list of records with ids but no other known key, for a person to check."""
        if has_id and len(self.id_lists) < _MAX_ID_LISTS:
            self.id_lists.append(start)

    def _string(self, at: int) -> FoundDump | None:
        """Read ``string(N) "[...]"``."""
        head = _STRING_RE.match(self.data, at)
        if head is None:
            return None
        notes = Notes()
        declared = int(head[1]) if len(head[1]) <= _MAX_DECLARED_DIGITS else None
        if declared is None:
            notes.add("bad-length", at, f"the declared length has {len(head[1])} digits")
        begin = head.end()
        reading = read_json_list(self.data, begin, self._limit, declared, notes)
        if not reading.truncated:
            if self.data.startswith(b'"', reading.end):
                reading.end += 1
            else:
                notes.add("no-closing-quote", reading.end, "the dump has no closing quote")
        return FoundDump("json-string", at, reading, notes, declared)

    def _xdebug_string(self, at: int) -> FoundDump | None:
        """Read xdebug's ``string '[...]' (length=N)``."""
        head = _XDEBUG_STRING_RE.match(self.data, at)
        if head is None:
            return None
        notes = Notes()
        begin = head.end()
        reading = read_json_list(self.data, begin, self._limit, None, notes)
        length = _XDEBUG_LENGTH_RE.match(self.data, reading.end)
        declared = None
        if length is not None and length[1].isdigit() and len(length[1]) <= _MAX_DECLARED_DIGITS:
            declared = int(length[1])
        elif length is not None:
            notes.add_bad_length(length.start(1), length[1])
        reading.end = length.end() if length else reading.end
        return FoundDump("json-string", at, reading, notes, declared)

    def _json(self, at: int) -> FoundDump | None:
        """Read JSON outside of strings, or in a string with an odd head."""
        notes = Notes()
        reading = self._exact(at, notes)
        if reading is None:
            reading = self._loose(at, notes)
        if reading is None:
            return None
        found = FoundDump("json", at, reading, notes)
        quoted = _ODD_STRING_BEFORE_RE.search(self.data[max(0, at - _LOOK_BACK) : at])
        if quoted is None:
            self._take_following(found)
            return found
        notes.add_bad_length(at, quoted[1])
        if not reading.truncated and self.data.startswith(b'"', reading.end):
            reading.end += 1
        return FoundDump("json-string", at - len(quoted[0]), reading, notes)

    def _exact(self, at: int, notes: Notes) -> Reading | None:
        """Read correct JSON at *at*, and single records that follow; return None if it is not correct."""
        if at in self._open_at:  # it was already checked as a part of an outer value, and has no end
            return None
        end, still_open = json_end(self.data, at)
        self._open_at.update(still_open)
        return None if end is None else parse_json(self.data, at, end, notes)

    def _loose(self, at: int, notes: Notes) -> Reading | None:
        """Read a list of records that is not correct JSON; return None if there is none at *at*."""
        if _LOOSE_RE.match(self.data, at) is None:
            return None
        first = _FIRST_RECORD_RE.match(self.data, at, at + _FIRST_RECORD)
        brace = first.end() if first else at + _FIRST_RECORD
        if not _OUR_KEYS_RE.search(self.data, at, brace) and (first or not self.data.startswith(b"[", at)):
            self._flag(at, has_id=_ID_ALONE_RE.match(self.data, at, brace + 1) is not None)
            return None
        return read_loosely(self.data, at, self._limit, notes)

    def _take_following(self, found: FoundDump) -> None:
        """Add to *found* the records that a script adds one by one, or that are on separate lines."""
        reading, data = found.reading, self.data
        for _ in range(_MAX_GLUED):
            if not reading.single or reading.truncated:
                break
            glue = _GLUE_RE.match(data, reading.end)
            end = json_end(data, glue.end())[0] if glue else None
            more = parse_json(data, glue.end(), end, found.notes) if glue and end else None
            if more is None or not more.single:
                break
            reading.items += more.items
            reading.end = more.end

    def _php(self, form: type[Grammar], name: Form, at: int) -> FoundDump | None:
        notes = Notes()
        data = self.data
        if data.startswith(_OBJECT_MARKS, at):
            named = _NAME_BEFORE_RE.search(data, max(0, at - _MAX_INDENT), at)
            at = named.start() if named else at
        limit_at = self._limits.get(form, self._limit)
        reading = form(data, at, limit_at, notes).read()
        if reading is None:
            return None
        found = FoundDump(name, at, reading, notes)
        if form is Serialized and (quoted := _STRING_BEFORE_RE.search(data[max(0, at - _LOOK_BACK) : at])):
            found.declared = int(quoted[1])
            found.start -= len(quoted[0])
            if not reading.truncated and data.startswith(b'"', reading.end):
                reading.end += 1
        return found


_GRAMMARS: tuple[tuple[type[Grammar], Form], ...] = (
    (VarDump, "var_dump"),
    (Xdebug, "xdebug"),
    (PrintR, "print_r"),
    (Quoted, "var_export"),
    (Serialized, "serialize"),
)


def _around(data: bytes, found: FoundDump) -> tuple[int, int]:
    """Return the span of *found* including what scripts and dumpers write before and after it."""
    start, end = found.start, found.reading.end
    framed = data[max(0, start - _MAX_INDENT) : start].rstrip().endswith(_FRAME_ENDS)
    before = _BEFORE_RE.search(data, max(0, start - _LOOK_BACK), start) if framed else None
    after = None if found.reading.truncated else _AFTER_RE.match(data, end)
    return before.start() if before else start, after.end() if after else end


def shows_record(found: FoundDump) -> bool:
    """Return whether *found* is a dump even in a page of HTML, whose scripts contain other lists with ids.

    A list that PHP did not print must have a record with a key that only the site's records have, or with a place and a
    picture.
    """
    return found.form != "json" or any(
        item.content_type is not None or (item.sort is not None and item.pic is not None)
        for item in found.reading.items
    )


def _is_ours(found: FoundDump, data: bytes) -> bool:
    """Return whether a reading is a dump of related articles, and not something else that PHP printed.

    A string that begins like a dump is one if its records have a title or only ids. A list is one if a record has
    another known key, or if it is cut before such a key, by the end of the text or by the dumper.
    """
    items = found.reading.items
    if any(item.sort is not None or item.content_type is not None or item.pic is not None for item in items):
        return True
    if found.form == "json-string" and not found.reading.foreign:
        has_title = any(item.title is not None or item.partial for item in items)
        return not items or has_title or all(kind != "foreign-key" for kind, _, _ in found.notes.entries)
    cut = found.reading.truncated and _NOTHING_RE.match(data, found.reading.end) is not None
    elided = any(kind == "elided" for kind, _, _ in found.notes.entries)
    begun = items or elided or (found.reading.at_end and _is_more_than_prose(data, found.start))
    return bool((cut or elided) and begun and all(item.partial for item in items) and not found.reading.foreign)


def _is_more_than_prose(data: bytes, start: int) -> bool:
    """Return whether what is cut after its opening at *start* has a key, or has its line for itself.

    Prose may end with ``array(3) {``.
    """
    line = data.rfind(b"\n", max(0, start - _LOOK_BACK), start) + 1
    return _KEY_SIGN_RE.search(data, start) is not None or not _WORD_RE.search(_BEFORE_RE.sub(b"", data[line:start]))


class _Next:
    """The next place of something: for rising positions it searches each byte once."""

    __slots__ = ("_asked", "_known", "_search")

    def __init__(self, search: Callable[[int], int]) -> None:
        self._search = search
        self._asked = -1
        self._known = -1

    def find(self, position: int) -> int:
        """Return the first place at or after *position*; a place beyond the end of the data if there is none."""
        if not 0 <= self._asked <= position <= self._known:
            self._asked, self._known = position, self._search(position)
        return self._known


@dataclass(slots=True)
class _Start:
    """One way in which a dump can begin: its marks, and how to read it."""

    marks: list[_Next]
    read: Callable[[int], FoundDump | None]
    floor: int = 0
    _asked: int = -1
    _known: int = -1

    def find(self, position: int) -> int:
        """Return its next beginning at or after *position* and its floor."""
        position = max(position, self.floor)
        if not 0 <= self._asked <= position <= self._known:  # most calls are for the same beginning
            self._asked, self._known = position, min([mark.find(position) for mark in self.marks])
        return self._known


def _searcher(data: bytes, pattern: re.Pattern[bytes], *, outer: bool = False) -> Callable[[int], int]:
    """Return a search for *pattern* in *data*; with *outer*, skip values inside an array."""

    def search(position: int) -> int:
        match = pattern.search(data, position)
        while match is not None and outer and _is_value(data, match.start()):
            match = pattern.search(data, match.end())
        return len(data) + 1 if match is None else match.start()

    return search


def _is_value(data: bytes, position: int) -> bool:
    """Return whether there is a value of an array at *position*: a key is before it."""
    before = data[max(0, position - _MAX_INDENT) : position]
    return before.endswith(b";") or before.rstrip(b" \t\r\n\0&").endswith((b"=>", b'":'))
