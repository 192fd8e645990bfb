"""Finds the dumps in a page: reads what begins like one, always forward, and decides whether it is one.

What a form has read is not read again, whether it was a dump or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawler.seeds.openings import BEFORE_RE, FormReaders, FoundDump, Reader, around
from crawler.seeds.places import Beginnings, FixedWords, Limits, is_value

MAX_FALSE_STARTS = 20_000
"""The most lists that are read and turn out not to be dumps; a page with more of them is an attack."""
_MAX_MARKS = 300_000
"""The most places that are checked for a dump. That takes about a second; no news page has nearly as many."""
_MAX_DESCENTS = 8
"""The most serialized arrays that are read in strings of arrays that were read already."""
_LOOK_BACK = 800
_KEY_SIGN_RE = re.compile(rb"=(?![0-9])|;")
_WORD_RE = re.compile(rb"[^\W\d_]{2}|[\x80-\xff]{2}")
_NOTHING_RE = re.compile(rb"\s*+\Z")


class Scanner:
    """Searches *data* once. ``gave_up``: it stopped before the end, because the text is an attack.

    ``shells`` are arrays that are not dumps; one may hold a dump as a string.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.gave_up = False
        self.shells: list[tuple[int, int]] = [(0, 0)]
        self._false_starts = 0
        self._broken_until = -1
        self._descents = 0
        self._words = FixedWords(data)
        self._limits = Limits(data, self._words)
        self._readers = FormReaders(data, self._limits)

    @property
    def id_lists(self) -> list[int]:
        """The starts of lists that were skipped although their records have ids."""
        return self._readers.id_lists

    def dumps(self) -> Iterator[FoundDump]:
        """Yield the dumps in their order."""
        position = 0
        beginnings = Beginnings[Reader](self.data, self._words, self._readers.by_patterns())
        for _ in range(_MAX_MARKS):
            at, read = beginnings.next(position)
            if read is None:
                return
            found = None if self._is_left_over(at) else read(at)
            if found is None:
                beginnings.passed(read, at + 1)
                continue
            if _is_ours(found, self.data):
                found.around = around(self.data, found)
                self._broken_until = self._limits.blank_line(found.span[1]) if found.reading.truncated else -1
                position = max(found.span[1], at + 1)
                if self.shells[-1][1] >= found.span[1]:
                    found.around = self.shells[-1]
                yield found
                continue
            beginnings.passed(read, max(self._next_look(found), at + 1))
            if not found.reading.truncated and found.reading.end > self.shells[-1][1]:
                self.shells.append((found.start, found.reading.end))
            self._readers.flag(found.start, has_id=bool(found.reading.items))
            self._false_starts += 1
            if self._false_starts >= MAX_FALSE_STARTS:
                break
        self.gave_up = True

    def _is_left_over(self, at: int) -> bool:
        """Return whether the value at *at* belongs to the dump before it, which could not be read further."""
        return at < self._broken_until and is_value(self.data, at)

    def _next_look(self, found: FoundDump) -> int:
        """Return where the search for the form of *found*, which is not a dump, continues; it may hold other forms."""
        inner = found.reading.inner
        if inner is None or self._descents >= _MAX_DESCENTS:
            return found.reading.end
        self._descents += 1
        return inner


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
    return _KEY_SIGN_RE.search(data, start) is not None or not _WORD_RE.search(BEFORE_RE.sub(b"", data[line:start]))
