"""A tree as blocks of running text: what a browser would draw as separate lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

HIDDEN = frozenset({
    "script", "style", "noscript", "template", "textarea", "select", "option", "title", "object", "embed",
    "applet", "canvas", "map", "iframe", "svg", "math", "audio", "video", "datalist", "button",
})  # fmt: skip
"""Elements whose text is no part of what a reader reads (buttons say what they do)."""

_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "img", "ins", "kbd", "label", "mark", "meter", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "amp-img", "picture", "source",
})  # fmt: skip
_TEXT_NODES = etree.XPath("descendant-or-self::text()[normalize-space()]", smart_strings=True)


@dataclass(slots=True)
class Block:
    """Running text of one block-level ``element``; ``linked`` characters of it stand in links."""

    element: etree._Element
    pieces: list[str] = field(default_factory=list)
    linked: int = 0

    @property
    def text(self) -> str:
        """The text as it stands in the page, white space included."""
        return "".join(self.pieces)


@dataclass(slots=True)
class _Place:
    """What an element means for the text in it: the block it belongs to, whether it is in a link, or drawn at all."""

    block: etree._Element
    in_link: bool
    hidden: bool


def blocks(root: etree._Element, hidden: frozenset[str] = HIDDEN) -> Iterator[Block]:
    """Yield the blocks of text under *root* in the order of the page; white space between words is kept as one.

    A line break inside an element ends a block. Text of *hidden* elements, and of elements that the page
    hides by attribute, is left out.
    """
    places: dict[etree._Element, _Place] = {}
    current: Block | None = None
    for node in _TEXT_NODES(root):
        parent = node.getparent()
        holder = parent.getparent() if node.is_tail else parent
        if holder is None:
            continue
        place = _place(holder, places, hidden)
        if place.hidden:
            continue
        after_break = node.is_tail and (parent.tag == "br" or parent.tag not in _INLINE)
        if current is None or current.element is not place.block or after_break:
            if current is not None:
                yield current
            current = Block(place.block)
        current.pieces.append(str(node))
        if place.in_link:
            current.linked += len(node)
    if current is not None:
        yield current


def _place(element: etree._Element, places: dict[etree._Element, _Place], hidden: frozenset[str]) -> _Place:
    path = []
    ancestor: etree._Element | None = element
    while ancestor is not None and ancestor not in places:
        path.append(ancestor)
        ancestor = ancestor.getparent()
    place = places[ancestor] if ancestor is not None else None
    for inner in reversed(path):
        place = places[inner] = _nested(inner, place, hidden)
    assert place is not None  # noqa: S101 - path or ancestor was there
    return place


def _nested(element: etree._Element, outer: _Place | None, hidden: frozenset[str]) -> _Place:
    tag = element.tag
    gone = tag in hidden or (outer is not None and outer.hidden) or _is_hidden(element)
    if outer is None or tag not in _INLINE:
        return _Place(element, tag == "a" or (outer is not None and outer.in_link), gone)
    return _Place(outer.block, outer.in_link or tag == "a", gone)


def _is_hidden(element: etree._Element) -> bool:
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and "display:none" in style.replace(" ", "").lower())
