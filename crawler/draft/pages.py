"""What a sample of captured pages tells: dates, languages, offsets, pictures; and how well they can be extracted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.captures.lines import CaptureLine
from crawler.draft.tally import is_error
from crawler.draft.templates import Choice
from crawler.draft.zones import OffsetFact, offset_of_date, offset_of_picture
from crawler.extract import extract
from crawler.seeds import parse_dumps
from crawler.sites import SiteProfile
from crawler.text.charset import decode
from crawler.warc.dates import instant

DEFAULT_PAGES = 40
MIN_TEXT_LETTERS = 80


class SampledPage(NamedTuple):
    """A captured page: its line, its body, the charset that its header gives."""

    line: CaptureLine
    article_id: str
    body: bytes
    charset: str | None = None


class PageResult(NamedTuple):
    """What was extracted from one page."""

    line: CaptureLine
    article_id: str
    title: str | None
    published: str | None
    published_from: str | None
    text: str | None
    language: str | None
    images: tuple[str, ...]


@dataclass
class SampleFacts:
    """What the pages told. ``failed`` are captures that could not be read, and why."""

    results: list[PageResult] = field(default_factory=list)
    related: set[str] = field(default_factory=set)
    pics: dict[str, str] = field(default_factory=dict)
    """Pictures of dumps, and the ids whose they are."""
    failed: list[tuple[CaptureLine, str]] = field(default_factory=list)
    asked: int = 0

    @property
    def titles(self) -> int:
        return sum(bool(one.title) for one in self.results)

    @property
    def dates(self) -> int:
        return sum(bool(one.published) for one in self.results)

    @property
    def texts(self) -> int:
        return sum(len(one.text or "") >= MIN_TEXT_LETTERS for one in self.results)

    def languages(self) -> Counter[str]:
        """Return how many of the pages are in each language."""
        return Counter(one.language for one in self.results if one.language)

    def offsets(self) -> Iterator[OffsetFact]:
        """Yield the offsets from UTC that the pages tell."""
        pic_of = {article_id: pic for pic, article_id in self.pics.items()}
        for one in self.results:
            if not one.published or "T" not in one.published or (one.published_from or "").endswith((":day", ":about")):
                continue
            if fact := offset_of_date(one.published):
                yield fact
                continue
            names = [pic_of.get(one.article_id), *one.images[:1]]
            found = (offset_of_picture(one.published, _pic_in(name)) for name in names if name)
            yield from [fact for fact in found if fact][:1]

    def points(self) -> list[tuple[int, int]]:
        """Return the (id, day) pairs that the pages' dates tell, days in the pages' own zones."""
        pairs = ((one.article_id, one.published) for one in self.results)
        return [(int(one), datetime.fromisoformat(day).toordinal()) for one, day in pairs if day]


def _pic_in(name: str) -> str:
    """Return the picture path in a URL: flat names have no folder that says anything."""
    path = urlsplit(name).path if "://" in name else name
    last = path.rpartition("/")[2]
    return last if last[:18].isdigit() else path


def read_page(page: SampledPage, profile: SiteProfile | None) -> PageResult:
    """Return what can be extracted from *page*; dates stay in the page's own zone without a *profile*."""
    fetched = instant(page.line.timestamp)
    fields = extract(page.body, page.line.url, profile, charset=page.charset, fetched=fetched)
    return PageResult(
        line=page.line,
        article_id=page.article_id,
        title=fields["title"],
        published=fields["published"],
        published_from=fields["sources"].get("published"),
        text=fields["text"],
        language=fields["language"],
        images=tuple(image["url"] for image in fields["images"]),
    )


def read_pages(pages: Iterable[SampledPage], on_page: Callable[[SampledPage], None], facts: SampleFacts) -> None:
    """Add to *facts* what *pages* tell; *on_page* receives each."""
    for page in pages:
        facts.results.append(read_page(page, None))
        for dump in parse_dumps(decode(page.body, page.charset)):
            for item in dump.related:
                facts.related.add(item.id)
                if item.pic:
                    facts.pics.setdefault(item.pic, item.id)
        on_page(page)


def choose_pages(choice: Choice, count: int) -> list[tuple[str, CaptureLine]]:
    """Return the captures to read, with their ids: spread over templates, and over the ids of each. Deterministic."""
    queues: list[list[tuple[str, CaptureLine]]] = []
    for candidate in choice.candidates:
        values = sorted(
            ((int(value), seen.line) for value, seen in candidate.seen if _is_readable(seen.line)),
            key=lambda pair: pair[0],
        )
        queues.append([(str(value), line) for value, line in spread(values)])
    chosen: dict[str, CaptureLine] = {}
    for place in range(max(map(len, queues), default=0)):
        for queue in queues:
            if place < len(queue) and len(chosen) < count:
                chosen.setdefault(*queue[place])
    return list(chosen.items())


def spread(values: list[tuple[int, CaptureLine]]) -> Iterator[tuple[int, CaptureLine]]:
    """Yield *values* so that the first of them are far apart: both ends, the middle, the quarters, and so on."""
    if not values:
        return
    done: set[int] = set()
    parts = 1
    while len(done) < len(values):
        for part in range(parts + 1):
            place = (len(values) - 1) * part // parts
            if place not in done:
                done.add(place)
                yield values[place]
        parts *= 2


def _is_readable(line: CaptureLine) -> bool:
    return not is_error(line) and (line.status is None or line.status[0] == "2") and line.mime != "warc/revisit"


def known_points(facts: SampleFacts, choice: Choice) -> tuple[list[tuple[int, int]], str]:
    """Return (id, day) points and where they come from: the dates of pages, or if they are few those of captures."""
    points = facts.points()
    if len(points) >= 2:  # noqa: PLR2004 - a line
        return points, "dates of pages"
    dated = [one for one in choice.candidates if one.tally.shape.has_date]
    if dated:
        return [point for one in dated for point in one.points], "dates in URLs"
    captured = sorted(point for one in choice.candidates for point in one.points)
    envelope: list[tuple[int, int]] = []
    for article_id, day in reversed(captured):  # an id is no younger than the first capture of a later one
        envelope.append((article_id, min(day, envelope[-1][1]) if envelope else day))
    return envelope[::-1], "first captures, so these days are the latest possible"


def iso_day(ordinal: int) -> str:
    """Return the day *ordinal* in ISO 8601."""
    return date.fromordinal(ordinal).isoformat()
