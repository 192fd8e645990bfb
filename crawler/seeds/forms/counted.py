"""The forms in which each string states its length in bytes before its text: ``var_dump`` and ``serialize``.

::

    array(1) { [0]=> array(5) { ["id"]=> string(7) "1793356" ["sort"]=> ... } }            PHP
    array(1) refcount(2){ [0]=> array(5) interned { ["id"]=> string(7) "1793356" interned  debug_zval_dump
    array(1) { [0] => array(5) { 'id' => string(7) "1793356" 'sort' => ... } }             xdebug, as text
    array (1) [ 0 => array (5) [ 'id' => string (7) "1793356" 'sort' => ... ] ]            Kint
    a:1:{i:0;a:5:{s:2:"id";s:7:"1793356";s:4:"sort";s:7:"3503265"; ... }}                  serialize
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from crawler.seeds.forms.engine import MAX_COUNT_DIGITS, Grammar
from crawler.seeds.forms.record import KEYS
from crawler.seeds.forms.tree import Branch
from crawler.seeds.lengths import judge_length, repair

_S = rb"[\s\0]*+"
_BACKSLASHED_RE = re.compile(rb"\\(['\"\\])")
_CLASS = rb"[^()\s\"]{1,200}+"


class Counted(Grammar):
    """The declared length of a string gives its end if that fits; otherwise the grammar finds the end.

    So neither quotes inside a string nor damaged lengths do harm.
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

    def string(self, name: str | None) -> tuple[str | None, int] | None:
        head = self.string_opening.match(self.data, self.position)
        if head is None:
            return None
        begin = self.position = head.end()
        declared = int(head[1]) if head[1].isdigit() and len(head[1]) <= MAX_COUNT_DIGITS else 0
        if self.goes_on.match(self.data, begin + declared):
            end = begin + declared
            return self.counted(begin, end, declared), end + len(self.string_closing)
        found = self.ends.find(begin, self.limit)
        if found is None:
            return None
        if b"..." in found[0]:
            return self.shortened(begin, found.start(), declared, name), found.end()
        return self.counted(begin, found.start(), declared), found.end()

    def counted(self, begin: int, end: int, declared: int) -> str:
        """Return the text between *begin* and *end*, which should have *declared* bytes."""
        raw = self.data[begin:end]
        if self.reading.inner is None and raw.startswith((b"a:", b"O:")):
            self.reading.inner = begin
        text = raw.decode("utf-8", "replace")
        if len(raw) == declared:
            return text
        if b"\\" in raw and len(plain := _BACKSLASHED_RE.sub(rb"\1", raw)) == declared:
            return plain.decode("utf-8", "replace")  # it is in a string of another dump, which escapes its quotes
        judgement = judge_length(raw, declared)
        if judgement.verdict == "exact":
            if judgement.undo:
                self.notes.add(
                    "mojibake", begin, f"a value is {judgement.encoding}; it was corrected, and the length agrees"
                )
            return repair(text, judgement.undo)
        self.reading.proved = False
        self.notes.add("value-length", begin, f"a value has {len(raw)} bytes and declares {declared}")
        return text

    def shortened(self, begin: int, end: int, declared: int, name: str | None) -> str | None:
        """Return the start of a value of *declared* bytes that a dumper cut off, if it is of use."""
        self.notes.add("elided", begin, f"xdebug shows only the beginning of a value of {declared} bytes")
        return self.data[begin:end].decode("utf-8", "replace") if name == "title" else None


