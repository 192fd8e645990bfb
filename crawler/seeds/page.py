"""From the text of one page to its parts: the single entry to the reader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from crawler.seeds.escapes import undressed
from crawler.seeds.head import parse_head
from crawler.seeds.html import HtmlText
from crawler.seeds.mapped import Mapped
from crawler.seeds.model import Diagnosis, Dump, Page
from crawler.seeds.search import Search, find_dumps, outside
from crawler.text.mojibake import mend

_BOM = b"\xef\xbb\xbf"
_SURROGATE_RE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_REPLACEMENT = "\ufffd".encode()
_MAX_BYTES_PER_NUL = 3
"""Text in UTF-16 that was read as bytes has a NUL in every other place; more than one in three counts as that."""


def parse_page(text: str, zone: ZoneInfo) -> Page:
    r"""Return the parts of the page whose text is *text*: title, date, paragraphs, dumps, diagnoses.

    *text* may be raw HTML. Dates are in *zone*. Never raises; time and memory are linear in the length of *text*.

    >>> text = 'Rain\n\nFri Jan 3, 2014 10:41:53\n\nIt rained.\n\nstring(24) "[{"id":"17","sort":"1"}]"'
    >>> page = parse_page(text, ZoneInfo("UTC"))
    >>> page.title, page.paragraphs, [item.id for dump in page.dumps for item in dump.related]
    ('Rain', ('It rained.',), ['17'])
    """
    parts = _Parts()
    data = _to_bytes(text, parts)
    data, search, dumps = _look_through(data)
    parts.diagnoses += search.diagnoses
    if search.is_html:
        _read_html(data.replace(HtmlText.HOLE, b" "), search.spans, parts)
    else:
        _split(data, search.spans, parts)
    if not any(dump.length_verdict == "exact" and dump.encoding == "utf-8" for dump in search.dumps):
        parts.mend()
    head = parse_head(parts.above, parts.below, zone, has_dump=bool(search.dumps), title=parts.title)
    if head.odd_weekday:
        parts.note("weekday", 0, f"the date is not that weekday: {head.odd_weekday!r}")
    return Page(
        title=head.title,
        kicker=head.kicker,
        published=head.published,
        dateline=head.dateline,
        credits=tuple(head.credits),
        paragraphs=tuple(head.paragraphs),
        desk_code=head.desk_code,
        dumps=dumps,
        diagnoses=tuple(parts.diagnoses),
    )


def parse_dumps(text: str) -> tuple[Dump, ...]:
    """Return the dumps that :func:`parse_page` finds in *text*, without parsing its prose.

    >>> text = 'News. string(72) "[{"id":"7","sort":"1","contenttypeid":"21","pic":"/a.jpg","title":"A ship"}]"'
    >>> [item.title for dump in parse_dumps(text) for item in dump.related]
    ['A ship']
    """
    return _look_through(_to_bytes(text, _Parts()))[2]


def _look_through(data: bytes) -> tuple[bytes, Search, tuple[Dump, ...]]:
    """Return *data* as PHP printed it, what is found there, and the dumps with their places in the given *data*."""
    bare = undressed(data)
    if bare is None:
        search = find_dumps(data)
        return data, search, search.dumps
    search = find_dumps(bare.data)
    search.diagnoses = [_moved(one, bare) for one in search.diagnoses]
    dumps = (
        replace(
            dump,
            offset=bare.source(dump.offset),
            end=bare.source_end(dump.end),
            diagnoses=tuple(_moved(one, bare) for one in dump.diagnoses),
        )
        for dump in search.dumps
    )
    return bare.data, search, tuple(dumps)


def _moved(diagnosis: Diagnosis, text: Mapped) -> Diagnosis:
    return replace(diagnosis, offset=text.source(diagnosis.offset))


@dataclass(slots=True)
class _Parts:
    """A page while it is parsed: its prose above and below the first dump, and its diagnoses."""

    above: str = ""
    below: str = ""
    title: str | None = None
    diagnoses: list[Diagnosis] = field(default_factory=list)

    def note(self, kind: str, offset: int, message: str) -> None:
        self.diagnoses.append(Diagnosis(kind, offset, message))

    def mend(self) -> None:
        """Remove the mojibake from the prose."""
        above, below = mend(self.above), mend(self.below)
        if (above, below) != (self.above, self.below):
            self.note("mojibake", 0, "the text was read in a wrong encoding, and corrected")
            self.above, self.below = above, below
            self.title = self.title and mend(self.title)


def _to_bytes(text: str, parts: _Parts) -> bytes:
    """Return *text* in UTF-8 with every byte in its place, and note diagnoses of the whole text."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
        match = _SURROGATE_RE.search(data)
        parts.note("lone-surrogate", match.start() if match else 0, "half a surrogate pair")
        data = _SURROGATE_RE.sub(_REPLACEMENT, data)  # both have three bytes, so that offsets stay valid
    if data.startswith(_BOM):
        parts.note("bom", 0, "a byte order mark stands at the beginning")
    if (first := data.find(b"\0")) >= 0:
        count = data.count(b"\0")
        parts.note("nul", first, f"{count} NUL bytes")
        if count * _MAX_BYTES_PER_NUL > len(data):
            parts.note("utf-16", 0, "UTF-16 that was read as bytes: offsets count without its NUL bytes")
            data = data.replace(b"\0", b"")
    return data


def _read_html(data: bytes, spans: Sequence[tuple[int, int]], parts: _Parts) -> None:
    """Read the prose of a page of HTML whose dumps have *spans*."""
    text = HtmlText(data, spans)
    parts.title = text.heading or text.title
    if not text.complete:
        parts.note("too-many", 0, "too many tags: the rest is kept unchanged")
    _split(text.data, [(at, at + 1) for at in _places(text.data, HtmlText.HOLE)], parts)


def _split(data: bytes, spans: Sequence[tuple[int, int]], parts: _Parts) -> None:
    """Divide the prose into the part above the first of *spans* and the rest."""
    pieces = list(outside(data, spans))
    parts.above = pieces[0].decode("utf-8", "replace")
    parts.below = b"\n".join(pieces[1:]).decode("utf-8", "replace")


def _places(data: bytes, mark: bytes) -> Iterator[int]:
    place = data.find(mark)
    while place >= 0:
        yield place
        place = data.find(mark, place + 1)
