"""Raw HTML to text, with a mapping back: for every place in the text, its place in the HTML.

This is not an HTML parser. It keeps what a dump needs (text in its order, entities decoded once, line ends where blocks
end), and the prose that a reader would see. Articles are extracted from good HTML by :mod:`crawler.extract`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from crawler.seeds.mapped import Mapped

_HTML_RE = re.compile(
    rb"<(?:!doctype html|/?(?:html|head|body|div|p|br|pre|span|font|small|table|td|script|article|h1))"
    rb"(?:[\s/][^<>]{0,2000}+)?>",
    re.IGNORECASE,
)
_ENTITY_RE = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ESCAPED_DUMP_RE = re.compile(
    rb"=&(?:amp;){0,3}gt;|[\[{]\s{0,64}&(?:amp;){0,3}(?:quot|#0?34);|:&(?:amp;){0,3}quot;|&(?:amp;){0,3}quot;\s{0,9}:"
)
_ATTRIBUTES = rb"(?:[^<>=]++|=[\s]*+(?:\"[^\"<]*+\"|'[^'<]*+')|=)*+"
"""Values in quotes may hold ``>``."""
_TOKEN_RE = re.compile(
    rb"<(?:(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,20}+)(?:[\s/]" + _ATTRIBUTES + rb")?+>"
    rb"|(?P<comment>!--)|[!?][^<>]*+>)"
    rb"|(?P<entity>" + _ENTITY_RE.pattern + rb")"
)
_OPEN_TAG_RE = re.compile(rb"<(?:/?[A-Za-z][A-Za-z0-9]{0,20}+(?:[\s/][^<>]*+)?+|[!?][^<>]*+)\Z")
"""A tag that a hole, or the end of the page, interrupts."""
_SPACE_RE = re.compile(rb"[\s]+")
_BLOCKS = frozenset(
    b"address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li"
    b" main nav ol p pre section table tbody tr ul title".split()
)
_HIDDEN = frozenset(b"script style template noscript svg nav footer select button iframe textarea".split())
_CONTAINERS = frozenset(b"pre div span section article aside main blockquote table ul ol dl".split())
"""Elements whose end tags are almost never omitted."""
_HIDDEN_RE = re.compile(rb"\shidden(?=[\s=/>])", re.IGNORECASE)
_NOT_DISPLAYED_RE = re.compile(rb"\sstyle\s*+=[^>]{0,500}?display\s*+:\s*+none", re.IGNORECASE)
_QUOTED_RE = re.compile(rb"\"[^\"]*+\"|'[^']*+'")
_RAW = frozenset(b"script style textarea".split())
"""Elements in which comments have no meaning."""
_CELLS = frozenset((b"td", b"th"))
_MAX_TOKENS = 1_000_000


def looks_like_html(data: bytes) -> bool:
    """Return whether *data* holds a tag of a page, or a dump with its quotes or arrows as entities."""
    if data.find(b"<") >= 0 and _HTML_RE.search(data):
        return True
    return data.find(b"&") >= 0 and _ESCAPED_DUMP_RE.search(data) is not None


class HtmlText(Mapped):
    """The text of *source*, in which each of *holes* (spans that were read already) is one :attr:`HOLE`.

    ``title`` is the text of ``<title>``, ``heading`` that of the first ``<h1>``; ``complete`` is False if the page had
    too many tags, so that the rest was skipped. With *unseen*, invisible parts belong to the text: comments, scripts,
    hidden elements; otherwise neither they nor the holes in them do.
    """

    def __init__(
        self, source: bytes, holes: Sequence[tuple[int, int]] = (), inner: Mapped | None = None, *, unseen: bool = False
    ) -> None:
        self._unseen = unseen
        self._hidden: bytes | None = None
        self._in_comment = self._in_tag = False
        self._nested = 0
        self._pre = 0
        self._captured: dict[bytes, list[int]] = {}
        self._tokens = 0
        super().__init__(source, holes, inner)
        self.complete = self._tokens < _MAX_TOKENS
        self.title = self._capture(b"title")
        self.heading = self._capture(b"h1")

    def _hole(self, source: int) -> None:
        if self._hidden is None and not self._in_comment:
            super()._hole(source)

    def _text(self, start: int, end: int) -> None:
        if start >= end or self._hidden is not None:
            return
        text = self._source[start:end]
        if not self._pre and not self._unseen and (b"\n" in text or b"\r" in text):
            text = text.replace(b"\r", b" ").replace(b"\n", b" ")  # byte for byte: offsets stay valid
        self._put(text, start)

    def _segment(self, start: int, end: int) -> None:
        position = start
        if self._in_tag:  # a hole was in an attribute
            closing = self._source.find(b">", start, end)
            if closing < 0:
                return
            self._in_tag, position = False, closing + 1
        while self._tokens < _MAX_TOKENS:
            if self._in_comment:
                closing = self._source.find(b"-->", position, end)
                if closing < 0:
                    return
                self._in_comment, position = False, closing + 3
            token = _TOKEN_RE.search(self._source, position, end)
            if token is None:
                break
            self._tokens += 1
            self._text(position, token.start())
            position = token.end()
            if token["entity"]:
                self._entity(token)
            elif token["comment"]:
                self._in_comment = not self._unseen and self._hidden not in _RAW
            elif token["name"]:
                self._tag(token)
        last = self._source.rfind(b"<", position, end)
        self._in_tag = not self._unseen and last >= 0 and _OPEN_TAG_RE.match(self._source, last, end) is not None
        self._text(position, last if self._in_tag else end)

    def _entity(self, token: re.Match[bytes]) -> None:
        if self._hidden is None:
            text = html.unescape(token[0].decode("ascii"))
            # If the page made spaces non-breaking, the dump had plain ones.
            self._put(b" " if text == "\xa0" else text.encode("utf-8", "replace"), *token.span())

    def _tag(self, token: re.Match[bytes]) -> None:
        name, closes, source = token["name"].lower(), bool(token["close"]), token.start()
        if self._hidden is not None:
            if name == self._hidden:
                self._nested += -1 if closes else name in _CONTAINERS
                self._hidden = self._hidden if self._nested else None
            return
        if not closes and not self._unseen and (name in _HIDDEN or _is_hidden(name, token[0])):
            self._hidden, self._nested = name, 1
            return
        if name == b"pre":
            self._pre = max(0, self._pre + (-1 if closes else 1))
        if name in _BLOCKS:
            self._put(b"\n", source)
        elif name in _CELLS:
            self._put(b" ", source)
        if name in (b"title", b"h1"):
            spans = self._captured.setdefault(name, [])
            if len(spans) == (1 if closes else 0):
                spans.append(self._length)

    def _capture(self, name: bytes) -> str | None:
        spans = self._captured.get(name, [])
        if len(spans) != 2:  # noqa: PLR2004 - where it begins and where it ends
            return None
        return _SPACE_RE.sub(b" ", self.data[spans[0] : spans[1]]).decode("utf-8", "replace").strip() or None


def _is_hidden(name: bytes, tag: bytes) -> bool:
    """Return whether an element, which ends at its end tag, is hidden by its attributes."""
    if name not in _CONTAINERS:
        return False
    return bool(_NOT_DISPLAYED_RE.search(tag) or _HIDDEN_RE.search(_QUOTED_RE.sub(b"", tag)))
