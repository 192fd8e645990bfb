"""Who wrote an article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from crawler.extract.page import Found, Page
from crawler.text import clean_line

_BY_RE = re.compile(
    r"^\W{0,3}(?:(?:written|posted|published|reported|words|story|text|reviewed)\s+)?"
    r"(?:by|von|par|por|di|da|door|av|автор|текст|نوشته|بقلم|מאת)\b[:\s]\s{0,5}",
    re.IGNORECASE,
)
_SPLIT_RE = re.compile(r"\s*(?:,|;|\||&|\band\b|\bund\b|\bet\b|\sy\s|،|、)\s*", re.IGNORECASE)
_NOT_A_NAME_RE = re.compile(
    r"https?:|www\.|@|\d{3}|\b(?:updated|published|posted|min read|minutes?|ago|share|follow|comments?|subscribe)\b",
    re.IGNORECASE,
)
_TITLES_RE = re.compile(
    r"\b(?:staff writer|staff reporter|staff|reporter|correspondent|editor|senior writer|contributor"
    r"|contributing writer)\b.*$",
    re.IGNORECASE,
)
_METAS = (
    "author", "byl", "article:author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator",
    "dc.contributor", "citation_author", "cxenseparse:author", "og:article:author", "twitter:creator_name",
)  # fmt: skip
_BYLINES = (
    "//*[contains(@class,'author') or contains(@class,'Author') or contains(@class,'byline')"
    " or contains(@class,'Byline') or contains(@id,'author') or contains(@id,'byline')]"
)
_LONGEST_NAME = 60
_LONGEST_BYLINE = 150
_MOST = 20


def find_authors(page: Page) -> Found[list[str]] | None:
    """Return the names of the authors of *page*, in its order, each once; None if it names none.

    The first source that gives a name: the profile's selector, JSON-LD, meta elements, ``rel="author"``,
    microdata, an element classed as byline or author.
    """
    for source, lines in (
        ("profile", (_text(element) for element in page.select("authors"))),
        ("json-ld", _linked(page)),
        ("meta", (value for name in _METAS for value in page.metas.get(name, ()))),
        ("microdata", _microdata(page)),
        ("page", _rel(page)),
        ("page", _bylines(page)),
    ):
        if names := _names(lines, page):
            return Found(names, source)
    return None


def _names(lines: Iterator[str], page: Page) -> list[str]:
    site = (page.meta("og:site_name") or "").casefold()
    found: dict[str, str] = {}
    for line in lines:
        for part in _SPLIT_RE.split(_BY_RE.sub("", clean_line(line))):
            name = _TITLES_RE.sub("", part).strip(" \t-\u2013|:.·")
            if 1 < len(name) <= _LONGEST_NAME and not _NOT_A_NAME_RE.search(name) and name.casefold() != site:
                found.setdefault(name.casefold(), name)
    return list(found.values())[:_MOST]


def _text(element: Any) -> str:
    return "".join(element.itertext())


def _linked(page: Page) -> Iterator[str]:
    for node in page.linked.articles:
        names = list(_named(page, node.get("author") or node.get("creator"), 0))
        if names:
            yield from names
            return


def _named(page: Page, value: Any, depth: int) -> Iterator[str]:
    value = page.linked.resolve(value)
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < 4:  # noqa: PLR2004 - lists of lists of authors are met, deeper ones not
        for part in value:
            yield from _named(page, part, depth + 1)
    elif isinstance(value, dict):
        yield from _named(page, value.get("name"), depth + 1)


def _microdata(page: Page) -> Iterator[str]:
    for element in page.properties.get("author", ()):
        inner = [el for el in element.iter() if isinstance(el.tag, str) and el.get("itemprop") == "name"]
        for part in inner or [element]:
            text = part.get("content") or _text(part)
            if len(text) <= _LONGEST_BYLINE:
                yield text


def _rel(page: Page) -> Iterator[str]:
    for element in page.root.xpath("//a[@rel='author' or contains(@rel,'author ')]"):
        yield _text(element)


def _bylines(page: Page) -> Iterator[str]:
    for element in page.root.xpath(_BYLINES)[:_MOST]:
        text = _text(element).strip()
        if 0 < len(text) <= _LONGEST_BYLINE and (match := re.match(_BY_RE, clean_line(text))):
            yield clean_line(text)[match.end() :]
            return
