"""Extracts when an article was published and last changed, from the best evidence in the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from crawler.extract.marks import COMMENT, NAMES, marks_of
from crawler.extract.moments import EARLIEST, Moment, parse_moment
from crawler.extract.page import ArticlePage, FoundField

_PUBLISHED_METAS = (
    "article:published_time", "article:published", "og:published_time", "og:article:published_time",
    "datepublished", "parsely-pub-date", "sailthru.date", "pubdate", "publishdate", "publish-date",
    "publish_date", "publication_date", "publication-date", "dc.date.issued", "dcterms.issued", "dcterms.created",
    "dc.date.created", "dc.date", "dcterms.date", "dc.created", "citation_publication_date", "citation_date",
    "article_date_original", "article.published", "cxenseparse:recs:publishtime", "bt:pubdate", "displaydate",
    "originalpublicationdate", "rnews:datepublished", "date", "created", "timestamp", "article:post_date",
    "last-published", "prism.publicationdate",
)  # fmt: skip
_MODIFIED_METAS = (
    "article:modified_time", "article:modified", "og:updated_time", "og:modified_time", "datemodified", "lastmod",
    "last-modified", "dcterms.modified", "dc.date.modified", "article.updated", "revised", "modified",
    "updated_time",
)  # fmt: skip
_URL_DAY_RE = re.compile(
    r"/(?P<y>(?:19|20)\d\d)[/-](?:(?P<m>\d\d?)|(?P<n>[a-z]{3,9}))[/-](?P<d>\d\d?)(?:[/.+_-]|$)"
    r"|(?<=[/_-])(?P<c>20[0-3]\d[01]\d[0-3]\d)(?=\D|$)"
)
_DATED = [NAMES.index(name) for name in ("date", "meta", "byline")]
_MAX_LEVELS_UP = 2
_DIGIT_RE = re.compile(r"\d")
_MAX_LINE_CHARACTERS = 200
_MAX_CANDIDATES = 40
_MAX_LINES_FROM_HEADING = 15
_MAX_LABELLED_CHARACTERS = 120
_MIN_TEASERS = 4
"""From as many ``article`` elements side by side, each is a teaser."""
_TAGS_OF_OTHERS = ("nav", "aside")
_LABEL_RE = re.compile(
    r"\W*(?:(?:article|story|post|page)\s)?(?:(?:is|was)\s)?(?:originally\s|first\s|last\s)?"
    r"(?:published|posted|updated|modified|date|created|issued|veröffentlicht|publié|publicado|pubblicato|gepubliceerd"
    r"|опубликовано|дата|تاريخ النشر|نشر|تاریخ انتشار|פורסם|发布时间|発行日|게시일)\b"
    r"|.{0,60}\b(?:originally|first) published\b",
    re.IGNORECASE,
)
"""Matches a line that says of itself that its date is that of the page."""
_MAX_OFFSET = timedelta(hours=14)
_HALF_HOUR = timedelta(minutes=30)
_AMERICAN = (".com", ".org", ".net", ".gov", ".edu", ".us")
_UPDATED_RE = re.compile(
    r"\W*(?:last\s+)?(?:updated|modified|reviewed|revised|edited|aktualisiert|mis à jour|actualizado|обновлено)",
    re.IGNORECASE,
)


def find_published(page: ArticlePage) -> FoundField[str] | None:
    """Return when *page* was published, in ISO 8601.

    The first plausible source decides the day: the profile's selector, JSON-LD, Open Graph and meta elements,
    microdata, ``time`` elements, a visible date line, the URL. A date before 1990 or after the page was fetched is not
    plausible. A day without a time of day takes the time from the first later source that names the same day.

    The value has the offset from the page, converted to the profile's zone if there is a profile. A time without
    offset is the profile's local time; without a profile it has no offset. If no source has a time, the value is
    midnight, and the source ends in ``:day`` (``meta:day``): the time of day is not known. The source ends in
    ``:about`` where a lunar Hijri day was computed, which can be off by one day.
    """
    return _settled(page, _published(page))


def find_modified(page: ArticlePage) -> FoundField[str] | None:
    """Return when *page* was last changed, in the form of :func:`find_published`; None if it does not say."""
    return _settled(page, _modified(page))


def _settled(page: ArticlePage, candidates: Iterator[tuple[str, str]]) -> FoundField[str] | None:
    zone = page.profile.zone if page.profile else None
    day: Moment | None = None
    origin = ""
    for text, source in candidates:
        if day and day.clock and (zone or not _is_universal(day)):
            break
        moment = parse_moment(text, day_first=_day_first(page))
        if moment is None or not _believable(moment, page.latest):
            continue
        if day is None:
            day, origin = moment, source
        elif not day.clock and moment.clock and day.day == moment.at(zone).date():
            day = replace(moment, day=moment.day)
        elif day.clock and zone is None and (local := _local(day, moment)):
            day = local
            break
        if day.clock and zone:
            break
    if day is None:
        return None
    suffix = "" if day.clock else ":day"
    return FoundField(day.at(zone).isoformat(timespec="seconds"), origin + (suffix if day.sure else ":about"))


def _is_universal(moment: Moment) -> bool:
    return moment.zone is not None and not moment.zone.utcoffset(None)


def _local(universal: Moment, other: Moment) -> Moment | None:
    """Return the instant *universal* in the page's own zone, if *other* is the same instant in that zone.

    Pages give the time in UTC for programs and in their own zone for readers. An *other* without zone is the same
    instant if it agrees to the second, or to a minute other than :00 and :30, and differs by whole half hours: then the
    difference is the offset. Times for readers have no seconds; the universal time has.
    """
    if not other.clock or not universal.clock or _is_universal(other):
        return None
    is_telling = other.clock.second or other.clock.minute % 30
    if not other.clock.second:
        other = replace(other, clock=other.clock.replace(second=universal.clock.second))
    instant = universal.at(None).replace(microsecond=0)
    if other.zone:
        return other if other.at(None) == instant else None
    distance = other.at(None) - instant.replace(tzinfo=None)
    if is_telling and abs(distance) <= _MAX_OFFSET and distance % _HALF_HOUR == timedelta(0):
        return replace(other, zone=timezone(distance)) if distance else None
    return None


def _believable(moment: Moment, latest: datetime) -> bool:
    return EARLIEST <= moment.day <= (latest + timedelta(days=1)).date()


def _day_first(page: ArticlePage) -> bool | None:
    """Return whether the page's language writes the day first in 03/04/2016; None if that is not known.

    English without a country counts as American on the domains that are most used there.
    """
    for declared in (page.root.get("lang"), page.meta("og:locale")):
        language = (declared or "").strip().replace("_", "-").casefold()
        if language.startswith("en-") and language != "en-us":
            return None
        if language == "en-us":
            return False
        if language not in {"", "en"}:
            return None
    return False if page.root.get("lang") and page.host.endswith(_AMERICAN) else None


def _published(page: ArticlePage) -> Iterator[tuple[str, str]]:
    for element in page.select("date"):
        yield element.get("datetime") or "".join(element.itertext()), "profile"
    yield from _linked(page, "datePublished", "dateCreated", "uploadDate")
    yield from _metas(page, _PUBLISHED_METAS)
    yield from _microdata(page, "datepublished", "datecreated")
    yield from _marked_times(page)
    yield from _from_url(page)
    yield from _times(page)
    yield "", "page"  # so that the lines are only searched if they are needed
    visible = [*_lines(page), *_near_title(page), *_labelled(page)]
    yield from ((line, source) for line, source in visible if not _UPDATED_RE.match(line))
    yield from ((line, source) for line, source in visible if _UPDATED_RE.match(line))
    yield from _modified(page)
    yield from _times(page, of_others=True)


def _modified(page: ArticlePage) -> Iterator[tuple[str, str]]:
    yield from _linked(page, "dateModified")
    yield from _metas(page, _MODIFIED_METAS)
    yield from _microdata(page, "datemodified")


def _linked(page: ArticlePage, *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        for node in page.linked.articles:
            value: Any = node.get(name)
            value = value[0] if isinstance(value, list) and value else value
            value = value.get("@value") if isinstance(value, dict) else value
            if isinstance(value, str | int):
                yield str(value), "json-ld"


def _metas(page: ArticlePage, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        for value in page.metas.get(name, ()):
            yield value, "open-graph" if name.startswith(("og:", "article:")) else "meta"


def _microdata(page: ArticlePage, *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        for element in page.properties.get(name, ()):
            yield element.get("content") or element.get("datetime") or "".join(element.itertext()), "microdata"


def _marked_times(page: ArticlePage) -> Iterator[tuple[str, str]]:
    """Yield the ``time`` elements of *page* that are marked as its time of publication."""
    for element in page.times:
        name = (element.get("class") or "").lower()
        if element.get("pubdate") is not None or "publish" in name or "entry-date" in name:
            yield element.get("datetime") or "".join(element.itertext()), "time"


def _times(page: ArticlePage, *, of_others: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the ``time`` elements of *page*, without times of changes: its own, or those *of others*."""
    for element in page.times[:_MAX_CANDIDATES]:
        named = f"{element.get('class') or ''} {element.get('itemprop') or ''}".lower()
        if "updat" not in named and "modif" not in named and _is_of_others(element) == of_others:
            yield element.get("datetime") or "".join(element.itertext()), "time"


