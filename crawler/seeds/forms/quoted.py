r"""The forms with strings in quotes and no lengths: PHP's ``var_export``, and what frameworks print.

::

    array ( 0 => array ( 'id' => '1793356', ... ), )                                       var_export
    \App\Row::__set_state(array( 'id' => '1793356', ... ))                                 var_export of an object
    [ 0 => [ 'id' => '1793356' ... ] ], [ [ 'id' => '1793356', ... ], ]                    Yii, exporters, PsySH
    [ (int) 0 => [ 'id' => '1793356', ... ], ], object(App\Row) { 'id' => '1793356', }     CakePHP
    array:1 [ 0 => array:5 [ "id" => "1793356" ... ] ], App\Row {#12 +id: "1793356" ... }  Symfony, Laravel

Single quotes and backslashes inside a string are escaped. If the escapes were lost, and in Symfony's output, a string
ends at the quote after which the array continues.
"""

from __future__ import annotations

import re
from typing import Any

from crawler.seeds.forms.engine import Grammar
from crawler.seeds.forms.seeker import Seeker

_ESCAPED_RE = re.compile(rb"\\(['\"\\])")
_JOINT_RE = re.compile(rb"' \. \"\\0\" \. '")
_S = rb"[\s\0]*+"
_CLASS = rb"\\?[A-Za-z_][\w\\]{0,200}+"
_UNNAMED = rb"(?:@anonymous(?:(?!::__set_state)[^\r\n(]){0,300}+)?"
"""What follows in the name of a class that has none: the file and line of its definition."""
_SIMPLE_KEY = rb"(?:(?:\(int\)[ ]?)?-?[0-9]{1,20}+|'[^'\r\n]{0,64}+'|\"[^\"\r\n]{0,64}+\")" + _S + rb"=>"
_SIGILED = rb"[+#~-]\"?(?:[\w\\]{1,200}+::)?[\w\[\]]{1,64}+\"?:[ ]"
_ELLIPSIS = rb"\xe2\x80\xa6[0-9]*+"
_NEXT = (
    rb"(?:"
    + _SIMPLE_KEY
    + rb"|"
    + _SIGILED
    + rb"|(?:\[\w[^\[\]\r\n]{0,200}+\](?: \w{1,64}+)?|[A-Za-z]\w{0,64}+)"
    + _S
    + rb"=>|[\])}]|[\[(]"
    + _S
    + rb"['\"\[]|\Z)"
)