class VarDump(Counted):
    """``var_dump`` of PHP, of xdebug as text, and of Kint; and ``debug_zval_dump``, which adds ``refcount(N)``."""

    _COUNT = rb"(?: (?:refcount\([0-9]++\)|interned))?"
    _KEY = (
        rb"\[(?:\"([^\"\r\n]{0,64}+)\"(?::(?:protected|private|\"[^\"\r\n]{1,200}+\":private))?|(-?[0-9]++))\]"
        rb"|'([^'\r\n]{0,64}+)'|([0-9]++)"
        rb"|(?:(?:public|protected|private|readonly|static)[ ]++)++(?:[?\w\\|]++[ ]++)?[$']?\{?(\w{1,64}+)\}?'?"
    )
    _ARRAY = (
        rb"(?:reference refcount\([0-9]++\) \{"
        + _S
        + rb")?&?(?:(?:array[ \0]?\((?P<count>[^()\s]{1,40}+)\)|object\("
        + _CLASS
        + rb"\)[ \0]?#[0-9]++[ \0]?\([0-9]++\))"
        + _COUNT
        + rb"|class "
        + _CLASS
        + rb"[ ]\([0-9]++\)|[\w\\]{1,200}+(?: Object|#[0-9]++)? \([0-9]++\)(?="
        + _S
        + rb"\[))"
        + _S
        + rb"[{\[]"
    )
    opener = re.compile(_ARRAY)
    _BEGINS = _COUNT + _S + rb"[{\[](?=" + _S + rb"(?:(?:" + _KEY + rb")" + _S + rb"(?:[=-]>|=?\Z)|\Z|[}\]]))"
    openings = (
        re.compile(rb"array[ \0]?\([^()\s]{1,40}+\)" + _BEGINS),
        re.compile(rb"object\(" + _CLASS + rb"\)[ \0]?#[0-9]++[ \0]?\([0-9]++\)" + _BEGINS),
        re.compile(rb"class [^()\s\"#]{1,200}+#[0-9]++ \([0-9]++\)" + _BEGINS),
    )
    element = re.compile(
        rb"(?:\[|\b)([0-9]++)\]?" + _S + rb"=>" + _S + rb"(?:" + _ARRAY.replace(b"?P<count>", b"?:") + rb")"
    )
    key = re.compile(rb"(?:" + _KEY + rb")" + _S + rb"[=-]>" + _S)
    scalar = re.compile(
        rb"&?(?:(?:int|long)\((-?[0-9]{1,20}+)\)|(?:float|double)\(([0-9]{1,15}+)\)|integer (-?[0-9]{1,20}+)"
        rb"|(?:float|double|bool)\([\w.+-]{1,32}+\)"
        rb"|(?:double|boolean) [\w.+-]{1,32}+|\*(?:RECURSION|uninitialized|DEPTH LIMIT)\*"
        rb"|uninitialized\([^()\r\n]{0,200}+\)"
        rb"|enum\(" + _CLASS + rb"\)|enum [\w\\]{1,200}+::\w{1,64}+(?: : \w{1,9}+\([^()\r\n]{0,200}+\))?"
        rb"|(?:array|[\w\\]{1,200}+ Object) \([0-9]++\) \*RECURSION\*"
        rb"|array(?=\s)|(?:object|class) ?[(\w\\]"
        + _CLASS
        + rb"\)?(?=\s)|resource\([0-9]++\) of type \([^()\r\n]{0,64}+\)"
        rb"|NULL|null|\.\.\.)"
    )
    between = re.compile(rb"(?:[\s\0,;]|refcount\([0-9]++\)|interned)*+")
    elision = re.compile(rb"\(more elements\)\.\.\.|\.\.\.|\*DEPTH LIMIT\*")
    string_opening = re.compile(rb"&?string ?\(([0-9]++|[^()\s\"]{1,40}+)\)" + _S + rb"\"")
    _NEXT = (
        rb"(?:\[(?:\"[^\"\r\n]{0,64}+(?:\"|\Z)|-?[0-9]|\Z)|'\w{0,32}+(?:' ?=>|'? ?=?\Z)|[0-9]{1,9}+ =>"
        rb"|(?:public|protected|private|readonly) |[}\]]|\(more elements|\Z)"
    )
    end = re.compile(rb"\"(?:\.\.\.)?(?=" + _COUNT + _S + _NEXT + rb")")
    string_closing = b'"'
    goes_on = re.compile(rb"\"" + _COUNT + rb"[\s\0]{0,256}+" + _NEXT)
    _reference = re.compile(rb"reference refcount\([0-9]++\) \{" + _S)
    _reference_end = re.compile(rb"(?:[\s\0]|refcount\([0-9]++\)|interned)*+\}")

    def value(self, name: str, at: int) -> bool:
        reference = self._reference.match(self.data, self.position)
        if reference is None or self.opener.match(self.data, self.position):
            return super().value(name, at)
        self.position = reference.end()
        if not super().value(name, at):
            return False
        if end := self._reference_end.match(self.data, self.position):
            self.advance(end.end())
        return True


