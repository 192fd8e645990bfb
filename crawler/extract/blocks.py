"""A tree as blocks of running text: what a browser would draw as separate lines."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from crawler.extract.marks import KIND_COUNT, NAMING, marks_of

HIDDEN = frozenset({
    "script", "style", "noscript", "template", "textarea", "select", "option", "title", "object", "embed", "applet",
    "canvas", "map", "iframe", "svg", "math", "audio", "video", "datalist", "button",
})  # fmt: skip
"""Elements whose text is no part of what a reader reads (buttons say what they do)."""

_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "meter", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "amp-img", "picture", "source",
})  # fmt: skip


class Place:
    """An element on the way from the root to a block, and what its place means for the text in it.

    ``number`` counts the places of a walk, ``depth`` the elements from the root. ``kin`` is what elements that a
    template made alike have in common: tag, class and the tag around. ``nearest`` is, by kind of name (see
    :mod:`crawler.extract.marks`), the depth of the nearest element around that has it, -99 where none has.
    """

    __slots__ = ("depth", "element", "in_link", "kin", "nearest", "number", "outer", "tag", "unseen")

    def __init__(self, element: etree._Element, tag: str, outer: Place | None, number: int) -> None:
        self.element = element
        self.tag = tag
        self.outer = outer
        self.number = number
        names, looks, self.unseen = _naming(element)
        if outer is None:
            self.depth, self.in_link, self.nearest = 0, tag == "a", _NOWHERE
            self.kin = (tag, looks, "")
        else:
            self.depth, self.in_link, self.nearest = outer.depth + 1, outer.in_link or tag == "a", outer.nearest
            self.kin = (tag, looks, outer.tag)
            self.unseen = self.unseen or outer.unseen
        if marks := marks_of(tag, names):
            self.nearest = nearest = self.nearest.copy()
            for kind in marks:
                nearest[kind] = self.depth


_NOWHERE = [-99] * KIND_COUNT


def _naming(element: etree._Element) -> tuple[str, str, bool]:
    """Return the words that name *element*, its class, and whether an attribute hides it."""
    names = looks = ""
    unseen = False
    for name, value in element.items():
        if name in NAMING:
            names = f"{names} {value}" if names else value
            if name == "class":
                looks = value
        elif name == "style":
            unseen = unseen or ("none" in value and "display:none" in value.replace(" ", "").lower())
        elif name == "hidden":
            unseen = True
    return names, looks, unseen


class Block:
    """Running text (``pieces``) of one block-level element (``place``).

    ``linked``, ``strong``: characters of it that stand in links and in bold or emphasis. ``broken``: a line break, not
    the edge of its element, began it. ``after_picture``: how many blocks ago the last picture was, and how many
    elements up from this block it hangs (99 where there was none).
    """

    __slots__ = ("after_picture", "broken", "linked", "pieces", "place", "strong")

    def __init__(self, place: Place, *, broken: bool, after_picture: tuple[int, int]) -> None:
        self.place = place
        self.after_picture = after_picture
        self.pieces: list[str] = []
        self.linked = 0
        self.strong = 0
        self.broken = broken

    @property
    def text(self) -> str:
        """The text as it stands in the page, white space included."""
        return "".join(self.pieces)


_STRONG = frozenset({"b", "strong", "em", "i"})
_PICTURES = frozenset({"img", "amp-img"})


class _Walk:
    """The blocks under a root, collected in one pass over its tree."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.places: list[Place] = []
        self._current: Block | None = None
        self._count = -1
        self._links = 0
        self._strongs = 0
        self._picture: tuple[int, Place] | None = None

    def enter(self, element: etree._Element, tag: str) -> None:
        if tag in _INLINE and self.places:
            self._links += tag == "a"
            self._strongs += tag in _STRONG
            if tag in _PICTURES:
                self._picture = (len(self.blocks), self.places[-1])
        elif tag == "br":
            self._current = None  # the next block goes on in the same element
        else:
            self._current = None
            self._count += 1
            self.places.append(Place(element, tag, self.places[-1] if self.places else None, self._count))
        if text := element.text:
            self.add(text)

    def leave(self, element: etree._Element, tag: str) -> None:
        if self.places[-1].element is element:
            self.places.pop()
            self._current = None
        elif tag in _INLINE:
            self._links -= tag == "a"
            self._strongs -= tag in _STRONG

    def add(self, text: str) -> None:
        place = self.places[-1]
        current = self._current
        if current is None or current.place is not place:
            if text.isspace():
                return
            broken = bool(self.blocks) and self.blocks[-1].place is place
            current = self._current = Block(place, broken=broken, after_picture=self._after_picture(place))
            self.blocks.append(current)
        current.pieces.append(text)
        if self._links or place.in_link:
            current.linked += len(text)
        elif self._strongs:
            current.strong += len(text)

    def _after_picture(self, place: Place) -> tuple[int, int]:
        if self._picture is None:
            return 99, 99
        count, holder = self._picture
        outer: Place | None = holder
        while outer is not None and outer.depth > place.depth:
            outer = outer.outer
        mine: Place | None = place
        while mine is not outer and mine is not None and outer is not None:
            mine, outer = (mine.outer, outer) if mine.depth > outer.depth else (mine.outer, outer.outer)
        return len(self.blocks) - count, place.depth - (mine.depth if mine else 0)


def blocks(root: etree._Element, hidden: frozenset[str] = HIDDEN) -> list[Block]:
    """Return the blocks of text under *root* in the order of the page; white space is kept as it is.

    A line break inside an element ends a block. Text of *hidden* elements is left out.
    """
    walk = _Walk()
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        tag = element.tag
        if event == "start":
            if tag in hidden and walk.places:
                walker.skip_subtree()
            else:
                walk.enter(element, tag)
            continue
        if tag not in hidden or walk.places[-1].element is element:
            walk.leave(element, tag)
        if walk.places and (tail := element.tail):
            walk.add(tail)
    return walk.blocks