class Quoted(Grammar):
    """Indented as it was printed, or folded onto one line."""

    _ARRAY = (
        rb"(?:&[0-9]{0,9}+ ?)?(?:"
        rb"(?:\(object\)" + _S + rb"|" + _CLASS + _UNNAMED + rb"::__set_state\(" + _S + rb")?"
        rb"(?:array" + _S + rb"\(|array:(?P<count>[0-9]++) \[|\[)"
        rb"|object\(" + _CLASS + rb"\)(?: id:[0-9]++)? \{"
        rb"|(?:" + _CLASS + rb"(?:@anonymous)?(?: @[0-9]++)?(?:\([^()\r\n]{0,200}+\)(?:: [\w\\?|]{1,200}+)?)?\^? ?)?"
        rb"\{#[0-9]++|(?:[\w-]{1,64}+ )?resource \{@[0-9]++"
        rb"|" + _CLASS + rb"#[0-9]++" + _S + rb"\()(?:&[0-9]{1,9}+)?"
    )  # fmt: skip
    opener = re.compile(_ARRAY)
    openings = (
        re.compile(rb"array[\s\0]{0,64}+\((?=" + _S + rb"(?:" + _SIMPLE_KEY + rb"|\Z))"),
        re.compile(rb"array:[0-9]{1,9}+ \["),
        re.compile(
            rb"\[(?=[\s\0]{0,64}+(?:"
            + _SIMPLE_KEY
            + rb"|\[[\s\0]{0,64}+"
            + _SIMPLE_KEY
            + rb"|"
            + _CLASS
            + rb"::__set|\(object\)))"
        ),
        re.compile(rb"::__set_state\("),
        re.compile(rb"\(object\)[\s\0]{0,9}+(?:array[\s\0]{0,9}+\(|\[)"),
        re.compile(rb"\{#[0-9]{1,9}+(?=[ \n&])"),
        re.compile(rb"#[0-9]{1,9}+[\s\0]{0,64}+\((?=[\s\0]{0,64}+\[\w)"),
        re.compile(rb"object\(" + _CLASS + rb"\)(?: id:[0-9]++)? \{"),
    )
    element = re.compile(
        rb"(?:\(int\) ?|\b)([0-9]++)" + _S + rb"=>" + _S + rb"(?:" + _ARRAY.replace(b"?P<count>", b"?:") + rb")"
    )
    key = re.compile(
        rb"(?:(?:\(int\)[ ]?)?(-?[0-9]{1,20}+)|'((?:[^'\\\r\n]|\\.){0,64}+)'|\"([^\"\r\n]{0,64}+)\""
        rb"|\[(?:[^\[\]\r\n]{0,200}:)?([\w ]{1,64}+)(?::(?:protected|private))?\])"
        + _S + rb"=>" + _S + rb"(?:&[0-9]{1,9}+ (?=['\"0-9]))?|[+#~-]\"?(?:[\w\\]{1,200}+::)?([\w\[\]]{1,64}+)\"?:[ ]++"
        rb"|(?:\[(?:protected|private)\] )?(?P<plain>[A-Za-z]\w{0,64}+)(?:(?:::\w{1,64}+)?:[ ]++| => )"
    )  # fmt: skip
    keyless = escapes = True
    brackets = ((b"(", b"[", b"{"), (b")", b"]", b"}"))
    scalar = re.compile(
        rb"(?:\(int\) ?)?(-?[0-9]{1,20}+)(?:(?<=[0-9])\.0)?(?=" + _S + rb"(?:,|" + _NEXT + rb"))"
        rb"|(?:\(float\) ?)?-?(?:[0-9.]{1,32}+(?:[eE][+-]?[0-9]{1,4}+)?|INF|NAN|(?i:true|false|null)\b)(?="
        + _S
        + rb"(?:,|"
        + _NEXT
        + rb"))"
        rb"|\\[\w\\]{1,200}+::\w{1,64}+"
        rb"|[\w\\]{1,200}+(?:#[0-9]{1,9}+)?\(\.\.\.\)|\{(?:resource|unknown)\}|\(resource\)[^,\r\n]{0,99}+"
        rb"|[^'\"\[\](){}\r\n,=]{1,200}+(?:\([^()\r\n]{0,64}+\))?(?=[ ]*+[,\r\n}])"
    )
    between = re.compile(rb"(?:[\s\0,;]|\xe2\x96[\xb6\xbc]|//[^\r\n]{0,300}+)*+")
    elision = re.compile(_ELLIPSIS + rb"|\.\.\.(?=[\s)\]}])|\[maximum depth reached\]|maximum depth reached")
    _clean = re.compile(
        rb"'((?:[^'\\]++|\\.|' \. \"\\0\" \. ')*+)'(?="
        + _S
        + rb"(?:,"
        + _S
        + rb"(?:"
        + _NEXT
        + rb"|['(\\\[A-Za-z0-9-])|"
        + _NEXT
        + rb"))",
        re.DOTALL,
    )
    _escaped = re.compile(rb"\"((?:[^\"\\\r\n]++|\\.)*+)\"(?=[ \t]*+(?:[\r\n]|,|\Z|" + _NEXT + rb"))")
    _plain = re.compile(rb"['\"]|(?:-?[0-9.]{1,32}+|(?i:true|false|null)\b)(?=[\s\0]*+[,\])])")
    _block = re.compile(rb"\"\"\"[ ]*\r?\n")
    _block_end = re.compile(rb"\n[ ]*+\"\"\"")
    _line = re.compile(rb"\\n\r?\n[ ]*+|\r?\n[ ]*+")
    end = re.compile(
        rb"'(?="
        + _S
        + rb",?"
        + _S
        + rb"(?:"
        + _SIMPLE_KEY
        + rb"|[\])}]"
        + _S
        + rb"(?:,|[\])}]|"
        + _SIMPLE_KEY
        + rb"|\Z)|\Z))"
    )
    _double_end = re.compile(
        rb"\"("
        + _ELLIPSIS
        + rb")?(?=,?[ \t]*+(?:[\r\n]|\Z)|,?"
        + _S
        + rb"(?:"
        + _SIMPLE_KEY
        + rb"|"
        + _SIGILED
        + rb"|[\])}]"
        + _S
        + rb"(?:[\])}]|"
        + _SIMPLE_KEY
        + rb"|\Z)))"
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._double_ends = Seeker(self._double_end, self.data)
        self._block_ends = Seeker(self._block_end, self.data)

    def entry(self) -> bool:
        key = self.key.match(self.data, self.position)
        if key is None and not any(one.match(self.data, self.position) for one in (self._plain, self.opener)):
            return False
        if key is not None and key["plain"] and self.stack[-1].closing != b"}":
            return False  # this is prose; only objects of Symfony and CakePHP have keys without a mark
        return super().entry()

    def opens_string(self) -> bool:
        return self.data[self.position : self.position + 1] in (b"'", b'"')

    def string(self, name: str | None) -> tuple[str | None, int] | None:
        single = self.data.startswith(b"'", self.position)
        clean = (self._clean if single else self._escaped).match(self.data, self.position)
        if clean is not None:
            return _text(clean[1]), clean.end()
        if block := self._block.match(self.data, self.position):
            closing = self._block_ends.find(block.end() - 1, self.limit)
            if closing is None:
                return None
            raw = self.data[block.end() : closing.start()].strip(b" ")
            return self._line.sub(b"\n", raw).decode("utf-8", "replace"), closing.end()
        begin = self.position = self.position + 1
        end = (self.ends if single else self._double_ends).find(begin, self.limit)
        if end is None:
            return None
        raw = self.data[begin : end.start()]
        if single and b"'" in raw:
            self.notes.add("unescaped-quote", begin, "a quote inside a value is not escaped")
        if not single and end[1]:
            self.notes.add("elided", begin, "the dumper shows only the beginning of a value")
            return (_text(raw) if name == "title" else None), end.end()
        return _text(raw), end.end()


def _text(raw: bytes) -> str:
    return _ESCAPED_RE.sub(rb"\1", _JOINT_RE.sub(b"\0", raw)).decode("utf-8", "replace")
