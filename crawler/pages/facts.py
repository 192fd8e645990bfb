"""From the bytes of a fetched page to its facts: combines the extractor and the dump reader.

This is the CPU work per page, so it is a function of plain values that any process can run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from crawler.items import DateSource, RelatedItem
from crawler.seeds import Dump, parse_dumps, parse_page
from crawler.sites import SiteProfile
from crawler.text import clean_names, clean_related, clean_story, clean_title, content_sha256

_METADATA = ("json-ld", "open-graph", "meta", "microdata")


class Cleaning(NamedTuple):
    """How pages are cleaned: the names of the rules that are ``off``, and the site's known ``boilerplate``.

    See :mod:`crawler.text.rules` and :mod:`crawler.text.boilerplate`.
    """

    off: frozenset[str] = frozenset()
    boilerplate: frozenset[int] = frozenset()


_BY_DEFAULT = Cleaning()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a page says about its article, with cleaned text; None or empty where the page says nothing.

    Image URLs are absolute. ``cleaned`` counts how often each cleaning rule changed the text. ``no_text`` is the reason
    for a missing text, ``error`` the words by which a short page says that the page does not exist.
    """

    title: str | None = None
    kicker: str | None = None
    text: str | None = None
    language: str | None = None
    desk_code: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    published_from: DateSource | None = None
    image_urls: tuple[str, ...] = ()
    canonical_url: str | None = None
    related: tuple[RelatedItem, ...] = ()
    dateline: str | None = None
    credit: str | None = None
    content_sha256: str | None = None
    cleaned: tuple[tuple[str, int], ...] = ()
    no_text: str | None = None
    error: str | None = None


def read_page(
    html: bytes,
    url: str,
    profile: SiteProfile,
    charset: str | None = None,
    seen: datetime | None = None,
    cleaning: Cleaning = _BY_DEFAULT,
) -> PageFacts:
    """Read a fetched page: its article's fields, and the related items of the dumps in all of its bytes.

    *charset* is what the HTTP header declared; *seen* is when the page was captured (None: now): later dates in it are
    ignored. Never raises, whatever the bytes are.
    """
    from crawler.extract import decode, extract, page_text  # noqa: PLC0415 - heavy; a crawl's own process reads no page

    off = cleaning.off
    fields = extract(html, url, profile, charset=charset, fetched=seen, rules_off=off)
    page = parse_page(page_text(html, charset=charset), profile.zone)
    source: str = fields["sources"].get("published", "")
    dumps = parse_dumps(decode(html, charset))
    related = clean_related(related_items(dumps), off)
    story = clean_story(
        fields["text"],
        captions=[image["caption"] for image in fields["images"] if image["caption"]],
        related=[item.title for item in related if item.title],
        boilerplate=cleaning.boilerplate,
        off=off,
    )
    return PageFacts(
        title=clean_title(fields["title"], off),
        kicker=clean_title((page.kicker if page.title == fields["title"] else None) or fields["kicker"], off),
        text=story.text,
        language=fields["language"],
        desk_code=page.desk_code if dumps else None,
        authors=clean_names(fields["authors"], off),
        published=fields["published"],
        published_from=date_source(source) if fields["published"] else None,
        image_urls=tuple(image["url"] for image in fields["images"]),
        canonical_url=fields["canonical_url"],
        related=related,
        dateline=story.dateline,
        credit=story.credit,
        content_sha256=content_sha256(story.text),
        cleaned=tuple(story.applied.items()),
        no_text=fields["sources"].get("no_text"),
        error=fields["sources"].get("error"),
    )


def date_source(source: str) -> DateSource:
    """Return the record's term for where the extractor found a date.

    >>> date_source("json-ld"), date_source("page:day")
    ('metadata', 'page')
    """
    return "metadata" if source.startswith(_METADATA) else "page"


def related_items(dumps: Iterable[Dump]) -> tuple[RelatedItem, ...]:
    """Return the related items of all *dumps* of a page, each id once: complete before partial, then the first."""
    items: dict[str, RelatedItem] = {}
    for dump in dumps:
        for item in dump.related:
            known = items.get(item.id)
            if known is None or (known.partial and not item.partial):
                items[item.id] = item
    return tuple(items.values())