class Serialized(Counted):
    """``serialize``, with its references resolved.

    Objects that serialize themselves are skipped by their length.
    """

    _ARRAY = rb"(?:a:(?P<count>[0-9]++|[^:;{}\s\"]{1,40}+)|O:[0-9]++:\"" + _CLASS + rb"\":[0-9]++):\{"
    opener = re.compile(_ARRAY)
    _BEGINS = rb":\{(?=i:-?[0-9]++;|s:[0-9]++:\"|\Z|\})"
    openings = (
        re.compile(rb"a:(?:[0-9]++|[^:;{}\s\"]{1,40}+)" + _BEGINS),
        re.compile(rb"O:[0-9]++:\"" + _CLASS + rb"\":[0-9]++" + _BEGINS),
    )
    element = re.compile(rb"i:([0-9]++);" + _S + _ARRAY.replace(b"?P<count>", b"?:"))
    # Properties: NUL, "*" or the class, NUL, the name. The text extraction may have replaced the NULs by blanks.
    key = re.compile(
        rb"(?:i:(-?[0-9]++)|s:[0-9]++:\"(?:[\0 ]?\*[\0 ]?|[\0 ][\w\\]{1,200}+[\0 ]"
        rb"|\xef\xbf\xbd[\w*\\]{1,200}+\xef\xbf\xbd)?"
        rb"([^\"\r\n]{0,64}+)\");" + _S
    )
    scalar = re.compile(
        rb"i:(-?[0-9]{1,20}+);|d:([0-9]{1,15}+);|[bd]:[\w.+-]{1,32}+;|N;|[rR]:[0-9]++;|E:[0-9]++:\"[^\"\r\n]{1,300}+\";"
    )
    string_opening = re.compile(rb"s:([0-9]++|[^:;{}\s\"]{1,40}+):\"")
    _NEXT = rb"(?:s:[0-9]++:\"|i:-?[0-9]++;|\}|\Z)"
    end = re.compile(rb"\";(?=" + _S + _NEXT + rb")")
    string_closing = b'";'
    goes_on = re.compile(rb"\";[\s\0]{0,256}+" + _NEXT)
    _own_way = re.compile(rb"C:[0-9]++:\"" + _CLASS + rb"\":([0-9]{1,9}+):\{")

    _reference = re.compile(rb"([rR]):([0-9]{1,9}+);")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.values: list[Any] = [None]
        """The values that PHP numbers for its references: the whole, and each value in it."""

    def value(self, name: str, at: int) -> bool:
        own = self._own_way.match(self.data, self.position)
        if own is None:
            return self._numbered(name, at)
        end = own.end() + int(own[1])
        if not self.data.startswith(b"}", end):
            return False
        self.stack[-1][name] = None
        self.values.append(None)
        self.advance(end + 1)
        return True

    def _numbered(self, name: str, at: int) -> bool:
        """Read a value that has a number, or a reference to one; an ``R`` has no number of its own."""
        node, reference = self.stack[-1], self._reference.match(self.data, self.position)
        if reference is None or reference[1] == b"r":
            self.values.append(None)
        place = len(self.values) - 1
        if not super().value(name, at):
            return False
        if reference is not None:
            node[name] = _named(self.values, int(reference[2]) - 1, at)
        else:
            self.values[place] = node[name]
        return True


def _named(values: Sequence[Any], place: int, at: int) -> Any:
    """Return the value of a reference at *at*: text, or a record's known keys; no more, as references may be cyclic."""
    value = values[place] if 0 <= place < len(values) else None
    if not isinstance(value, Branch):
        return value
    if "id" not in value:
        return None
    named = Branch(at)
    named.update({key: value[key] for key in KEYS if key in value and not isinstance(value[key], Branch)})
    return named
