"""Splits a tree into blocks of running text: the parts that a browser would draw as separate lines."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree  # type: ignore[import-untyped]

from crawler.extract.beside import Beside
from crawler.extract.marks import COMMENT, KIND_COUNT, NAMING, marks_of, marks_of_tag, names_other_content

HIDDEN = frozenset({
    "script", "style", "noscript", "template", "textarea", "select", "option", "title", "object", "embed", "applet",
    "canvas", "map", "iframe", "svg", "math", "audio", "video", "datalist", "button",
})  # fmt: skip
"""Elements whose text is not for reading (the text of a button says what it does)."""

_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "meter", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "amp-img", "picture", "source",
})  # fmt: skip
_STRONG = frozenset({"b", "strong", "em", "i"})
_PICTURES = frozenset({"img", "amp-img"})
_NAMED = frozenset({"span", "time", "small", "cite", "em", "label"})
"""Inline elements whose names say what they contain: dates, credits, bylines."""
_MEASURED = frozenset({"a"}) | _STRONG | _PICTURES | _NAMED
"""Inline elements that say something about the text in them or after them."""

_FOR_SCREEN_READERS = frozenset({"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text"})
"""Classes of a ``span`` that nobody sees: "opens in a new window" behind a link."""

_NOWHERE = [-99] * KIND_COUNT
_FAR_DISTANCES = (99, 99)


class ElementPlace:
    """An element on the path from the root to a block, and what its position says about the text in it.

    ``depth`` counts the elements from the root. ``kin`` is equal for elements that one template made: tag, class and
    parent tag. ``nearest`` is, for each kind of name (see :mod:`crawler.extract.marks`), the depth of the nearest
    enclosing element with it, -99 where none has it. ``other`` is the depth of the nearest one whose names mean text
    that is not part of the article: readers' comments, other stories.
    """

    __slots__ = ("depth", "element", "in_link", "kin", "nearest", "other", "outer", "tag", "unseen")
    nearest: list[int]

    def __init__(self, element: etree._Element, tag: str, outer: ElementPlace | None) -> None:
        self.element = element
        self.tag = tag
        self.outer = outer
        looks = ""
        unseen = False
        marks = marks_of_tag(tag)
        for name, value in element.items():
            if name in NAMING:
                marks += marks_of(value)
                if name == "class":
                    looks = value
            elif name == "style":
                unseen = unseen or ("none" in value and "display:none" in value.replace(" ", "").lower())
            elif name == "hidden":
                unseen = True
        if outer is None:
            self.depth, self.in_link, self.unseen, nearest = 0, tag == "a", unseen, _NOWHERE
            self.kin, self.other = (tag, looks, ""), -99
        else:
            self.depth, nearest = outer.depth + 1, outer.nearest
            self.in_link, self.unseen = outer.in_link or tag == "a", outer.unseen or unseen
            self.kin, self.other = (tag, looks, outer.tag), outer.other
        if COMMENT in marks or (looks and names_other_content(looks)):
            self.other = self.depth
        if marks:
            nearest = nearest.copy()
            for kind in marks:
                nearest[kind] = self.depth
        self.nearest = nearest


class TextBlock:
    """Running text (``pieces``) of one block-level element (``place``).

    ``linked``, ``strong``: its characters in links, and in bold or emphasis. ``broken``: a line break began it, not the
    edge of its element. ``after_picture``: how many blocks ago the last picture was, and how many levels above this
    block it hangs (99 where there was none). ``links``: how many links begin in it. ``href``: the target of the first
    one. ``inner``: the kinds of name of the inline elements in it.
    """

    __slots__ = ("after_picture", "broken", "href", "inner", "linked", "links", "pieces", "place", "strong")

    def __init__(self, place: ElementPlace, text: str, *, broken: bool, after_picture: tuple[int, int]) -> None:
        self.place = place
        self.after_picture = after_picture
        self.pieces = [text]
        self.linked = 0
        self.strong = 0
        self.broken = broken
        self.links = 0
        self.href = ""
        self.inner: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """The text as it is in the page, including white space."""
        return "".join(self.pieces)

    def is_named(self, kinds: Iterable[int], within: int) -> bool:
        """Return whether its element, one up to *within* levels around it, or an inline one has one of *kinds*."""
        nearest, least = self.place.nearest, self.place.depth - within
        return any(nearest[kind] >= least or kind in self.inner for kind in kinds)


def blocks(
    root: etree._Element,
    hidden: frozenset[str] = HIDDEN,
    most: int = 1_000_000,
    *,
    beside: Beside | None = None,
) -> list[TextBlock]:
    """Return the first *most* blocks of text under *root* in page order; white space is kept as it is.

    A line break inside an element ends a block. Text of *hidden* elements and *beside* the article is left out.
    """
    walk = _Walk(hidden, beside)
    events = etree.iterwalk(root, events=("start", "end"))
    for event, element in events:
        if event == "start":
            if not walk.enter(element):
                events.skip_subtree()
                continue
            text = element.text
        else:
            walk.leave(element)
            if not walk.open:
                break
            text = element.tail
        if text and not walk.add(text, most):
            break
    return walk.found


class _Walk:
    """A walk through a tree: the blocks ``found`` so far, and the elements that are ``open`` at this point."""

    __slots__ = (
        "beside", "current", "found", "hidden", "href", "inner", "links", "open", "picture", "places", "strongs",
    )  # fmt: skip

    def __init__(self, hidden: frozenset[str], beside: Beside | None) -> None:
        self.hidden = hidden
        self.beside = beside
        self.found: list[TextBlock] = []
        self.open: list[etree._Element] = []  # without inline elements
        self.places: list[
            ElementPlace
        ] = []  # of those that are open, as far as there was a block in them: most hold none
        self.current: TextBlock | None = None
        self.links = self.strongs = 0
        self.href = ""
        self.inner: tuple[int, ...] = ()
        self.picture: tuple[int, ElementPlace] | None = None

    def enter(self, element: etree._Element) -> bool:
        """Enter *element*; return False, and leave it out, if its text is not part of the page."""
        tag = element.tag
        if not self.open:
            self.open.append(element)
        elif tag in self.hidden:
            return False
        elif tag in _INLINE:
            if tag == "span" and not _FOR_SCREEN_READERS.isdisjoint((element.get("class") or "").split()):
                return False
            if tag in _MEASURED:
                self._enter_inline(tag, element)
        else:
            self.current = None
            if self.beside and self.beside.holds(tag, element):
                return False
            if tag != "br":
                self.open.append(element)
        return True

    def _enter_inline(self, tag: str, element: etree._Element) -> None:
        current = self.current
        if tag == "a":
            self.links += 1
            self.href = element.get("href") or ""
            if current is not None:
                current.links += 1
                current.href = current.href or self.href
        elif tag in _STRONG:
            self.strongs += 1
        elif tag in _PICTURES:
            self.picture = (len(self.found), _innermost(self.open, self.places))
        if tag in _NAMED and (looks := element.get("class")):
            self.inner = marks_of(looks)
            if current is not None and self.inner:
                current.inner += self.inner

    def leave(self, element: etree._Element) -> None:
        """Leave *element*."""
        if self.open[-1] is element:
            self.open.pop()
            if len(self.places) > len(self.open):
                self.places.pop()
            self.current = None
        elif (tag := element.tag) in _INLINE:
            self.inner = ()
            if tag == "a":
                self.links -= 1
            elif tag in _STRONG:
                self.strongs -= 1

    def add(self, text: str, most: int) -> bool:
        """Add *text* to the block at this point; return False if that would be one more than *most*."""
        block = self.current
        if block is not None:
            block.pieces.append(text)
        elif text.isspace():
            return True
        elif len(self.found) >= most:
            return False
        else:
            block = self._begin(text)
        if self.links or block.place.in_link:
            block.linked += len(text)
        elif self.strongs:
            block.strong += len(text)
        return True

    def _begin(self, text: str) -> TextBlock:
        found = self.found
        place = _innermost(self.open, self.places)
        broken = bool(found) and found[-1].place is place
        after = _after_picture(place, self.picture, len(found)) if self.picture else _FAR_DISTANCES
        block = self.current = TextBlock(place, text, broken=broken, after_picture=after)
        if self.links:
            block.links, block.href = 1, self.href
        block.inner = self.inner
        found.append(block)
        return block


def _innermost(elements: list[etree._Element], places: list[ElementPlace]) -> ElementPlace:
    """Return the place of the last of *elements*; places that are missing in *places* are added."""
    outer = places[-1] if places else None
    for element in elements[len(places) :]:
        outer = ElementPlace(element, element.tag, outer)
        places.append(outer)
    return places[-1]


def _after_picture(place: ElementPlace, picture: tuple[int, ElementPlace], number: int) -> tuple[int, int]:
    count, holder = picture
    outer: ElementPlace | None = holder
    while outer is not None and outer.depth > place.depth:
        outer = outer.outer
    inner: ElementPlace | None = place
    while inner is not outer and inner is not None and outer is not None:
        inner, outer = (inner.outer, outer) if inner.depth > outer.depth else (inner.outer, outer.outer)
    return number - count, place.depth - (inner.depth if inner else 0)
