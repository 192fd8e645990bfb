"""Extracts the visible text of a page, including leaked dumps: the input of seeds."""

from __future__ import annotations

import re

from crawler.extract.blocks import HIDDEN, TextBlock, blocks
from crawler.extract.dump import DUMP_RE, shield
from crawler.extract.tree import parse
from crawler.text.charset import decode

_SPACE_RE = re.compile(r"[ \t\n\r\f\xa0]+")
_UNSEEN = HIDDEN - {"object", "button"}


def page_text(html: bytes, charset: str | None = None) -> str:
    r"""Return the visible text of *html*: each block is a line, a blank line separates them, entities are decoded once.

    White space is folded, except in a dump: from its first character to the end of the block the text is exactly that
    of the page, so that its declared length can be checked. *charset*: see :func:`crawler.text.charset.decode`. Never
    fails; a page without text gives an empty string.

    >>> page_text(b"<h1>Rain</h1><p>It rained &amp; rained.<script>hidden()</script>")
    'Rain\n\nIt rained & rained.'
    """
    source = decode(html, charset)
    if "string(" in source:
        source = shield(source)
    texts: list[str] = []
    for block in _joined(source):
        match = DUMP_RE.search(block)
        text = block if match is None else block[: match.start()]
        if line := _SPACE_RE.sub(" ", text).strip():
            texts.append(line)
        if match:
            texts.append(block[match.start() :].rstrip())
    return "\n\n".join(texts)


def _joined(source: str) -> list[str]:
    """Return the texts of the blocks of *source*; blocks that continue inside a dump are joined."""
    root = parse(source.encode("utf-8", "replace")).root
    texts: list[str] = []
    dump: TextBlock | None = None
    for block in blocks(root, _UNSEEN):
        if block.place.unseen:
            continue
        text = block.text
        if dump is not None and block.place is dump.place:
            texts[-1] += text
            continue
        texts.append(text)
        dump = block if DUMP_RE.search(text) else None
    return texts
