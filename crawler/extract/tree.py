"""Parses a page into a tree, within limits of size, depth and time."""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

import numpy as np
from lxml import etree  # type: ignore[import-untyped]

MAX_BYTES = 10_000_000
MAX_TAGS = 60_000
_EMPTY = "<html><body></body></html>"
_UNFIT = bytes([*range(9), 0x0B, *range(0x0E, 0x20), 0x7F])
_TAG_RE = re.compile(
    rb"<!--(?:[^-]++|-(?!->))*+"
    rb"|<(?:script|style|textarea|title)\b(?:[^<]++|<(?!/(?:script|style|textarea|title)))*+"
    rb"""|<[a-zA-Z](?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["'])*+""",
    re.IGNORECASE,
)
"""A comment, an element whose content is not markup, or a start tag; matched in linear time, whatever the quotes."""

_DOCUMENT_END = b"</html"
_END_OR_OTHER_RE = re.compile(rb"(?P<end></html\b[^>]*+>?)|" + _TAG_RE.pattern, re.IGNORECASE)
"""The end tag of a document, or a construct in which the same letters are not a tag."""

_OPENING_RE = re.compile(b"<[a-zA-Z]")
_NAME_RE = re.compile(rb"<[a-zA-Z][^\s/>]*+")
_VALUE_RE = re.compile(rb"""=\s*+(?:"[^"]*+"|'[^']*+')""")
_RAW = (b"<script", b"<style", b"<textarea", b"<title")
_MAX_PAGE_TIMES_TAG_BYTES = 10**10
"""Bytes of a page times bytes of its longest start tag. The parser's time for an element grows with the square of its
attributes; with this limit a page full of such tags takes about a second."""
_MIN_SAMPLES_PER_TAG = 2.5
"""Least number of samples inside a tag that is too long."""
_MAX_DOUBTFUL_SAMPLES = 3
_CONTROLS = frozenset({
    "a", "applet", "audio", "button", "canvas", "datalist", "embed", "map", "math", "object", "optgroup", "option",
    "select", "svg", "video",
})  # fmt: skip
"""Elements whose text is not for reading, or is a link, unless they were left open above an article."""
_MIN_HELD_PARAGRAPHS = 3
_SCAFFOLD_RE = re.compile(
    rb"</?(?:div|span|font|b|i|u|em|strong|center|table|tbody|tr|section|a|li|ul|ol|dl|svg|g)\b[^<>]*>"
)


class Tree(NamedTuple):
    """A parsed page. ``lost`` says why part of it is not in the tree; None if the tree is complete."""

    root: etree._Element
    lost: str | None


def parse(page: bytes) -> Tree:
    """Return the tree of *page*, which is in UTF-8; an empty tree if there is nothing to parse.

    Comments, processing instructions and characters that XML does not allow are dropped. Content after ``</html>`` is
    part of the body. The parser stops at some 2,000 levels; such a page is parsed once more without the elements that
    only nest, which keeps its text but not its structure, and ``lost`` is ``depth``. ``lost`` is ``size`` if the page
    is over 10 million bytes or 60,000 tags, several times the largest pages of news sites. So no page takes more than
    about 2 s.
    """
    lost = "size" if len(page) > MAX_BYTES else None
    page = page[:MAX_BYTES].translate(None, _UNFIT)
    if np.count_nonzero(np.frombuffer(page, np.uint8) == ord("<")) > MAX_TAGS:
        page, lost = _SCAFFOLD_RE.sub(b" ", page), "size"
        end = next(islice(re.finditer(b"<", page), MAX_TAGS, None), None)
        page = page[: end.start()] if end else page
    longest = _MAX_PAGE_TIMES_TAG_BYTES // max(1, len(page))
    if len(page) > longest and _may_have_long_tags(page, longest):
        page = _bound_attributes(page, longest)
    page = _without_early_ends(page)
    root, deep = _parse(page)
    if deep:
        root, deep = _parse(_SCAFFOLD_RE.sub(b" ", page))
        lost = "depth"
    _release_paragraphs(root)
    return Tree(root, lost)


