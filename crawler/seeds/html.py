"""Raw HTML to text, with the way back: for every place in the text, the place in the HTML it came from.

This is no HTML parser. It keeps what a dump needs (text in its order, entities decoded once, line ends where blocks
end), and of the prose what a reader would see. Extraction of articles from good HTML is the business of
:mod:`crawler.extract`.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Sequence

_HTML_RE = re.compile(
    rb"<(?:!doctype html|/?(?:html|head|body|div|p|br|pre|span|font|small|table|td|script|article|h1))"
    rb"(?:[\s/][^<>]{0,2000}+)?>",
    re.IGNORECASE,
)
_ENTITY_RE = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ESCAPED_DUMP_RE = re.compile(rb"=&gt;|\{&quot;|\{&#0?34;|:&quot;")
_TOKEN_RE = re.compile(
    rb"<(?:(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,20}+)(?:[\s/][^<>]*+)?+>|(?P<comment>!--)|[!?][^<>]*+>)"
    rb"|(?P<entity>" + _ENTITY_RE.pattern + rb")"
)
_SPACE_RE = re.compile(rb"[\s]+")
_BLOCKS = frozenset(
    b"address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li"
    b" main nav ol p pre section table tbody tr ul title".split()
)
_HIDDEN = frozenset(b"script style template noscript svg nav footer select button iframe textarea".split())
_CELLS = frozenset((b"td", b"th"))
_MAX_TOKENS = 1_000_000


def looks_like_html(data: bytes) -> bool:
    """Tell whether *data* holds a tag of a page, or a dump with its quotes or arrows as entities."""
    if data.find(b"<") >= 0 and _HTML_RE.search(data):
        return True
    return data.find(b"&") >= 0 and _ESCAPED_DUMP_RE.search(data) is not None


class HtmlText:
    """The text of *data*, in which each of *holes* (spans that were read already) is one :attr:`HOLE`.

    ``data`` is the text in UTF-8, ``title`` what the ``<title>`` said, ``heading`` the first ``<h1>``; ``complete``
    is False if the page had so many tags that the rest was left.
    """

    HOLE = b"\x02"
    """A byte that no text holds."""

    def __init__(self, data: bytes, holes: Sequence[tuple[int, int]] = ()) -> None:
        self._source = data
        self._parts: list[bytes] = []
        self._length = 0
        self._text_at: list[int] = []
        self._source_at: list[int] = []
        self._hidden: bytes | None = None
        self._pre = 0
        self._captured: dict[bytes, list[int]] = {}
        self._tokens = 0
        position = 0
        for start, end in holes:
            self._segment(position, start)
            self._put(self.HOLE, start)
            position = end
        self._segment(position, len(data))
        self.data = b"".join(self._parts)
        self.complete = self._tokens < _MAX_TOKENS
        self.title = self._capture(b"title")
        self.heading = self._capture(b"h1")

    def source(self, position: int) -> int:
        """Return where in the HTML the byte at *position* of the text came from."""
        place = bisect_right(self._text_at, position) - 1
        if place < 0:
            return 0
        end = self._source_at[place + 1] if place + 1 < len(self._source_at) else len(self._source)
        return min(self._source_at[place] + position - self._text_at[place], end)

    def _put(self, text: bytes, source: int) -> None:
        if text:
            self._text_at.append(self._length)
            self._source_at.append(source)
            self._parts.append(text)
            self._length += len(text)

    def _text(self, start: int, end: int) -> None:
        if start >= end or self._hidden is not None:
            return
        text = self._source[start:end]
        if not self._pre and (b"\n" in text or b"\r" in text):
            text = text.replace(b"\r", b" ").replace(b"\n", b" ")  # byte for byte: offsets hold
        self._put(text, start)

    def _segment(self, start: int, end: int) -> None:
        position = start
        while self._tokens < _MAX_TOKENS:
            token = _TOKEN_RE.search(self._source, position, end)
            if token is None:
                break
            self._tokens += 1
            self._text(position, token.start())
            position = token.end()
            if token["entity"]:
                self._entity(token)
            elif token["comment"]:
                closing = self._source.find(b"-->", position, end)
                position = end if closing < 0 else closing + 3
            elif token["name"]:
                self._tag(token["name"].lower(), bool(token["close"]), token.start())
        self._text(position, end)

    def _entity(self, token: re.Match[bytes]) -> None:
        if self._hidden is None:
            text = html.unescape(token[0].decode("ascii"))
            # Where spaces were made unbreakable for the page, the dump had plain ones.
            self._put(b" " if text == "\xa0" else text.encode("utf-8", "replace"), token.start())

    def _tag(self, name: bytes, closes: bool, source: int) -> None:
        if self._hidden is not None:
            if closes and name == self._hidden:
                self._hidden = None
            return
        if name in _HIDDEN and not closes:
            self._hidden = name
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
