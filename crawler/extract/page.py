"""A page, read once: its tree, its metadata by name, its JSON-LD. All fields are extracted from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from lxml import etree  # type: ignore[import-untyped]
from lxml.cssselect import CSSSelector  # type: ignore[import-untyped]

from crawler.extract.beside import Beside
from crawler.extract.blocks import TextBlock, blocks
from crawler.extract.jsonld import LinkedData
from crawler.extract.tree import parse
from crawler.sites import SiteProfile
from crawler.text import clean_line
from crawler.text.charset import to_utf8
from crawler.text.clean import NO_RULES

T = TypeVar("T")

_MAX_VALUE_CHARACTERS = 10_000
_MAX_BLOCKS = 4_000
_MAX_VALUES = 30
_MAX_SCRIPTS = 100
_MAX_HEADINGS = 200
_MAX_TIMES = 1_000
_MAX_URL_CHARACTERS = 4_000
_MARKED = etree.XPath("descendant-or-self::*[@itemprop]")  # several times as fast as //*


class FoundField(NamedTuple, Generic[T]):
    """A value and its ``source``: where on the page it was found."""

    value: T
    source: str


@dataclass
class ArticlePage:
    """One page with everything that fields are extracted from. Build it with :func:`read`."""

    url: str
    root: etree._Element
    profile: SiteProfile | None
    latest: datetime
    lost: str | None = None
    has_microdata: bool = True
    metas: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    headings: list[etree._Element] = field(default_factory=list)
    times: list[etree._Element] = field(default_factory=list)
    title: str | None = None
    base: str = ""
    linked: LinkedData = field(default_factory=lambda: LinkedData([]))
    rules_off: frozenset[str] = NO_RULES

    def clean(self, text: str) -> str:
        """Return *text* as a clean line, by the rules that are enabled for this page."""
        return clean_line(text, self.rules_off)

    def meta(self, *names: str) -> str | None:
        """Return the first content of the first of the meta elements *names* (lower case) that has content."""
        return next((value for name in names for value in self.metas.get(name, ())), None)

    def absolute(self, url: str | None) -> str | None:
        """Return *url* as an absolute http(s) URL; None if it is not a valid one."""
        url = (url or "").strip()
        if not url or len(url) > _MAX_URL_CHARACTERS:
            return None
        try:
            absolute = urljoin(self.base, url)
            parts = urlsplit(absolute)
        except ValueError:
            return None
        return absolute if parts.scheme in {"http", "https"} and parts.hostname else None

    def select(self, name: str) -> list[etree._Element]:
        """Return the elements that the profile's CSS selector for the field *name* selects."""
        selector = self.profile.selectors.get(name) if self.profile else None
        if not selector:
            return []
        try:
            return [el for el in CSSSelector(selector, translator="html")(self.root) if isinstance(el.tag, str)]
        except (ValueError, SyntaxError, etree.XPathError):  # a bad selector must not cost the article
            return []

    @cached_property
    def host(self) -> str:
        """The host name in the page's URL, in lower case."""
        try:
            return (urlsplit(self.url).hostname or "").lower()
        except ValueError:
            return ""

    @cached_property
    def blocks(self) -> list[tuple[TextBlock, str]]:
        """The blocks of text of the page with their clean text."""
        pairs = (
            (block, self.clean(block.text)) for block in blocks(self.root, most=_MAX_BLOCKS, beside=Beside(self.root))
        )
        return [(block, text) for block, text in pairs if text]

    @cached_property
    def lines(self) -> list[str]:
        """The clean texts of the blocks."""
        return [text for _, text in self.blocks]

    @cached_property
    def properties(self) -> dict[str, list[etree._Element]]:
        """The elements with microdata (``itemprop``), by the name of the property in lower case."""
        found: dict[str, list[etree._Element]] = defaultdict(list)
        for element in _MARKED(self.root) if self.has_microdata else ():
            for name in (element.get("itemprop") or "").lower().split():
                found[name].append(element)
        return found


def read(
    html: bytes,
    url: str,
    profile: SiteProfile | None,
    charset: str | None,
    latest: datetime,
    rules_off: frozenset[str] = NO_RULES,
) -> ArticlePage:
    """Return the page in *html*: decoded, parsed, with its metadata. Dates after *latest* will be rejected.

    *rules_off* are the disabled cleaning rules.
    """
    source = to_utf8(html, charset)
    root, lost = parse(source)
    page = ArticlePage(url, root, profile, latest, lost, _has_microdata(source), base=url, rules_off=rules_off)
    scripts: list[str] = []
    for element in root.iter("meta", "link", "script", "h1", "h2", "time", "title", "base"):
        match element.tag:
            case "meta":
                _add_meta(element, page)
            case "link":
                for rel in (element.get("rel") or "").lower().split():
                    _append(page.links, rel, element.get("href") or "")
            case "script" if len(scripts) < _MAX_SCRIPTS and "ld+json" in (element.get("type") or "").lower():
                scripts.append("".join(element.itertext()))
            case "h1" | "h2" if len(page.headings) < _MAX_HEADINGS:
                page.headings.append(element)
            case "time" if len(page.times) < _MAX_TIMES:
                page.times.append(element)
            case "title":
                page.title = page.title or _title(element, page)
            case "base":
                page.base = page.absolute(element.get("href")) or page.base
    page.linked = LinkedData(scripts)
    return page


def _has_microdata(source: bytes) -> bool:
    """Return whether *source* has any; searching the tree takes longer, and most pages have none."""
    return b"itemprop" in source or b"ITEMPROP" in source or b"itemProp" in source


def _add_meta(element: etree._Element, page: ArticlePage) -> None:
    content = element.get("content")
    if content and (content := page.clean(content[:_MAX_VALUE_CHARACTERS])):
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            if name := element.get(attribute):
                _append(page.metas, name.strip().lower(), content)


def _append(table: dict[str, list[str]], name: str, value: str) -> None:
    values = table.setdefault(name, [])
    if len(values) < _MAX_VALUES:
        values.append(value)


def _title(element: etree._Element, page: ArticlePage) -> str | None:
    parent = element.getparent()
    if parent is not None and parent.tag == "svg":
        return None
    return page.clean("".join(element.itertext())[:_MAX_VALUE_CHARACTERS]) or None
