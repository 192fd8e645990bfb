"""Leaked PHP dumps in a page: unchanged where they are read, and left out of the text of articles."""

from __future__ import annotations

import html
import re

DUMP_RE = re.compile(r'string\(\d{1,9}\)\s{0,3}["“][\[{]|array\(\d{1,6}\)\s{0,3}\{\s{0,20}\[|"contenttypeid"\s{0,3}:')
_DECLARED_RE = re.compile(r'string\((\d{1,9})\)\s{0,3}"(?=\[)')


def without_dump(text: str) -> str:
    """Return *text* up to the beginning of a dump in it.

    >>> without_dump('The end. string(4) "[ ]"')
    'The end. '
    """
    match = DUMP_RE.search(text)
    return text[: match.start()] if match else text


def shield(source: str) -> str:
    """Return the HTML *source* with every raw dump escaped, so that parsing returns exactly its characters.

    A dump is raw if the number of bytes that it declares ends in the source exactly at its closing quote. Then an
    ``&amp;`` or a ``<`` in it is what PHP printed and counted, not markup. Any other dump was encoded by the page
    (or cut, or folded), and is decoded once like other text.
    """
    pieces = []
    end = 0
    for match in _DECLARED_RE.finditer(source):
        start = match.end()
        size = int(match[1])
        payload = source[start : start + size].encode("utf-8", "replace")[:size]
        text = payload.decode("utf-8", "ignore")
        if start < end or not text.endswith("]") or source[start + len(text) : start + len(text) + 1] != '"':
            continue
        pieces += [source[end:start], html.escape(text, quote=False).replace("\r", "&#13;")]
        end = start + len(text)
    return "".join([*pieces, source[end:]]) if pieces else source
