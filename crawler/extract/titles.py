"""Extracts the title of an article: the headline on its page, confirmed by its metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from lxml import etree  # type: ignore[import-untyped]

from crawler.extract.moments import parse_moment
from crawler.extract.page import ArticlePage, FoundField

_KICKER_RE = re.compile(
    r"kicker|eyebrow|overline|over-?title|sup(?:er|ra)?-?title|pre-?title|sur-?titre|ante-?titulo|dachzeile|roo-?titr|ru-?titr"
    r"|spitzmarke|occhiello",
    re.IGNORECASE,
)
_UNSEEN_CLASSES = frozenset(
    {"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "hidden", "descriptor"}
)
_BREAKS = frozenset({"br", "div", "p"})
_SECTIONS = frozenset({
    "opinion", "editorial", "analysis", "commentary", "column", "letters", "letter", "video", "photos", "exclusive",
})  # fmt: skip
"""Names of sections that newspapers write beside a headline, behind a bar."""
_SUFFIX_RE = re.compile(r"\s+[|\u2013\u2014\u00bb\u00b7:\u2022/\-]{1,2}\s+")
_WORDS_RE = re.compile(r"\w+")
_SEPARATORS = " |\u2013\u2014\u00bb\u00b7:\u2022/-"
_MIN_SITE_LETTERS = 4
_MAX_TITLE_CHARACTERS = 500
_MIN_AGREEMENT = 0.6


def find_title(page: ArticlePage) -> FoundField[str] | None:
    """Return the title of *page*; None if it has none.

    In this order: the profile's selector; an ``h1`` (or else an ``h2``) that agrees with ``<title>``, Open Graph or
    JSON-LD; the JSON-LD headline; Open Graph and similar metadata; the only ``h1``; ``<title>`` without the name of
    the site.
    """
    if chosen := next(filter(None, (_text(page, element) for element in page.select("title"))), None):
        return FoundField(chosen, "profile")
    candidates = list(_declared_titles(page))
    witnesses = [
        value[:_MAX_TITLE_CHARACTERS] for value in (*(one.value for one in candidates), page.title or "") if value
    ]
    headings = [(heading.tag, text) for heading in page.headings if (text := _text(page, heading))]
    for tag in ("h1", "h2"):
        best = max(
            ((_agreement(text, witnesses), text) for name, text in headings if name == tag),
            key=lambda pair: pair[0],
            default=(0.0, ""),
        )
        if best[0] >= _MIN_AGREEMENT:
            return FoundField(_without_section(best[1], witnesses), "page")
    if candidates:
        return candidates[0]
    alone = [text for tag, text in headings if tag == "h1"]
    if len(alone) == 1:
        return FoundField(alone[0], "page")
    return FoundField(_shortened(page), "html-title") if page.title else None


def _text(page: ArticlePage, element: etree._Element) -> str:
    """Return the clean text of *element* without kickers and text for screen readers in it; line breaks are blanks."""
    return page.clean("".join(_pieces(element)))[:_MAX_TITLE_CHARACTERS]


def _pieces(element: etree._Element) -> Iterator[str]:
    events = etree.iterwalk(element, events=("start", "end"))
    for event, part in events:
        if event == "start":
            if part is not element and _is_beside_title(part):
                events.skip_subtree()
                continue
            yield " " if part.tag in _BREAKS else ""
            yield part.text or ""
        elif part is not element:
            yield " " if part.tag in _BREAKS else ""
            yield part.tail or ""


def _is_beside_title(part: etree._Element) -> bool:
    names = part.get("class") or ""
    return bool(names) and (_KICKER_RE.search(names) is not None or not _UNSEEN_CLASSES.isdisjoint(names.split()))


def _declared_titles(page: ArticlePage) -> Iterator[FoundField[str]]:
    """Yield the titles in the metadata of *page*, best first."""
    for node in page.linked.articles:
        headline = node.get("headline")
        if isinstance(headline, str) and (line := page.clean(headline)):
            yield FoundField(_unescaped(page, line), "json-ld")
            break
    if value := page.meta("og:title"):
        yield FoundField(_shortened(page, value), "open-graph")
    if value := page.meta("twitter:title", "parsely-title", "sailthru.title", "dc.title", "dcterms.title", "headline"):
        yield FoundField(_shortened(page, value), "meta")


def _unescaped(page: ArticlePage, line: str) -> str:
    if "&" not in line:
        return line
    return page.clean(unescape(line))


def _agreement(heading: str, witnesses: list[str]) -> float:
    """Return how well *heading* agrees with the best of *witnesses*, 0 to 1: the overlap of their words."""
    words = set(_WORDS_RE.findall(heading.casefold()))
    best = 0.0
    for witness in witnesses:
        other = set(_WORDS_RE.findall(witness.casefold()))
        if words and other:
            common = len(words & other)
            best = max(best, common / len(words) * min(1.0, common / (0.6 * len(other))))
    return best


def _without_section(heading: str, witnesses: list[str]) -> str:
    """Return *heading* without the name of a section in it: a known one, or if the rest equals one of *witnesses*."""
    parts = _SUFFIX_RE.split(heading)
    own = [part for part in parts if part.casefold() not in _SECTIONS]
    if len(own) == 1 < len(parts) and "|" in heading:
        return own[0]
    folded = {witness.casefold() for witness in witnesses}
    return next((part for part in parts if part.casefold() in folded), heading) if len(parts) > 1 else heading


def _shortened(page: ArticlePage, title: str | None = None) -> str:
    """Return *title* (or ``<title>``) without the site's name at its end or start."""
    title = title or page.title or ""
    site = _key(page.meta("og:site_name") or "")
    parts = _SUFFIX_RE.split(title)
    if len(parts) > 1:
        if _is_site(parts[-1], site, page.host):
            return title[: title.rindex(parts[-1])].rstrip(_SEPARATORS)
        if _is_site(parts[0], site, page.host):
            return title[len(parts[0]) :].lstrip(_SEPARATORS)
    return title


def _is_site(part: str, site: str, host: str) -> bool:
    key = _key(part)
    return bool(key) and (key == site or (len(key) >= _MIN_SITE_LETTERS and key in _key(host)))


def _key(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


_MAX_KICKER_CHARACTERS = 120
_MAX_BLOCKS_ABOVE = 12
_MAX_ELEMENTS_UPWARDS = 3


def find_kicker(page: ArticlePage, title: str | None) -> FoundField[str] | None:
    """Return the line shortly above the ``h1`` of *page* whose element is named kicker; None if there is none."""
    heading = next((number for number, (block, _) in enumerate(page.blocks) if block.place.tag == "h1"), None)
    if heading is None:
        return None
    for block, text in reversed(page.blocks[max(0, heading - _MAX_BLOCKS_ABOVE) : heading]):
        place = block.place
        for _ in range(_MAX_ELEMENTS_UPWARDS):
            is_short = len(text) <= _MAX_KICKER_CHARACTERS
            if _KICKER_RE.search(place.kin[1]) and is_short and text != title and not parse_moment(text):
                return FoundField(text, "page")
            if place.outer is None:
                break
            place = place.outer
    return None
