"""Reads the HTTP response in a record, leniently, as tools write it in many forms."""

from __future__ import annotations

import re
from typing import NamedTuple

from crawler.warc.coding import Decoded, decode
from crawler.warc.exchange import Headers

_START_RE = re.compile(
    rb"[\r\n \t]{0,16}(HTTP/[0-9.]{1,8}|HTTP|ICY)[ \t]*([0-9]{0,9})[^\n]{0,8000}(?:\n|\Z)", re.IGNORECASE
)
_BEGINNINGS = frozenset({b"H", b"h", b"I", b"i", b"\r", b"\n", b" ", b"\t"})
_END_RE = re.compile(rb"\r{0,2}\n\r{0,2}\n")
"""A transfer in text mode doubles the ``\\r`` of every line."""


class Message(NamedTuple):
    """An HTTP response: ``status`` is None if there is none, ``body`` is not decoded yet."""

    protocol: str
    status: int | None
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the values of the header *name* (lower case), joined by commas; None if there is none."""
        values = [value for given, value in self.headers if given.lower() == name]
        return ", ".join(values) if values else None

    def decoded(self, limit: int) -> Decoded:
        """Return the decoded body. Raises as :func:`~crawler.warc.coding.decode` does."""
        return decode(self.body, self.header("content-encoding"), self.header("transfer-encoding"), limit=limit)


def read_message(block: bytes) -> Message | None:
    r"""Return the HTTP response in *block*, None if there is none.

    >>> read_message(b"HTTP/1.1 200\nX: a\n\nbody")
    Message(protocol='HTTP/1.1', status=200, headers=(('X', 'a'),), body=b'body')
    """
    start = _START_RE.match(block) if block[:1] in _BEGINNINGS else None
    if start is None:
        return None
    end = _END_RE.search(block, start.end() - 3)
    head, body = (block[start.end() : end.start()], block[end.end() :]) if end else (block[start.end() :], b"")
    headers: list[tuple[str, str]] = []
    for line in head.decode("latin-1").split("\n"):
        name, colon, value = line.partition(":")
        if line[:1] in {" ", "\t"} and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
        elif colon and name.strip():
            headers.append((name.strip(), value.strip()))
    return Message(start[1].decode().upper(), int(start[2]) if start[2] else None, tuple(headers), body)
