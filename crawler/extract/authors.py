# ruff: noqa: RUF001 - apostrophes of names
"""Extracts the authors of an article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice, pairwise
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from crawler.extract.marks import NAMES
from crawler.extract.page import ArticlePage, FoundField

_BY_RE = re.compile(
    r"^\W{0,3}(?:.{0,20}\bposts by|(?:(?:written|posted|published|reported|words|story|text|reviewed|opinion|article"
    r"|guest post)\s+)?"
    r"(?:by|von|par|por|da|door|av|автор|текст|نوشته|بقلم|מאת))\b[:\s]\s{0,5}",
    re.IGNORECASE,
)
_SPLIT_RE = re.compile(r"\s*(?:,|;|\||&|\band\b|\bund\b|\bet\b|\swith\s|\sy\s|،|、)\s*", re.IGNORECASE)
_NOT_A_NAME_RE = re.compile(
    r"https?:|www\.|@|\d{3}|[()<>{}\[\]]|^\w+(?:\.\w+){2,}$"
    r"|\b(?:updated|published|posted|min read|minutes?|ago|share|follow|comments?|subscribe|image|photo"
    r"|(?:written|reviewed|edited) by|your name|(?:read|learn) more)\b"
    r"|^(?:by|admin|anonymous|none|null|undefined|unknown|read|more)$",
    re.IGNORECASE,
)
"""Matches what stands in the place of a name: dates, buttons, and the names of variables that a template left."""
_DATE_TAIL_RE = re.compile(
    r"[\s,|·–—-]{1,5}(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s)?(?:on\s)?"
    r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d{1,2}\b|\d{1,2}(?:st|nd|rd|th)?\s"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\d{1,2}[/.-]\d{1,2}[/.-]\d{2}).*$",
    re.IGNORECASE,
)
_POST_RE = re.compile(
    r"(?:(?:senior|staff|chief|executive|contributing|managing|associate|assistant|deputy|lead|guest|special|political|sports?)\s)*"
    r"(?:writer|reporter|correspondent|editor|contributor|columnist|journalist|author|producer|photographer|analyst|officer"
    r"|expert|director|head|founder|ceo|president|manager|professor|admin)\b.*"
    r"|ph\.?d\.?|m\.?[abds]\.?|mba|rn|cpa|esq\.?|[js]r\.?|i{2,3}|chief .*|head of .*|e-ryt.*|rdn?|llc|inc\.?",
    re.IGNORECASE,
)
_NAME_RE = re.compile(
    r"[^\W\d_a-z][\w.'’-]{0,20}(?:\s(?:(?:de|van|von|der|den|la|le|bin|al|el|da|di|du)\s)?[^\W\d_a-z][\w.'’-]{0,20}){1,3}"
)
_METAS = (
    "author", "byl", "article:author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator",
    "dc.contributor", "citation_author", "cxenseparse:author", "og:article:author", "twitter:creator_name",
)  # fmt: skip
_BY = frozenset({"by", "written by"})
_WRITERS = _BY | {
    "author", "geschrieben von", "verfasst von", "écrit par", "auteur", "escrito por", "autor", "scritto da",
}  # fmt: skip
"""Labels of the card of a page that give its author as ``twitter:data1`` or ``twitter:data2``, without a colon."""
_AUTHOR_PATH_RE = re.compile(
    r"/(?:authors?|auteurs?|autor(?:es)?|autore|people|staff|contributors?)/[^/?#]", re.IGNORECASE
)
_BY_LINE_RE = re.compile(
    r"^(?:By|by|BY)(?:\s|(?=[A-Z][a-z]))|\b(?:[Ww]ritten|[Pp]osted|[Rr]eported|[Ww]ords|[Ss]tory) [Bb]y[:\s]{1,3}"
)
_PIECE_END_RE = re.compile(r"[\n\xa0|•·]")
_SIGNED = etree.XPath("descendant-or-self::a[@rel='author' or contains(@rel,'author ')]")
_ABBREVIATED_RE = re.compile(r"\b(?:[js]r|[a-z]|dr|ph\.d)\.$", re.IGNORECASE)
_BYLINE = [NAMES.index("byline")]
_MAX_LEVELS_UP = 2
_MAX_NAME_CHARACTERS = 60
_MAX_BYLINE_CHARACTERS = 150
_MAX_AUTHORS = 20


def find_authors(page: ArticlePage) -> FoundField[list[str]] | None:
    """Return the names of the authors of *page*, in page order, each once; None if it names none.

    They come from the first source with a name: the profile's selector, JSON-LD, meta elements, microdata,
    ``rel="author"``, the label "Written by" of a card, an element classed as byline or author, a visible "By ..." near
    the title, the first link to the page of an author. The publisher counts as author only if no source names anyone
    else.
    """
    publisher: FoundField[list[str]] | None = None
    house = _house(page)
    for source, lines in (
        ("profile", (_text(element) for element in page.select("authors"))),
        ("json-ld", _linked(page)),
        *(("meta", _inverted(name, page.metas.get(name, []))) for name in _METAS if name in page.metas),
        ("microdata", _microdata(page)),
        ("page", _rel(page)),
        ("meta", _card(page)),
        ("page", _bylines(page)),
        ("page", _near_title(page)),
        ("page", _author_link(page)),
    ):
        if names := _names(page, lines):
            people = [name for name in names if _key(name) not in house]
            if people or source == "profile":
                return FoundField(people or names, source)
            publisher = publisher or FoundField(names, source)
    return publisher


def _names(page: ArticlePage, lines: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for line in lines:
        text = _DATE_TAIL_RE.sub("", _BY_RE.sub("", page.clean(unescape(line))))
        for part in _SPLIT_RE.split(text):
            name = part.strip(' \t-\u2013\u2014|:·"“”*•')
            name = name.removesuffix(".") if not _ABBREVIATED_RE.search(name) else name
            name = _once(name)
            if (
                1 < len(name) <= _MAX_NAME_CHARACTERS
                and not _NOT_A_NAME_RE.search(name)
                and not _POST_RE.fullmatch(name)
            ):
                found.setdefault(name.casefold(), name)
    return list(found.values())[:_MAX_AUTHORS]


def _once(name: str) -> str:
    """Return *name* once where it is there twice: a page may have one for wide and one for narrow screens."""
    half = len(name) // 2
    if len(name) % 2 == 0 and name[:half] == name[half:]:
        return name[:half]
    return name[:half] if len(name) % 2 and name[half].isspace() and name[:half] == name[half + 1 :] else name


def _key(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _house(page: ArticlePage) -> set[str]:
    """Return the names of the publisher of *page*: its site's name, its host, the organizations of its JSON-LD."""
    names = [
        page.meta("og:site_name", "application-name", "publisher") or "",
        page.host,
        page.host.removeprefix("www."),
    ]
    for node in page.linked.nodes:
        kinds = str(node.get("@type"))
        if ("Organization" in kinds or "WebSite" in kinds) and isinstance(node.get("name"), str):
            names.append(node["name"])
    return {_key(name) for name in names if name}


