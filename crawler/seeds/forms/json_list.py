r"""JSON, whole, cut or broken: ``[{"id":"1","sort":"2","contenttypeid":"21","pic":"P","title":"T"} ,... ]``.

Correct JSON is read by a real JSON parser. The site built its lists by hand, though, and never escaped a quote, so for
a JSON parser a title can end anywhere. The reader below therefore looks for the end of a value instead of its next
quote: a quote is the end only if the list continues after it (a comma and a key, a closing brace and the next record,
``]`` or nothing). It also reads what JavaScript allows: keys without quotes, single quotes, commas before a brace,
comments, NaN.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

from crawler.seeds.forms.engine import MAX_DEPTH, Grammar
from crawler.seeds.forms.record import ESCAPE_RE, MAX_RECORDS, Notes, Reading, build_clean_items, unescape
from crawler.seeds.forms.seeker import Seeker
from crawler.seeds.forms.tree import Branch

# Possessive quantifiers (*+) keep white space from being tried again in other ways.
_W = rb"[\s\0]*+(?:/(?:/[^\n]{0,200}+\n|\*[^*]{0,200}+\*/)[\s\0]*+)*+"
_OURS = rb"(?:id|sort|contenttypeid|pic|title)"
_NAMES = {b'"': rb'"(?:%b)"', b"'": rb"'(?:%b)'", b"": rb"(?:%b)"}
"""A key in double quotes, in single quotes, or without quotes."""
_NAME = rb"[A-Za-z_$][\w$-]{0,63}+|[0-9]{1,20}+"
_TOKENS_RE = re.compile(
    rb'(?:[\s,:]++|"(?:[^"\\\x00-\x1f]++|\\.)*+"|true\b|false\b|null\b|-?[0-9][0-9.eE+-]*+)*+([\[\]{}])'
)
_KEY_RE = re.compile(rb"\"id\"|contenttypeid|\\")
"""A key that all records have, a key in JSON in a string, or what either may be once it is unescaped."""
_OF_LISTS = {dict, list, bool, type(None)}
"""What may be in a list of records: some are null or false where a row was not found."""
_LOOSE_DIGITS_RE = re.compile(rb'[\s\0]*+([0-9]{1,20}+)[\s\0]*+(?=,[\s\0]*+"|\})')
_BACKSLASH = ord("\\")
_BACKSLASHES = 100  # longer runs are not text
_ESCAPED_ENDS = 8  # the most escaped quotes in a row that may look like the end of a value


def parse_json(data: bytes, start: int, end: int, notes: Notes) -> Reading | None:
    """Read the JSON from *start* to *end*, None if it is not correct or has too many records."""
    try:
        tree = orjson.loads(memoryview(data)[start:end])
    except orjson.JSONDecodeError:
        return None
    if isinstance(tree, dict) and not _KEY_RE.search(data, start, end) and any(key.strip("0123456789") for key in tree):
        return Reading(end, (start, end), foreign=True)  # a script's own data: most JSON on a page
    if isinstance(tree, list):
        if len(tree) > MAX_RECORDS:
            return None
        clean = build_clean_items(tree) if data.find(b"\\", start, end) < 0 else None
        if clean is not None:
            return Reading(end, (start, end), items=clean)
        if not set(map(type, tree)) <= _OF_LISTS:
            return None
    reading = Reading(end, (start, end))
    reading.collect(tree, notes, escaped=True)
    return reading


def json_end(data: bytes, start: int) -> tuple[int | None, list[int]]:
    """Return the end of the strict JSON at *start*, an array or object; if open, None and the starts of open parts."""
    position = start
    stack: list[int] = []
    while token := _TOKENS_RE.match(data, position):
        position = token.end()
        byte = data[position - 1]
        if byte in b"[{":
            if len(stack) >= MAX_DEPTH:
                break
            stack.append(position - 1)
        elif not stack or byte - data[stack.pop()] != 2:  # noqa: PLR2004 - in ASCII a bracket and what closes it
            break
        if not stack:
            return position, stack
    return None, stack


def read_json_list(
    data: bytes, start: int, limit_at: Callable[[int], int], declared: int | None, notes: Notes
) -> Reading:
    """Read the list or object at *start*; *declared* is its length in bytes if something declares one.

    *limit_at* returns the latest end of the dump (the next dump, a blank line, the end of the text); only correct JSON
    of exactly the declared length may go beyond it.
    """
    end = start + (declared or 0)
    if declared is None or data[end - 1 : end + 1] not in (b']"', b'}"'):
        end = json_end(data, start)[0] or start
    reading = parse_json(data, start, end, notes) if end > start else None
    return reading or read_loosely(data, start, limit_at, notes)


def read_loosely(data: bytes, start: int, limit_at: Callable[[int], int], notes: Notes) -> Reading:
    """Read the list or object at *start*, tolerating all known errors."""
    reading = Json(data, start, limit_at, notes).read()
    return reading or Reading(end=start + 1, payload=(start, start + 1), truncated=True, foreign=True)


class Json(Grammar):
    """Reads JSON that is cut or broken, one value after the other."""

    opener = re.compile(rb"[\[{]")
    key = re.compile(rb"(?:\"([^\"\\\r\n]{0,64}+)\"|'([^'\\\r\n]{0,64}+)'|(" + _NAME + rb"))" + _W + rb":" + _W)
    scalar = re.compile(
        rb"(-?[0-9]{1,40}+)(?![0-9.eE])|-?[0-9.]{1,40}+(?:[eE][+-]?[0-9]{1,5}+)?|true|false|null|undefined|NaN|-?Infinity"
    )
    between = re.compile(_W + rb"(,?)(?:[\s\0,]++|/(?:/[^\n]{0,200}+\n|\*[^*]{0,200}+\*/))*+")
    element = re.compile(rb"\{" + _W + rb"[\"']?" + _OURS + rb"[\"']?" + _W + rb":")
    end = element  # the end of a value depends on its context: see _value_end
    keyless = True
    brackets = ((b"[", b"{"), (b"]", b"}"))

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.comma = False
        self.style: bytes | None = None
        self._seekers: dict[tuple[bytes, bytes, int], tuple[Seeker, Seeker]] = {}

    def skip(self) -> None:
        between = self.between.match(self.data, self.position, self.limit)
        self.comma = between is not None and bool(between[1])
        if between is not None:
            self.position = between.end()

    def entry(self) -> bool:
        node, at = self.stack[-1], self.position
        byte = self.data[at : at + 1] if at < self.limit else b""
        root = len(self.stack) == 1
        if node.closing == b"}" and not (root and node.last is not None and byte == b"{"):
            if byte in (b"{", b"]") and node and not root:
                self.notes.add("missing-brace", at, "a record has no closing brace")
                self.stack.pop()
                return True
            return self._pair(node, at)
        if byte == b"}" and not root:
            self.notes.add("missing-brace", at, "a list has no closing bracket")
            self.stack.pop()
            return True
        if byte == b"{" and node and not self.comma:
            self.notes.add("missing-comma", at, "no comma between two records")
        return byte != b"" and self.value(str(len(node)), at)

    def _pair(self, node: Branch, at: int) -> bool:
        key = self.key.match(self.data, at, self.limit)
        if key is None:
            return False
        if self.style is None:
            self.style = key[0][:1] if key[0][:1] in _NAMES else b""
        if node and not self.comma:
            self.notes.add("missing-comma", at, "no comma between two values")
        self.advance(key.end())
        self.broken = not self.value(key[key.lastindex or 0].decode("utf-8", "replace"), self.position)
        return not self.broken

    def value(self, name: str, at: int) -> bool:
        scalar = self.scalar.match(self.data, self.position, self.limit)
        if scalar is not None and scalar.end() >= self.limit:  # a number at the very end may be cut
            return False
        return super().value(name, at if self.stack[-1].closing == b"]" else self.position)

    def opens_string(self) -> bool:
        return self.position < self.limit and self.data[self.position : self.position + 1] in (b'"', b"'")

    def string(self, name: str | None) -> tuple[str | None, int] | None:
        quote = self.data[self.position : self.position + 1]
        begin = self.position + 1
        if name != "title" and (loose := _LOOSE_DIGITS_RE.match(self.data, begin, self.limit)):
            self.notes.add("missing-quote", begin, f"no quote after the value of {name}")
            return loose[1].decode("ascii"), loose.end()
        end = self._value_end(begin, quote)
        if end is None:
            self.position = begin
            return None
        return self._text(begin, end, quote, name), end + 1

    def _value_end(self, begin: int, quote: bytes) -> int | None:
        """Return the place of the quote that ends the string begun at *begin*, None if there is none."""
        pattern, ends, line_ends = self._ends(quote)
        first = match = ends.find(begin, self.limit)
        for _ in range(_ESCAPED_ENDS):
            if match is None or not _is_escaped(self.data, match.start(), begin):
                break
            match = pattern.search(self.data, match.end(), self.limit)
        if first is not None and (match is None or b'"id"' in self.data[first.start() : match.start()]):
            match = first  # the site does not escape backslashes; this one escapes nothing
        match = match or line_ends.find(begin, self.limit)
        return None if match is None else match.start()

    def _ends(self, quote: bytes) -> tuple[re.Pattern[bytes], Seeker, Seeker]:
        """Return how a string in *quote* ends in its context: in a record of a list, deeper, or in a list itself."""
        if self.stack[-1].closing == b"]":
            where = _IN_LIST
        else:
            where = _IN_RECORD if len(self.stack) <= 2 and self.stack[0].closing == b"]" else _DEEPER  # noqa: PLR2004
        style = self.style or b""
        pattern = _value_end_re(quote, style, where)
        seekers = self._seekers.get((quote, style, where))
        if seekers is None:
            line_end = re.compile(quote + rb"[ \t]*+(?=\}[ \t]*+,?[ \t]*+(?:[\r\n]|\Z))")
            seekers = self._seekers[quote, style, where] = Seeker(pattern, self.data), Seeker(line_end, self.data)
        return pattern, *seekers

    def list_of(self, _: re.Match[bytes], top: int) -> int | None:
        for depth in range(top, 0, -1):
            node = self.stack[depth]
            if node.closing == b"]" and (node.last is not None or not node):
                return depth
        return 0 if self.stack[0].closing == b"]" or self.stack[0].last is not None else None

    def cut_value(self, name: str) -> None:
        if not self.opens_string() and self.data[self.position - 1 : self.position] not in (b'"', b"'"):
            return
        begin = self.position
        raw = self.data[begin : self.line_end(begin)].rstrip(b"\r").removesuffix(b",")
        if name == "title":
            self.stack[-1][name] = _decode(raw.removesuffix(b"}").removesuffix(b'"')) or None
        elif raw.endswith(b'"') and raw.count(b'"') == 1:
            self.stack[-1][name] = _decode(raw[:-1])  # the value is whole, the cut comes right after it
        elif name == "id":
            self.notes.add("cut-id", begin, "the last record is cut inside its id, which is therefore unknown")
        self.advance(begin + len(raw))

    def _text(self, begin: int, end: int, quote: bytes, name: str | None) -> str:
        raw = self.data[begin:end]
        escaped = b"\\" in raw and ESCAPE_RE.search(raw) is not None
        if quote in raw and quote in raw.replace(b"\\" + quote, b""):
            self.notes.add("unescaped-quote", begin, f"a quote inside the {name} is not escaped")
        if b"\n" in raw or b"\r" in raw:
            self.notes.add("line-break", begin, f"a line break inside the {name}")
            raw = b" ".join(raw.split())
        return unescape(raw) if escaped else _decode(raw)


_IN_RECORD, _DEEPER, _IN_LIST = range(3)


@lru_cache(maxsize=32)
def _value_end_re(quote: bytes, style: bytes, where: int) -> re.Pattern[bytes]:
    """Return the pattern for the end of a string: *quote*, and what may follow if keys have the quotes *style*."""
    key, ours = (_NAMES[style] % name + _W + b":" for name in (_NAME, _OURS))
    record = rb"\{" + _W + _NAMES[style] % b"id" + _W + b":"
    after = [
        rb"," + _W + key,  # the next key
        ours,  # a known key, without its comma
        rb",?" + _W + rb"\}" + _W + rb",?" + _W + rb"(?:\{|\]|\Z)",  # the end of the record
        rb"," + _W + record,  # the next record: the closing brace is missing
        rb'\}[^"{}\[\]\r\n]{1,64}+' + record,  # the next record, after other data
    ]
    if where != _IN_RECORD:
        after += [rb",?" + _W + rb"\}" + _W + rb"(?:[})]|," + _W + key + rb")"]  # the end of a nested value
    if where == _IN_LIST:
        after += [rb"," + _W + rb"[\"'\[{0-9tfnN-]", rb",?" + _W + rb"\]"]
    return re.compile(quote + rb"(?=" + _W + rb"(?:" + rb"|".join(after) + rb"))")


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _is_escaped(data: bytes, position: int, begin: int) -> bool:
    """Return whether an odd number of backslashes is before *position*, from *begin* on."""
    backslashes = 0
    while (
        backslashes < _BACKSLASHES and position - backslashes > begin and data[position - backslashes - 1] == _BACKSLASH
    ):
        backslashes += 1
    return backslashes % 2 == 1
