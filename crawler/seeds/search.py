"""Finds the dumps of a page: in its source, in its visible text, and in its invisible parts.

PHP may print a dump anywhere: after the end of the page, in a hidden element, in a comment, a script or an attribute,
some of which escape it. So a page of HTML is searched in several ways, the plainest first; each way leaves out what the
ways before it found. All dumps, of seeds and of fetched pages, are found here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from crawler.seeds.escapes import Unbackslashed, Unescaped, has_backslashed_dump, undressed
from crawler.seeds.html import HtmlText, looks_like_html
from crawler.seeds.judge import judge_dump
from crawler.seeds.mapped import Mapped
from crawler.seeds.model import Diagnosis, Dump
from crawler.seeds.openings import FoundDump
from crawler.seeds.scan import Scanner, shows_record

MAX_DUMPS = 1000
_MAX_BACKSLASH_LEVELS = 3
_MARKS = (b"contenttypeid", b'sort"', b"sort'", b"sort]")
"""Keys of the site's records in all forms: every dump with a whole record has one of them."""
_DUMPERS = (b"<b>array</b>", b"class=sf-dump")
"""What xdebug and Symfony write in HTML; a dump that is cut in its first record may have no other mark."""
_STRING_RE = re.compile(rb"string\([0-9]{1,20}\)[\s\0]{0,64}+[\"&\\]")
_SORT_RE = re.compile(rb"(?<![\w.-])sort(?![\w(-])")
_MAX_TAG_BYTES = 2000
_IN_ATTRIBUTE_RE = re.compile(rb"<[A-Za-z][^<>]*=\s*[\"'][^<>\"']*\Z")
_TAG_END_RE = re.compile(rb"[^<>]{0,2000}+>")
_TAG_RE = re.compile(rb"</?[A-Za-z]")

Span = tuple[int, int]


class Placed(NamedTuple):
    """A dump, the span of the data that belongs to it, and its own: the dump may be a string of an array."""

    span: Span
    dump: Dump
    own_span: Span


@dataclass(slots=True)
class Search:
    """What was found in the ``data`` of a page, and the diagnoses of the page as a whole."""

    data: bytes
    is_html: bool = False
    placed: list[Placed] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    id_lists: list[int] = field(default_factory=list)
    shells: list[Span] = field(default_factory=list)

    @property
    def dumps(self) -> tuple[Dump, ...]:
        """The dumps, in the order of the page."""
        return tuple(one.dump for one in self.placed)

    @property
    def spans(self) -> list[Span]:
        """The span of each dump in the data."""
        return [one.span for one in self.placed]

    @property
    def rest(self) -> bytes:
        """The data without what belongs to the dumps."""
        return b"\x02".join(outside(self.data, self.spans)) if self.placed else self.data

    def look_through(self, text: Mapped) -> tuple[Mapped, list[Span]]:
        """Add the dumps in *text*, which was made from the data; return it as it was read, and their spans in it.

        A dump that holds others was escaped as a whole, and they are its values; it replaces them.
        """
        text = undressed(text.data, text) or text
        spans: list[Span] = []
        for one in self.scan(text.data):
            if not self.is_html or shows_record(one):
                spans.append(one.span)
                span = text.source(one.span[0]), text.source_end(one.span[1])
                known = [other for other in self.placed if _overlap(span, other.own_span)]
                if all(span[0] < start and end <= span[1] for start, end in (other.own_span for other in known)):
                    dump = judge_dump(text.data, one, text.source)
                    if known:
                        self.placed = [other for other in self.placed if not _overlap(span, other.own_span)]
                    dump = replace(dump, end=text.source_end(one.reading.end))
                    self.placed.append(Placed(self.with_shell(span), dump, span))
        self.placed.sort(key=lambda one: one.span)
        return text, spans

    def scan(self, data: bytes) -> list[FoundDump]:
        """Return the dumps that are in *data* unchanged."""
        scanner = Scanner(data)
        found: list[FoundDump] = []
        for one in scanner.dumps():
            found.append(one)
            if len(found) + len(self.placed) >= MAX_DUMPS:
                self._note(one.reading.end, f"more than {MAX_DUMPS} dumps: the rest is left")
                break
        if data is self.data:
            self.id_lists, self.shells = scanner.id_lists, scanner.shells
        if scanner.gave_up:
            self._note(0, "far too many false beginnings of dumps: the rest was not looked through")
        return found

    def with_shell(self, span: Span) -> Span:
        """Return *span*, or the span of the array that holds it as a string, or of the tag that contains it."""
        place = bisect_right(self.shells, span) - 1
        if place >= 0 and self.shells[place][1] >= span[1]:
            return self.shells[place]
        tag = self.data.rfind(b"<", max(0, span[0] - _MAX_TAG_BYTES), span[0])
        end = _TAG_END_RE.match(self.data, span[1])
        if tag >= 0 and end and _IN_ATTRIBUTE_RE.match(self.data, tag, span[0]):
            return tag, end.end()
        return span

    def _note(self, offset: int, message: str) -> None:
        if all(message != one.message for one in self.diagnoses):
            self.diagnoses.append(Diagnosis("too-many", offset, message))


