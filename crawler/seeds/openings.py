"""Reads what begins at a place in a page, by its form: strings of JSON, JSON, and what PHP and frameworks print."""

from __future__ import annotations

import re
from collections.abc import Callable
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
from crawler.seeds.places import Limits, Patterns

_MAX_DECLARED_DIGITS = 15
_MAX_ID_LISTS = 100
_LOOK_BACK = 800
_MAX_INDENT = 100
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
    + rb"){0,3}(?:\"(?:[^\"\\\r\n]|\\.){1,200}+\"[\s\0]{0,9}(?::|\Z)|'?\w{1,32}+'?[\s\0]{0,9}:))"
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
BEFORE_RE = re.compile(
    rb"(?:(?:(?:(?:var|let|const)[ ]{1,9})?[A-Za-z_$][\w$.]{0,60}[ ]{0,9}=[ ]{0,9}(?:\[\][ ]{0,9};?\s{0,9})?)?"
    rb"(?:[A-Za-z_$][\w$.]{0,60}\([ ]{0,9})?"
    rb"|(?:\^|=>|return)[ ]{1,9}|```\w{0,9}\s{1,9}|\#{3,40} DEBUG \#{3,40}\s{1,9}"
    rb"|\xe2\x94\x8c(?:\xe2\x94\x80){1,80}\xe2\x94\x90\s{1,9}\xe2\x94\x82[^\n]{0,200}\n"
    rb"\xe2\x94\x94(?:\xe2\x94\x80){1,80}\xe2\x94\x98\s{1,9})\Z"
)
"""What scripts and dumpers write before a list: ``var items = []; items.push(``, ``=> ``, Cake's and Kint's frames."""
_FRAME_ENDS = (b"=", b"(", b"^", b">", b"return", b"#", b"\x98", b"]", b";", b"`", b"php", b"text", b"json")
_GLUE_RE = re.compile(rb"[ ]{0,9}\)?[ ]{0,9};?[\s\0,]{0,64}(?:[A-Za-z_$][\w$.]{0,60}\([ ]{0,9})?(?=\{)")
_AFTER_RE = re.compile(
    rb"[ ]{0,9}\)?[ ]{0,9};|\s{1,9}```(?=\s|\Z)|\s{1,9}\#{10,40}(?=\s|\Z)|\s{1,9}(?:\xe2\x95\x90){10,99}"
    rb"(?:\s{1,9}Called from [^\n]{1,200})?"
)
_NAME_BEFORE_RE = re.compile(rb"(?:\^ )?\\?[A-Za-z_][^\s()\[\]{}'\"]{0,200}(?: @[0-9]{1,15})?[ ^]{0,2}\Z")
"""The name of a class before the opening of its object."""
_OBJECT_MARKS = (b" Obj", b" Enu", b"::__", b"{#", b"#")
_GRAMMARS: tuple[tuple[type[Grammar], Form], ...] = (
    (VarDump, "var_dump"),
    (Xdebug, "xdebug"),
    (PrintR, "print_r"),
    (Quoted, "var_export"),
    (Serialized, "serialize"),
)


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


Reader = Callable[[int], FoundDump | None]
"""Reads what begins at a place; None if nothing does."""


class FormReaders:
    """Reads the forms in *data*, each up to its limit.

    ``id_lists`` holds the starts of the first lists that were skipped although their records have ids.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data = data
        self.id_lists: list[int] = []
        self._limits = limits
        self._open_at: set[int] = set()

    def by_patterns(self) -> list[tuple[Patterns, Reader]]:
        """Return the patterns for the beginning of each form, and what reads it."""
        return [
            ((_STRING_RE,), self._string),
            ((_XDEBUG_STRING_RE,), self._xdebug_string),
            (_JSON_RES, self._json),
            *((form.openings, partial(self._php, form, name)) for form, name in _GRAMMARS),
        ]

    def flag(self, start: int, *, has_id: bool) -> None:
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
        reading = read_json_list(self.data, begin, self._limits.usual, declared, notes)
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
        reading = read_json_list(self.data, begin, self._limits.usual, None, notes)
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
            self.flag(at, has_id=_ID_ALONE_RE.match(self.data, at, brace + 1) is not None)
            return None
        return read_loosely(self.data, at, self._limits.usual, notes)

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
        special = {PrintR: self._limits.of_lines, Xdebug: self._limits.over_blank_lines}
        limit_at = special.get(form, self._limits.usual)
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


def around(data: bytes, found: FoundDump) -> tuple[int, int]:
    """Return the span of *found* including what scripts and dumpers write before and after it."""
    start, end = found.start, found.reading.end
    framed = data[max(0, start - _MAX_INDENT) : start].rstrip().endswith(_FRAME_ENDS)
    before = BEFORE_RE.search(data, max(0, start - _LOOK_BACK), start) if framed else None
    after = None if found.reading.truncated else _AFTER_RE.match(data, end)
    return before.start() if before else start, after.end() if after else end
