"""Finds the parts of a page beside its article from the markup: menus, footers, side columns.

A third of the blocks of pages are in such elements, and almost none of these belong to an article. Leaving them out
before the blocks are judged saves time and mistakes.
"""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from crawler.extract.marks import NAMES, marks_of

_TAGS = frozenset({"nav", "footer", "aside", "dialog", "menu"})
_ROLES = frozenset({"navigation", "contentinfo", "complementary", "dialog", "search"})
_MENU = NAMES.index("nav")
_PARTS = ("article", "h1", "blockquote")
_LETTERS_A_LINK = 60
_MAX_ELEMENTS_COUNTED = 300_000


class Beside:
    """Recognizes the elements under *root* that are beside the article, in time linear in the page."""

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
        self._patience = _MAX_ELEMENTS_COUNTED

    def holds(self, tag: str, element: etree._Element) -> bool:
        """Return whether *element* is beside the article: by *tag* or role, or as a list of links named like a menu.

        An element is not if it contains something that only articles have (a heading of the first level, a quotation),
        or most of the paragraphs of the page: an element that is never closed extends to the end of the page.
        """
        if tag in _TAGS or element.get("role") in _ROLES:
            return element not in self._with_parts and not self._holds_most_text(element)
        names = element.get("class") or element.get("id")
        if not names or _MENU not in marks_of(names) or self._patience < 0:
            return False
        if element in self._with_parts or element in self._with_text:
            return False
        links, letters = sum(1 for _ in element.iter("a")), sum(map(len, element.itertext()))
        if links and letters <= _LETTERS_A_LINK * links:
            return True
        self._patience -= letters + links  # the contents will be counted once more
        return False

    def _holds_most_text(self, element: etree._Element) -> bool:
        if element not in self._with_text or self._patience < 0:
            return element in self._with_text
        held = sum(1 for _ in element.iter("p"))
        self._patience -= held
        return held > self._paragraphs / 2
