r"""``var_dump`` of an array, as PHP prints it and as xdebug does, indented or folded onto one line.

::

    array(1) { [0]=> array(5) { ["id"]=> string(7) "1793356" ["sort"]=> ... } }           PHP
    array (size=1) 0 => array (size=5) 'id' => string '1793356' (length=7) 'sort' => ...  xdebug, as text

Every string declares its length in bytes, so quotes inside it do no harm; where the text was damaged and the length
does not lead to a quote, the end is where the array goes on as an array would.
"""

from __future__ import annotations

import re

from crawler.seeds.forms.counted import CountedArray
from crawler.seeds.forms.php_array import PhpArray

_TRIES = 8
"""How many quotes that look like an end are compared with the declared length."""


class VarDump(CountedArray):
    """``array(n) { [0]=> array(5) { ["id"]=> string(7) "1793356" ... } }``."""

    opening = re.compile(rb"array[ \0]?\((?P<count>[^()\s]{1,40}+)\)[\s\0]*+\{(?=[\s\0]*+(?:\[[0-9]++\]|\Z|\}))")
    element = re.compile(
        rb"\[([0-9]++)\][\s\0]*+=>[\s\0]*+(?:array[ \0]?\([0-9]++\)"
        rb"|object\([\w\\]{1,64}+\)[ \0]?#[0-9]++[ \0]?\([0-9]++\))[\s\0]*+\{"
    )
    key = re.compile(rb'\["([A-Za-z_]\w{0,31}+)"(?::(?:protected|private|"\w{1,64}":private))?\][\s\0]*+=>[\s\0]*+')
    scalar = re.compile(rb"int\((-?[0-9]{1,20}+)\)|(?:float|bool)\([\w.+-]{1,32}+\)|NULL")
    closing = b"}"
    string_opening = re.compile(rb'string\(([0-9]++|[^()\s"]{1,40}+)\)[\s\0]*+"')
    end = re.compile(rb'"(?=[\s\0]*+(?:\["?\w{1,32}+|\}|\Z))')
    string_closing = b'"'
    goes_on = re.compile(rb'"[\s\0]{0,256}+(?:\["?\w{1,32}+|\}|\Z)')


class Xdebug(PhpArray):
    """``array (size=n) 0 => array (size=5) 'id' => string '1793356' (length=7) ...``: nothing closes it."""

    opening = re.compile(rb"array[\s\0]*+\(size=(?P<count>[0-9]++)\)(?=[\s\0]*+(?:[0-9]++[\s\0]*+=>|\Z))")
    element = re.compile(
        rb"\b([0-9]++)[\s\0]*+=>[\s\0]*+(?:array[\s\0]*+\(size=[0-9]++\)"
        rb"|object\([\w\\]{1,64}+\)\[[0-9]++\])"
    )
    key = re.compile(rb"(?:public[\s\0]++)?'([A-Za-z_]\w{0,31}+)'[\s\0]*+=>[\s\0]*+")
    scalar = re.compile(rb"int[\s\0]++(-?[0-9]{1,20}+)|(?:float|boolean)[\s\0]++[\w.+-]{1,32}+|null")
    closing = b""
    carries_lengths = True
    _string = re.compile(rb"string[\s\0]*+'")
    end = re.compile(rb"'(\.\.\.)?[\s\0]*+\(length=([0-9]{1,9}+)\)")

    def opens_string(self) -> bool:
        return self._string.match(self.data, self.position, self.limit) is not None

    def string(self) -> tuple[str, int] | None:
        head = self._string.match(self.data, self.position, self.limit)
        if head is None:
            return None
        begin = self.position = head.end()
        first = match = self.ends.find(begin, self.limit)
        for _ in range(_TRIES):
            if match is None or match.start() - begin >= int(match[2]):
                break
            match = self.ends.find(match.end(), self.limit)
        if match is None or match.start() - begin != int(match[2]):
            match = first
        if match is None:
            return None
        if match[1]:
            self.notes.add("elided", begin, f"xdebug shows only the beginning of a value of {int(match[2])} bytes")
            return self.data[begin : match.start()].decode("utf-8", "replace"), match.end()
        return self.counted(begin, match.start(), int(match[2])), match.end()
