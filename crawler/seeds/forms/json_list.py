r"""The JSON list, whole, cut or broken: ``[{"id":"1","sort":"2","contenttypeid":"21","pic":"P","title":"T"} ,... ]``.

A whole and correct list is read by a real JSON parser. The site built its lists by hand, though, and never escaped a
quote, so a title can end anywhere in the eyes of JSON. The reader below therefore looks for the end of a value
instead of for its next quote: a quote is the end only where the list goes on as a list would (a comma and a key, a
closing brace and the next record, ``]`` or nothing). Each step moves forward, so the time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from crawler.seeds.forms.record import MAX_RECORDS, Notes, Reading, Value, build_clean_items, build_item
from crawler.seeds.forms.seeker import Seeker

# Possessive quantifiers (*+) keep white space from being tried again in other ways.
_BETWEEN_RE = re.compile(rb"[\s\0]*+(,?)[\s\0,]*+")
_KEY_RE = re.compile(rb'"([A-Za-z_][A-Za-z0-9_]{0,31}+)"[\s\0]*+:[\s\0]*+')
_SCALAR_RE = re.compile(rb"-?[0-9]{1,40}+|true|false|null")
_NAME = rb'[A-Za-z_][A-Za-z0-9_]{0,31}+"[\s\0]*+:'
_OUR_NAME = rb'(?:id|sort|contenttypeid|pic|title)"[\s\0]*+:'
_RECORD = rb'\{[\s\0]*+"id"[\s\0]*+:'
_AFTER_VALUE = (
    rb',[\s\0]*+"' + _NAME,  # the next key
    rb'"' + _OUR_NAME,  # one of our keys, without its comma
    rb"\}[\s\0]*+,?[\s\0]*+(?:\{|\]|\Z)",  # the end of the record
    rb",[\s\0]*+" + _RECORD,  # the next record: the closing brace is missing
    rb'\}[^"{}\[\]\r\n]{1,64}+' + _RECORD,  # the next record, after something foreign
)
_VALUE_END_RE = re.compile(rb'"(?=[\s\0]*+(?:' + b"|".join(_AFTER_VALUE) + rb"))")
_LINE_VALUE_END_RE = re.compile(rb'"[ \t]*+(?=\}[ \t]*+,?[ \t]*+(?:[\r\n]|\Z))')
_CLOSING_RE = re.compile(rb'\}[\s\0]*+\]"')
_LOOSE_DIGITS_RE = re.compile(rb'[\s\0]*+([0-9]{1,20}+)[\s\0]*+(?=,[\s\0]*+"|\})')
_NEXT_RECORD_RE = re.compile(_RECORD)
_BACKSLASH = ord("\\")
_BACKSLASHES = 100  # more in a row are no text
_ESCAPED_ENDS = 8  # how many escaped quotes in a row may look like the end of a value
_ESCAPE_RE = re.compile(rb'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})')


def read_json_list(data: bytes, start: int, limit: int, declared: int | None, notes: Notes) -> Reading:
    """Read the list whose ``[`` stands at *start*; *declared* is its length in bytes if something declares one.

    *limit* is where the dump ends at the latest (the next dump, a blank line, the end of the text); only a list
    that is exactly as long as declared and correct JSON goes beyond it.
    """
    return _read_exact(data, start, limit, declared, notes) or _Tolerant(data, start, limit, notes).read()


def _read_exact(data: bytes, start: int, limit: int, declared: int | None, notes: Notes) -> Reading | None:
    """Read a list that is correct JSON, None if it is not."""
    end = start + (declared or 0)
    if declared is None or data[end - 1 : end + 1] != b']"':
        closing = _CLOSING_RE.search(data, start, limit)
        if closing is None:
            return None
        end = closing.end() - 1
    try:
        records = orjson.loads(memoryview(data)[start:end])
    except orjson.JSONDecodeError:
        return None
    if not isinstance(records, list) or len(records) > MAX_RECORDS:
        return None
    reading = Reading(end=end, payload=(start, end))
    clean = build_clean_items(records) if data.find(b"\\", start, end) < 0 else None
    if clean is not None:
        reading.items = clean
        return reading
    if not set(map(type, records)) <= {dict}:
        return None
    for record in records:
        item = build_item(_plain(record), start, notes)
        if item is not None:
            reading.items.append(item)
    return reading


def _plain(record: Mapping[str, Any]) -> dict[str, Value]:
    """Return *record* with values that a form may hold: text and numbers as they are, anything else unknown."""
    return {key: value if type(value) in (str, int) else None for key, value in record.items()}


class _Tolerant:
    """Reads a list that is cut or broken, one value after the other.

    ``position`` is where reading goes on, ``solid`` the end of the last thing that was understood: where the list
    breaks off, the rest of the line of ``solid`` still belongs to it, and the lines after it to the page.
    """

    def __init__(self, data: bytes, start: int, limit: int, notes: Notes) -> None:
        self.data = data
        self.start = start
        self.limit = limit
        self.notes = notes
        self.reading = Reading(end=limit, payload=(start, limit), truncated=True)
        self.position = self.solid = start + 1
        self.value_ends = Seeker(_VALUE_END_RE, data)
        self.line_value_ends = Seeker(_LINE_VALUE_END_RE, data)
        self.next_records = Seeker(_NEXT_RECORD_RE, data)

    def read(self) -> Reading:
        while self._to_record():
            if not self._record():
                self._cut()
                break
            if len(self.reading.items) >= MAX_RECORDS:
                self.notes.add("too-many", self.position, f"more than {MAX_RECORDS} records: the rest is passed over")
                self._cut()
                break
        return self.reading

    def _to_record(self) -> bool:
        """Go to the next ``{``; False if the list ends before one."""
        comma = self._skip()
        byte = self._byte()
        if byte == b"]":
            self.reading.end = self.position + 1
            self.reading.payload = (self.start, self.position + 1)
            self.reading.truncated = False
            return False
        if byte == b"{":
            if not comma and self.solid > self.start + 1:
                self.notes.add("missing-comma", self.position, "no comma between two records")
        elif not self._resume("something between two records that is none, passed over"):
            self._cut()
            return False
        return True

    def _record(self) -> bool:
        """Read the record at the position; False if the list breaks off in it."""
        at = self.position
        fields: dict[str, Value] = {}
        self._advance(self.position + 1)
        while True:
            comma = self._skip()
            byte = self._byte()
            if byte == b"}":
                self._advance(self.position + 1)
                self.reading.keep(fields, at, self.notes, partial=False)
                return True
            if byte in (b"{", b"]") and fields:
                self.notes.add("missing-brace", self.position, "a record has no closing brace")
                self.reading.keep(fields, at, self.notes, partial=False)
                return True
            key = _KEY_RE.match(self.data, self.position, self.limit)
            if key is not None:
                if fields and not comma:
                    self.notes.add("missing-comma", self.position, "no comma between two values")
                self._advance(key.end())
                if self._value(key[1].decode("ascii"), fields):
                    continue
            self.reading.keep(fields, at, self.notes, partial=True)
            return self._resume("the record goes on with something that cannot be read, passed over")

    def _value(self, name: str, fields: dict[str, Value]) -> bool:
        """Read the value of key *name* into *fields*; False if it is cut, or no value at all."""
        if self._byte() != b'"':
            return self._scalar(name, fields)
        begin = self.position + 1
        if name != "title" and (loose := _LOOSE_DIGITS_RE.match(self.data, begin, self.limit)):
            self.notes.add("missing-quote", begin, f"no quote after the value of {name}")
            fields[name] = loose[1].decode("ascii")
            self._advance(loose.end())
            return True
        end = self._value_end(begin)
        if end is None:
            self._cut_value(name, begin, fields)
            return False
        fields[name] = self._text(begin, end, name)
        self._advance(end + 1)
        return True

    def _value_end(self, begin: int) -> int | None:
        """Return where the quote stands that ends the string begun at *begin*, None if there is none."""
        first = self.value_ends.find(begin, self.limit)
        match = first
        for _ in range(_ESCAPED_ENDS):
            if match is None or not _is_escaped(self.data, match.start(), begin):
                break
            match = _VALUE_END_RE.search(self.data, match.end(), self.limit)
        if first is not None and (match is None or b'"id"' in self.data[first.start() : match.start()]):
            match = first  # the site writes a backslash as it is; this one escapes nothing
        match = match or self.line_value_ends.find(begin, self.limit)
        return None if match is None else match.start()

    def _scalar(self, name: str, fields: dict[str, Value]) -> bool:
        number = _SCALAR_RE.match(self.data, self.position, self.limit)
        if number is None or number.end() >= self.limit:  # a number at the very end may have been longer
            return False
        text = number[0].decode("ascii")
        fields[name] = None if text.isalpha() else text
        self._advance(number.end())
        return True

    def _cut_value(self, name: str, begin: int, fields: dict[str, Value]) -> None:
        """Keep of a string without an end what it still tells: a title. A cut number or path tells nothing."""
        raw = self.data[begin : self._line_end(begin)].rstrip(b"\r")
        if name == "title":
            fields[name] = _decode(raw.removesuffix(b"}").removesuffix(b'"')) or None
        elif raw.endswith(b'"') and raw.count(b'"') == 1:
            fields[name] = _decode(raw[:-1])  # the value is whole, the cut comes right after it
        elif name == "id":
            self.notes.add("cut-id", begin, "the last record is cut inside its id, which is therefore unknown")
        self._advance(begin + len(raw))

    def _resume(self, message: str) -> bool:
        """Go to the next record, over something that cannot be read; False if there is no other record."""
        if self.position >= self.limit:
            return False
        following = self.next_records.find(self.position, self.limit)
        if following is None:
            return False
        self.notes.add("garbage", self.position, message)
        self.position = following.start()
        return True

    def _skip(self) -> bool:
        """Skip white space and commas; tell whether there was a comma."""
        between = _BETWEEN_RE.match(self.data, self.position, self.limit)
        if between is None:
            return False
        self.position = between.end()
        return bool(between[1])

    def _byte(self) -> bytes:
        return self.data[self.position : min(self.position + 1, self.limit)]

    def _advance(self, position: int) -> None:
        self.position = self.solid = position

    def _line_end(self, position: int) -> int:
        end = self.data.find(b"\n", position, self.limit)
        return self.limit if end < 0 else end

    def _cut(self) -> None:
        self.reading.end = self._line_end(self.solid)
        self.reading.payload = (self.start, self.reading.end)

    def _text(self, begin: int, end: int, name: str) -> str:
        raw = self.data[begin:end]
        escaped = b"\\" in raw and _ESCAPE_RE.search(raw) is not None
        if b'"' in raw and b'"' in raw.replace(b'\\"', b""):
            self.notes.add("unescaped-quote", begin, f"a quote inside the {name} is not escaped")
        if b"\n" in raw or b"\r" in raw:
            self.notes.add("line-break", begin, f"a line break inside the {name}")
            raw = b" ".join(raw.split())
        return _unescape(raw) if escaped else _decode(raw)


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _unescape(raw: bytes) -> str:
    """Return the text of a JSON string's inside; escapes that JSON does not know stay as they are."""
    try:
        return str(orjson.loads(b'"' + raw + b'"'))
    except orjson.JSONDecodeError:
        return _decode(_ESCAPE_RE.sub(_unescape_one, raw))


def _unescape_one(match: re.Match[bytes]) -> bytes:
    try:
        return str(orjson.loads(b'"' + match[0] + b'"')).encode()
    except orjson.JSONDecodeError:  # one half of a surrogate pair
        return "\ufffd".encode()


def _is_escaped(data: bytes, position: int, begin: int) -> bool:
    """Tell whether an odd number of backslashes stands before *position*, not before *begin*."""
    backslashes = 0
    while (
        backslashes < _BACKSLASHES and position - backslashes > begin and data[position - backslashes - 1] == _BACKSLASH
    ):
        backslashes += 1
    return backslashes % 2 == 1