def _is_of_others(element: etree._Element) -> bool:
    """Return whether *element* is in a comment, a menu, a side column or a teaser, none of which has the heading."""
    for outer in element.iterancestors():
        if next(outer.iter("h1"), None) is not None:
            return False
        names = outer.get("class") or ""
        if outer.tag in _TAGS_OF_OTHERS or COMMENT in marks_of(names):
            return True
        if outer.tag == "article":
            return len(outer.xpath("../article")) >= _MIN_TEASERS
    return False


def _labelled(page: ArticlePage) -> Iterator[tuple[str, str]]:
    """Yield the short lines that say of their date what it is, wherever they are in the page."""
    labelled = (line for line in page.lines if len(line) <= _MAX_LABELLED_CHARACTERS and _LABEL_RE.match(line))
    for line in islice(filter(_DIGIT_RE.search, labelled), _MAX_CANDIDATES):
        yield line, "page"


def _lines(page: ArticlePage) -> Iterator[tuple[str, str]]:
    """Yield the short lines with a digit in elements that are named after dates, in page order."""
    dated = (
        text
        for block, text in page.blocks
        if len(text) <= _MAX_LINE_CHARACTERS and block.is_named(_DATED, _MAX_LEVELS_UP)
    )
    for line in islice(filter(_DIGIT_RE.search, dated), _MAX_CANDIDATES):
        yield line, "page"


def _near_title(page: ArticlePage) -> Iterator[tuple[str, str]]:
    """Yield the short lines with a date in them that follow the first heading, then those before it."""
    start = next((number for number, (block, _) in enumerate(page.blocks) if block.place.tag == "h1"), 0)
    for line in (
        page.lines[start : start + _MAX_LINES_FROM_HEADING]
        + page.lines[max(0, start - _MAX_LINES_FROM_HEADING) : start]
    ):
        if len(line) <= _MAX_LINE_CHARACTERS and _DIGIT_RE.search(line):
            yield line, "page"


def _from_url(page: ArticlePage) -> Iterator[tuple[str, str]]:
    if match := _URL_DAY_RE.search(page.url):
        if match["c"]:
            yield match["c"], "url"
        else:
            yield (
                f"{match['d']} {match['n']} {match['y']}" if match["n"] else f"{match['y']}-{match['m']}-{match['d']}",
                "url",
            )