def find_dumps(data: bytes) -> Search:
    """Return the dumps in *data*, the text of a page in UTF-8, plain or HTML; linear in its length."""
    search = Search(data)
    if looks_like_html(data) and not _may_hold_dump(data):
        search.is_html = True
        return search
    found = search.scan(data)
    search.is_html = any(looks_like_html(piece) for piece in outside(data, [one.span for one in found]))
    plain = [
        Placed(search.with_shell(one.span), judge_dump(data, one, unescape=search.is_html), one.span) for one in found
    ]
    if search.is_html:
        sure = [one for one, raw in zip(plain, found, strict=True) if shows_record(raw)]
        search.placed = [one for one in sure if not _is_torn(data, one)]
        _look_through_html(search)
        torn = [
            one
            for one in sure
            if _is_torn(data, one) and not any(_overlap(one.span, other.span) for other in search.placed)
        ]
        search.placed = sorted([*search.placed, *torn], key=lambda one: one.span)
    else:
        search.placed = plain
        if search.id_lists:
            count = f"{len(search.id_lists)} lists of records" if len(search.id_lists) > 1 else "a list of records"
            message = f"{count} with an id but without sort, contenttypeid and pic: not taken for a dump"
            search.diagnoses.append(Diagnosis("id-list", search.id_lists[0], message))
    if has_backslashed_dump(data):
        _look_through_strings(search)
    return search


def outside(data: bytes, spans: Iterable[Span]) -> Iterator[bytes]:
    """Yield the pieces of *data* between *spans*, one more than there are spans."""
    position = 0
    for start, end in spans:
        yield data[position:start]
        position = max(position, end)
    yield data[position:]


def _may_hold_dump(data: bytes) -> bool:
    """Return quickly whether a page of HTML may hold a dump, as most do not and need no search of their lists."""
    return any(mark in data for mark in (*_MARKS, *_DUMPERS)) or _STRING_RE.search(data) is not None


def _may_show_dump(search: Search) -> bool:
    """Return whether the text of a page of HTML may show a dump that is not in its source unchanged."""
    rest = search.rest
    if any(mark in rest for mark in (b"contenttypeid", *_DUMPERS)) or _STRING_RE.search(rest):
        return True
    # A page with a dump may have another of fewer keys; in others, "sort" alone is a word or a method.
    return b"sort" in rest and (b"=&gt;" in rest or (bool(search.placed) and _SORT_RE.search(rest) is not None))


def _look_through_html(search: Search) -> None:
    """Search the visible text of the page, then its hidden parts, then what it escaped once more.

    The search ends when what was found holds all keys of records on the page, as it does on nearly all of them.
    """
    ways: tuple[Callable[[], Mapped], ...] = (
        lambda: HtmlText(search.data, search.spans),
        lambda: HtmlText(search.data, search.spans, unseen=True),
        lambda: Unescaped(search.data, search.spans),
    )
    for way in ways:
        if not _may_show_dump(search):
            return
        search.look_through(way())
    if b"&lt;" in search.data and _may_show_dump(search):
        text = Unescaped(search.data, search.spans)
        search.look_through(HtmlText(text.data, inner=text, unseen=True))


def _look_through_strings(search: Search) -> None:
    """Search strings of JSON and JavaScript, and such strings inside them."""
    text: Mapped = Unbackslashed(search.data)
    for _ in range(_MAX_BACKSLASH_LEVELS):
        text, spans = search.look_through(text)
        if not has_backslashed_dump(b"".join(outside(text.data, spans))):
            return
        text = Unbackslashed(text.data, spans, inner=text)


def _is_torn(data: bytes, one: Placed) -> bool:
    """Return whether the page put tags into a dump, which is then read better without them."""
    dump = one.dump
    return dump.length_verdict != "exact" and _TAG_RE.search(data, dump.offset, dump.end) is not None


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
