r"""``var_export`` of an array: ``array ( 0 => array ( 'id' => '1793356', 'sort' => '3503265', ... ), )``.

Strings stand in single quotes, with ``\'`` and ``\\`` inside. Where that was not kept, a string ends at the quote
after which the array goes on.
"""

from __future__ import annotations

import re

from crawler.seeds.forms.php_array import PhpArray

_ESCAPED_RE = re.compile(rb"\\(['\\])")
_ARRAY = rb"(?:\(object\)[\s\0]*+|\\?stdClass::__set_state\([\s\0]*+)?array[\s\0]*+\("


class VarExport(PhpArray):
    """Indented as PHP writes it, or folded onto one line."""

    opening = re.compile(rb"array[\s\0]{0,64}+\((?=[\s\0]*+(?:[0-9]++[\s\0]*+=>[\s\0]*+" + _ARRAY + rb"|\Z))")
    element = re.compile(rb"\b([0-9]++)[\s\0]*+=>[\s\0]*+" + _ARRAY)
    key = re.compile(rb"'([A-Za-z_]\w{0,31}+)'[\s\0]*+=>[\s\0]*+")
    scalar = re.compile(rb"(-?[0-9]{1,20}+)(?=[\s\0]*+[,)])|-?[0-9.E+-]{1,32}+|true|false|NULL", re.IGNORECASE)
    closing = b")"
    _clean = re.compile(rb"'((?:[^'\\]++|\\.)*+)'(?=[\s\0]*+(?:,[\s\0]*+(?:'[A-Za-z_]|\))|\)))", re.DOTALL)
    end = re.compile(rb"'(?=[\s\0]*+,?[\s\0]*+(?:'[A-Za-z_]\w{0,31}+'[\s\0]*+=>|\)[\s\0]*+(?:,|\)|\Z)|\Z))")

    def opens_string(self) -> bool:
        return self.data.startswith(b"'", self.position) and self.position < self.limit

    def string(self) -> tuple[str, int] | None:
        clean = self._clean.match(self.data, self.position, self.limit)
        if clean is not None:
            return _text(clean[1]), clean.end()
        begin = self.position = self.position + 1
        end = self.ends.find(begin, self.limit)
        if end is None:
            return None
        raw = self.data[begin : end.start()]
        if b"'" in raw:
            self.notes.add("unescaped-quote", begin, "a quote inside a value is not escaped")
        return _text(raw), end.end()

    def _closes(self) -> bool:
        if not super()._closes():
            return False
        # stdClass::__set_state(array(...)) closes twice
        if self.data.startswith(b")", self.position) and self._set_state:
            self.advance(self.position + 1)
        return True

    def _enter(self, element: re.Match[bytes]) -> None:
        self._set_state = b"__set_state" in element[0]
        super()._enter(element)

    _set_state = False


def _text(raw: bytes) -> str:
    return _ESCAPED_RE.sub(rb"\1", raw).decode("utf-8", "replace")
