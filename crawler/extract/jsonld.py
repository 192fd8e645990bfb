"""Reads the JSON-LD of a page: every object in it, at any nesting, and the readable parts of broken JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

Node = dict[str, Any]

_MAX_SCRIPT = 2_000_000
_MAX_NODES = 2_000
_MAX_DEPTH = 32
_WRAPPING_RE = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*.{0,40}?\*/)+|(?:-->|//\s*\]\]>|\]\]>|;)+\s*$", re.DOTALL
)
_TRAILING_COMMA_RE = re.compile(r",(\s*[}\]])")
_BAD_ESCAPE_RE = re.compile(r'\\(?!["\\/bfnrtu])')
_SALVAGE_RE = re.compile(r'"(headline|datePublished|dateModified|dateCreated)"\s*:\s*"((?:[^"\\]|\\.){1,500})"')
_AUTHOR_RE = re.compile(r'"author"\s*:\s*[\[{]{1,2}[^\]}]{0,300}?"name"\s*:\s*"((?:[^"\\]|\\.){1,200})"')
_ASIDE = frozenset({
    "itemListElement", "hasPart", "isPartOf", "isRelatedTo", "relatedLink", "mentions", "citation", "comment",
    "review", "reviews", "video", "subjectOf", "publisher", "potentialAction", "breadcrumb", "liveBlogUpdate",
    "author", "creator", "editor", "image", "about",
})  # fmt: skip
"""Properties whose objects are not the article of the page."""

_ARTICLE_TYPES = ("article", "posting", "report", "review", "recipe")
_PAGE_TYPES = ("webpage", "videoobject", "audioobject", "podcastepisode", "creativework", "itempage")


class LinkedData:
    """The objects of a page's JSON-LD: ``nodes`` in document order, ``articles`` with the best candidates first."""

    def __init__(self, scripts: list[str]) -> None:
        self.nodes: list[Node] = []
        self._by_id: dict[str, Node] = {}
        self._articles: list[Node] = []
        self._pages: list[Node] = []
        for script in scripts:
            for value in _load(script[:_MAX_SCRIPT]):
                self._collect(value)

    @property
    def articles(self) -> list[Node]:
        """The objects that describe this page, best first: articles, then pages and videos."""
        return self._articles + self._pages

    def resolve(self, value: Any) -> Any:
        """Return the object that a bare ``{"@id": ...}`` refers to; any other *value* is returned unchanged."""
        if isinstance(value, dict) and len(value) <= 2 and "name" not in value:  # noqa: PLR2004 - @id and @type
            return self._by_id.get(str(value.get("@id")), value)
        return value

    def _collect(self, value: Any) -> None:
        stack = [(value, False, 0)]
        while stack and len(self.nodes) < _MAX_NODES:
            item, aside, depth = stack.pop()
            if depth > _MAX_DEPTH:
                continue
            if isinstance(item, list):
                stack += [(part, aside, depth + 1) for part in reversed(item)]
            elif isinstance(item, dict):
                self._add(item, aside)
                stack += [
                    (part, aside or key in _ASIDE, depth + 1)
                    for key, part in reversed(item.items())
                    if isinstance(part, dict | list)
                ]

    def _add(self, node: Node, aside: bool) -> None:
        self.nodes.append(node)
        if isinstance(name := node.get("@id"), str) and len(node) > len(self._by_id.get(name, ())):
            self._by_id[name] = node
        if aside:
            return
        kinds = node.get("@type")
        names = " ".join(map(str, kinds if isinstance(kinds, list) else [kinds])).lower()
        if any(kind in names for kind in _ARTICLE_TYPES) and "webpage" not in names:
            self._articles.append(node)
        elif any(kind in names for kind in _PAGE_TYPES) or (not names and "headline" in node):
            self._pages.append(node)


def _load(script: str) -> Iterator[Any]:
    """Yield the JSON values in *script*; from broken JSON, the values that are certain, as one article."""
    try:
        yield orjson.loads(script)
    except orjson.JSONDecodeError:
        yield from _load_broken(_WRAPPING_RE.sub("", script).strip())


def _load_broken(script: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(strict=False)
    for attempt in (script, _mend(script), _mend(html.unescape(script))):
        values = []
        end = 0
        try:
            while end < len(attempt):
                value, end = decoder.raw_decode(attempt, end)
                values.append(value)
                end += len(attempt[end:]) - len(attempt[end:].lstrip(" \t\r\n;,"))
        except (ValueError, RecursionError):
            pass
        if values:
            yield from values
            return
    yield from _salvage(script)


def _mend(script: str) -> str:
    return _BAD_ESCAPE_RE.sub(r"\\\\", _TRAILING_COMMA_RE.sub(r"\1", script))


def _salvage(script: str) -> Iterator[Node]:
    node: Node = {}
    for match in _SALVAGE_RE.finditer(script):
        node.setdefault(match[1], _unquote(match[2]))
    if named := _AUTHOR_RE.search(script):
        node["author"] = {"name": _unquote(named[1])}
    if node:
        yield {"@type": "Article", **node}


def _unquote(quoted: str) -> str:
    try:
        return str(json.loads(f'"{quoted}"', strict=False))
    except ValueError:
        return quoted