def _text(element: etree._Element) -> str:
    return "".join(element.itertext())


def _inverted(name: str, values: list[str]) -> list[str]:
    """Return *values*, with names that scholarly metadata gives as ``Roy, Ann`` turned into ``Ann Roy``."""
    if not name.startswith(("citation", "dc")):
        return values
    return [" ".join(reversed(value.split(", "))) if value.count(", ") == 1 else value for value in values]


def _linked(page: ArticlePage) -> list[str]:
    for node in page.linked.articles:
        for key in ("author", "creator"):
            if names := list(_named(page, node.get(key), 0)):
                return names
    return []


def _named(page: ArticlePage, value: Any, depth: int) -> Iterator[str]:
    value = page.linked.resolve(value)
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < 4:  # noqa: PLR2004 - lists of lists of authors are met, deeper ones not
        for part in value:
            yield from _named(page, part, depth + 1)
    elif isinstance(value, dict):
        yield from _named(page, value.get("name"), depth + 1)


def _microdata(page: ArticlePage) -> Iterator[str]:
    for element in page.properties.get("author", ())[:_MAX_AUTHORS]:
        if any(
            "omment" in (outer.get("class") or "") + (outer.get("itemtype") or "") for outer in element.iterancestors()
        ):
            continue
        inner = [el for el in element.iter() if isinstance(el.tag, str) and el.get("itemprop") == "name"]
        for part in inner or [element]:
            text = part.get("content") or _text(part)
            if len(text) <= _MAX_BYLINE_CHARACTERS:
                yield text


def _rel(page: ArticlePage) -> Iterator[str]:
    for element in _SIGNED(page.root)[:_MAX_AUTHORS]:
        text = _text(element)
        if len(text) <= _MAX_BYLINE_CHARACTERS:
            yield text


def _card(page: ArticlePage) -> Iterator[str]:
    """Yield the author that the metadata for cards of links give, under the label "Written by"."""
    for number in "12":
        label = (page.meta(f"twitter:label{number}") or "").strip(" :").casefold()
        if label in _WRITERS and (name := page.meta(f"twitter:data{number}")):
            yield name


def _bylines(page: ArticlePage) -> Iterator[str]:
    """Yield the names in the first line whose element is named byline or author, if they look like names.

    The name ends where the source breaks the line, if it is a name up to there: the next element may be a newspaper.
    """
    signed = (
        (block, line)
        for block, line in page.blocks
        if len(line) <= _MAX_BYLINE_CHARACTERS and block.is_named(_BYLINE, _MAX_LEVELS_UP)
    )
    for block, line in islice(signed, _MAX_AUTHORS):
        rest = _DATE_TAIL_RE.sub("", _BY_RE.sub("", line, count=1))
        first = _BY_RE.sub("", page.clean(_PIECE_END_RE.split(block.text.strip(), maxsplit=1)[0]), count=1)
        if first != rest and _NAME_RE.fullmatch(first):
            yield first
            return
        if match := _NAME_RE.match(rest):
            yield rest if rest != line and len(rest) <= _MAX_NAME_CHARACTERS else match[0]
            return


def _near_title(page: ArticlePage) -> Iterator[str]:
    """Yield the name of a line "By ..." among the short lines of the page, or of the line below a mere "By"."""
    for line, below in pairwise([*page.lines, ""]):
        if len(line) > _MAX_BYLINE_CHARACTERS:
            continue
        if line.rstrip(":").casefold() in _BY and _NAME_RE.fullmatch(below):
            yield below
            return
        by = _BY_LINE_RE.search(line)
        if by and (match := _NAME_RE.match(_DATE_TAIL_RE.sub("", line[by.end() :]))):
            yield match[0]
            return


def _author_link(page: ArticlePage) -> Iterator[str]:
    """Yield the text of the first link to the page of an author."""
    for element in page.root.iter("a"):
        if _AUTHOR_PATH_RE.search(element.get("href") or ""):
            text = page.clean(_text(element))
            if text and len(text) <= _MAX_NAME_CHARACTERS and not _NOT_A_NAME_RE.search(text):
                yield text
                return