def _release_paragraphs(root: etree._Element) -> None:
    """Make plain elements (``div``) of the controls under *root* that hold some paragraphs.

    The parser leaves a control open to the end of the page if an element in it is open (``<button><div>...</button>``).
    By the rules of HTML5 it would be closed. Controls hold no paragraphs: those in one are what follows it.
    """
    held: dict[etree._Element, int] = {}
    for paragraph in root.iter("p"):
        for outer in paragraph.iterancestors():
            count = held[outer] = held.get(outer, 0) + 1
            if count > _MIN_HELD_PARAGRAPHS:
                break  # so each element is counted a few times at most
            if count == _MIN_HELD_PARAGRAPHS and outer.tag in _CONTROLS:
                outer.tag = "div"


def _parse(page: bytes) -> tuple[etree._Element, bool]:
    """Return the tree of *page* and whether the parser stopped at its depth limit."""
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True, collect_ids=False
    )
    try:
        root = etree.fromstring(page, parser)
    except (etree.LxmlError, ValueError, AssertionError):  # "Document is empty" among others
        root = None
    deep = any("depth" in error.message for error in parser.error_log if error.level >= etree.ErrorLevels.FATAL)
    return (etree.fromstring(_EMPTY, etree.HTMLParser()) if root is None else root), deep


def _without_early_ends(page: bytes) -> bytes:
    """Return *page* without the end tags of documents that have content after them.

    The parser drops content after ``</html>``. By the rules of HTML5 it belongs to the body: PHP output at shutdown
    comes there, old templates close a page too early, and some servers send two documents in one response.
    """
    first = page.lower().find(_DOCUMENT_END)
    if first < 0 or not page[page.find(b">", first) + 1 :].strip():
        return page
    pieces = []
    end = 0
    for match in _END_OR_OTHER_RE.finditer(page):
        if match["end"]:
            pieces.append(page[end : match.start()])
            end = match.end()
    return b"".join([*pieces, page[end:]])


def _may_have_long_tags(page: bytes, longest: int) -> bool:
    """Return, quickly, whether a start tag of *page* may be much longer than *longest*.

    A tag ends at the first ``>`` outside quotes. So at any byte inside a long tag, the next ``>`` is in quotes or far
    away. Only some bytes are checked, and each long distance between two of them once.
    """
    step = int(longest / _MIN_SAMPLES_PER_TAG)
    doubtful = at = 0
    while (at := at + step) < len(page):
        end = page.find(b">", at)
        end = len(page) if end < 0 else end
        if end - at > longest:
            before = page.rfind(b">", 0, at)
            if _is_quoted(page, before, longest) or _OPENING_RE.search(page, before + 1, end - longest):
                return True
            at = end
        elif _is_quoted(page, end, longest):
            doubtful += 1
            if doubtful == _MAX_DOUBTFUL_SAMPLES:
                return True
    return False


def _is_quoted(page: bytes, at: int, within: int) -> bool:
    """Return whether the last quote of its kind before *at* follows a ``=``: then it is open at *at*."""
    first = max(0, at - within)
    for quote in (b'"', b"'"):
        start = max(0, page.rfind(quote, first, max(0, at)))
        before = page[max(0, start - 1) : start]
        if before.isspace():
            before = page[first:start].rstrip()[-1:]
        if before == b"=":
            return True
    return False


def _bound_attributes(page: bytes, longest: int) -> bytes:
    """Return *page* without the attributes of start tags that are longer than *longest*, values not counted."""
    pieces = []
    end = 0
    for match in _TAG_RE.finditer(page):
        start, stop = match.span()
        name = _NAME_RE.match(page, start) if stop - start > longest else None
        if name is None or name[0].lower().startswith(_RAW) or len(_VALUE_RE.sub(b"", match[0])) <= longest:
            continue
        pieces += [page[end:start], name[0]]
        end = stop
    return b"".join([*pieces, page[end:]]) if pieces else page
