"""What stands beside articles on a page, as its markup tells: menus, footers, side columns.

A third of the blocks of pages are in such elements, and hardly ever one of an article: what judges blocks need not be
shown them, which costs less and mistakes fewer.
"""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from crawler.extract.marks import NAMES, marks_of

_TAGS = frozenset({"nav", "footer", "aside", "dialog", "menu"})
_ROLES = frozenset({"navigation", "contentinfo", "complementary", "dialog", "search"})
_MENU = NAMES.index("nav")
_PARTS = ("article", "h1", "blockquote")
_LETTERS_A_LINK = 60
_PATIENCE = 300_000


class Beside:
    """Tells which elements under *root* stand beside articles; in time that is linear in the page."""

    def __init__(self, root: etree._Element) -> None:
        self._with_parts: set[etree._Element] = set()
        self._with_text: set[etree._Element] = set()
        self._paragraphs = 0
        for part in root.iter("p", *_PARTS):
            self._paragraphs += part.tag == "p"
            found = self._with_text if part.tag == "p" else self._with_parts
            element = part
            while element is not None and element not in found:
                found.add(element)
                element = element.getparent()
        self._patience = _PATIENCE

    def holds(self, tag: str, element: etree._Element) -> bool:
        """Return whether *element* is one: by its *tag*, its role, or as a list of links whose names speak of a menu.

        None is in which something stands that only articles have (a heading of the first level, a quotation), or
        most of the paragraphs of the page: what is never closed goes on to its end.
        """
        if tag in _TAGS or element.get("role") in _ROLES:
            return element not in self._with_parts and not self._holds_most(element)
        names = element.get("class") or element.get("id")
        if not names or _MENU not in marks_of(names) or self._patience < 0:
            return False
        if element in self._with_parts or element in self._with_text:
            return False
        links, letters = sum(1 for _ in element.iter("a")), sum(map(len, element.itertext()))
        if links and letters <= _LETTERS_A_LINK * links:
            return True
        self._patience -= letters + links  # those in it will be counted once more
        return False

    def _holds_most(self, element: etree._Element) -> bool:
        if element not in self._with_text or self._patience < 0:
            return element in self._with_text
        held = sum(1 for _ in element.iter("p"))
        self._patience -= held
        return held > self._paragraphs / 2
