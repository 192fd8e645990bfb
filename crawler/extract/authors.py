# ruff: noqa: RUF001 - apostrophes of names
"""Extracts the authors of an article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice
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
    r"https?:|www\.|@|\d{3}|[()<>{}\[\]]|\b(?:updated|published|posted|min read|minutes?|ago|share|follow|comments?"
    r"|subscribe"
    r"|image|photo|read|more|january|february|march|april|june|july|august|september|october|november|december)\b",
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
    ``rel="author"``, an element classed as byline or author, a visible "By ..." near the title. The publisher counts as
    author only if no source names anyone else.
    """
    publisher: FoundField[list[str]] | None = None
    house = _house(page)
    for source, lines in (
        ("profile", (_text(element) for element in page.select("authors"))),
        ("json-ld", _linked(page)),
        *(("meta", _inverted(name, page.metas.get(name, []))) for name in _METAS if name in page.metas),
        ("microdata", _microdata(page)),
        ("page", _rel(page)),
        ("page", _bylines(page)),
        ("page", _near_title(page)),
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
        text = _BY_RE.sub("", page.clean(unescape(line)))
        for part in _SPLIT_RE.split(text):
            name = part.strip(' \t-\u2013\u2014|:·"“”*•')
            name = name.removesuffix(".") if not _ABBREVIATED_RE.search(name) else name
            if (
                1 < len(name) <= _MAX_NAME_CHARACTERS
                and not _NOT_A_NAME_RE.search(name)
                and not _POST_RE.fullmatch(name)
            ):
                found.setdefault(name.casefold(), name)
    return list(found.values())[:_MAX_AUTHORS]


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


def _bylines(page: ArticlePage) -> Iterator[str]:
    """Yield the names in the first line whose element is named byline or author, if they look like names."""
    signed = (
        line
        for block, line in page.blocks
        if len(line) <= _MAX_BYLINE_CHARACTERS and block.is_named(_BYLINE, _MAX_LEVELS_UP)
    )
    for line in islice(signed, _MAX_AUTHORS):
        rest = _BY_RE.sub("", line, count=1)
        if match := _NAME_RE.match(rest):
            yield rest if rest != line and len(rest) <= _MAX_NAME_CHARACTERS else match[0]
            return


def _near_title(page: ArticlePage) -> Iterator[str]:
    """Yield the names of a line "By ..." among the short lines of the page."""
    for line in page.lines:
        if (
            len(line) <= _MAX_BYLINE_CHARACTERS
            and line[:3] in {"By ", "by ", "BY "}
            and (match := _NAME_RE.match(line[3:]))
        ):
            yield match[0]
            return
