"""``array (size=n) 0 => array (size=5) 'id' => string '1793356' (length=7) ...``: xdebug, whose arrays nothing closes.

The columns of its keys show where an array ends; on one line, its declared number of elements does. Before xdebug 2.2
there is no number: ``array 0 => array 'id' => ...``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from crawler.seeds.forms.counted import Counted
from crawler.seeds.forms.engine import MAX_COUNT_DIGITS
from crawler.seeds.forms.record import KEYS
from crawler.seeds.forms.tree import Branch

_TRIES = 8
"""The most quotes that look like an end and are compared with the declared length."""
_MAX_FAR_BYTES = 20_000
"""Limit on the search in a value that has no end before what looks like another dump."""
_BLANK_LINE_RE = re.compile(rb"\n[ \t\r\0]*+\n")
_S = rb"[\s\0]*+"
_FIRST_KEYS_RE = re.compile(
    rb"array[\s\0]++'([^'\r\n]{1,64}+)'"
    + _S
    + rb"=>"
    + _S
    + rb"(?:string"
    + _S
    + rb"'[^'\r\n]{0,200}+'"
    + _S
    + rb"\(length=[0-9]++\)|(?!array|object)[^'\r\n]{0,40}+)"
    + _S
    + rb"'([^'\r\n]{1,64}+)'"
)
"""The first two keys of an array."""


class Xdebug(Counted):
    """Indented or folded onto one line, in its colours (which are HTML) or without."""

    _KEY = (
        rb"(?:(?:(?:public|protected|private|readonly|static)[\s\0]++)++(?:[?\w\\|]++[\s\0]++)?)?'([^'\r\n]{0,64}+)'"
        rb"(?:[\s\0]++\([\w\\]{1,200}+\))?"
    )
    _OBJECT = rb"object\([^()\s]{1,200}+\)\[[0-9]++\]"
    _SIZE = _S + rb"\(size=(?P<count>[0-9]++)\)"
    _FIRST = rb"(?:(?:public[\s\0]++)?-?[0-9]++|" + _KEY + rb")" + _S + rb"=>"
    opener = re.compile(rb"&?array" + _SIZE + rb"|array(?=[\s\0])|" + _OBJECT)
    openings = (
        re.compile(rb"array" + _S + rb"\(size=[0-9]++\)(?=" + _S + rb"(?:" + _FIRST + rb"|\Z))"),
        re.compile(
            rb"array(?=[\s\0]{1,64}+" + _FIRST + _S + rb"(?:array|object|string|int|float|boolean|null)\b)(?<=\barray)"
        ),
        re.compile(_OBJECT + rb"(?=" + _S + _FIRST + rb")"),
    )
    element = re.compile(rb"\b([0-9]++)" + _S + rb"=>" + _S + rb"(?:array\b|" + _OBJECT + rb")")
    key = re.compile(rb"(?:" + _KEY + rb"|(?:public[\s\0]++)?(-?[0-9]++))" + _S + rb"=>" + _S)
    between = re.compile(rb"(?:[\s\0,;]|virtual[\s\0]++'closure'[\s\0]++'[^'\r\n]{0,200}+')*+")
    scalar = re.compile(
        rb"int[\s\0]++(-?[0-9]{1,20}+)|float[\s\0]++([0-9]{1,15}+)(?![\w.+-])|(?:float|boolean)[\s\0]++[\w.+-]{1,32}+|null|&array|&"
        + _OBJECT
        + rb"|\*uninitialized\*"
        rb"|enum\([^()\s]{1,200}+\)(?: : (?:string '[^'\r\n]{0,200}+' \(length=[0-9]++\)|int -?[0-9]++))?"
        rb"|resource\([0-9]++, [^()\r\n]{0,64}+\)"
    )
    brackets = ((), ())
    elision = re.compile(rb"more elements\.\.\.|\.\.\.|empty\b")
    string_opening = re.compile(rb"string" + _S + rb"'")
    end = re.compile(rb"'(\.\.\.)?" + _S + rb"\(length=([0-9]{1,9}+)\)")
    _columns = True

    def string(self, name: str | None) -> tuple[str | None, int] | None:
        head = self.string_opening.match(self.data, self.position)
        if head is None:
            return None
        begin = self.position = head.end()
        first = match = self.ends.find(begin, self.limit)
        for _ in range(_TRIES):
            if match is None or match.start() - begin >= int(match[2]):
                break
            match = self.ends.find(match.end(), self.limit)
        if first is None:
            match = self._far_end(begin)
        if match is None or match.start() - begin != int(match[2]):
            match = first
            if match is not None and _BLANK_LINE_RE.search(self.data, begin, match.start()):
                match = None  # a value continues over a blank line only if its length says so
        if match is None:
            return None
        if match[1]:
            return self.shortened(begin, match.start(), int(match[2]), name), match.end()
        return self.counted(begin, match.start(), int(match[2])), match.end()

    def _far_end(self, begin: int) -> re.Match[bytes] | None:
        """Return the end of a value by its length, even if it holds what looks like the beginning of another dump."""
        furthest = begin + _MAX_FAR_BYTES
        match = self.end.search(self.data, begin, furthest)
        for _ in range(_TRIES):
            if match is None or match.start() - begin == int(match[2]):
                break
            match = self.end.search(self.data, match.end(), furthest)
        return match

    def elide(self, elision: re.Match[bytes]) -> None:
        if elision[0] == b"empty":
            self.stack[-1].count = 0
            self.advance(elision.end())
        else:
            super().elide(elision)

    def leave(self, key: re.Match[bytes] | None) -> None:
        if key is None:
            return
        column = self.column(key.start()) if self._columns else None
        if column is None and self.stack[-1].count is None and self._leave_to_list(key):
            return
        while len(self.stack) > 1:
            node = self.stack[-1]
            around = self.column(node.at) if column is not None else None
            if around is not None and column is not None and column <= around:
                if (
                    not node
                    and node.count != 0
                    and not node.partial
                    and self.data.startswith(b"array", self._value_at(node))
                ):
                    self._columns = False  # it has elements without deeper indentation: the blanks were removed
                    column = None
                    continue
            elif around is not None or not self._is_over(node, key):
                break
            self.stack.pop()
        super().leave(key)

    def _leave_to_list(self, key: re.Match[bytes]) -> bool:
        """Close all arrays inside the list that *key* continues, if nothing but the keys of its elements says which."""
        number = key[key.lastindex or 0]
        ahead = _FIRST_KEYS_RE.match(self.data, key.end())
        if ahead is None or not number.isdigit() or len(number) > MAX_COUNT_DIGITS:
            return False
        alike = [
            depth
            for depth, node in enumerate(self.stack)
            if node.last is not None and _begins_with(node.last, ahead.groups())
        ]
        if len(alike) != 1 or self.stack[alike[0]].index + 1 != int(number):
            return False
        del self.stack[alike[0] + 1 :]
        return True

    @staticmethod
    def _is_over(node: Branch, key: re.Match[bytes]) -> bool:
        """Return whether *key* is not in *node*, if columns do not say so: all its elements are there, or this one."""
        if node.partial or node.count is not None:
            return node.partial or len(node) >= (node.count or 0)
        name = key[key.lastindex or 0].decode("utf-8", "replace")
        return name in node or (bool(node) and _is_list(node) and not name.isdigit())

    def _value_at(self, node: Branch) -> int:
        key = self.key.match(self.data, node.at)
        return node.at if key is None else key.end()

    def settle(self) -> None:
        while self.stack and not self.broken and self._is_whole(self.stack[-1]):
            self.stack.pop()

    def _is_whole(self, node: Branch) -> bool:
        """Return whether *node* has all of its elements, as far as known for an array without a closing mark."""
        if node.partial:
            return len(self.stack) > 1
        if node.count is not None:
            return len(node) >= node.count
        if not node:
            return not self.data.startswith(b"array", self._value_at(node))
        inside = any("id" in outer for outer in self.stack[:-1])
        if inside or "id" in node:
            return inside or all(key in node for key in KEYS)
        # An element of a list may be a record that is cut before its id.
        return len(self.stack) == 1 or _is_list(node) or not _is_list(self.stack[-2])


def _begins_with(node: Branch, keys: Sequence[bytes]) -> bool:
    return [str(key).encode() for key in islice(node, len(keys))] == list(keys)


def _is_list(node: Branch) -> bool:
    return all(key.isdigit() for key in node)
