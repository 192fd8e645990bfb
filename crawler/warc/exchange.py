"""One exchange over HTTP in the form for a WARC file: without secrets, and without headers that are not true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from urllib.parse import quote, urlsplit

Headers = tuple[tuple[str, str], ...]
"""Names and values in order; bytes beyond ASCII are Latin-1 characters."""

Truncated = Literal["length", "time", "disconnect", "unspecified"]

HELD_BACK = "X-Crawler-"
"""Prefix for the name of a header that no longer matches the stored body, as Common Crawl writes it."""

_SECRET_RE = re.compile(
    r"(?:^|[-_])(?:set-)?(?:cookie2?|authorization|authentication-info|auth|token|jwt|secret|passw(?:or)?d|session"
    r"|sid|api-?key|access-?key|credentials?|signature)(?:[-_]id)?(?:$|[-_](?:id|key)$)",
    re.ASCII | re.IGNORECASE,
)
_BREAKS_RE = re.compile(r"[\r\n\0]+")
_NO_URI_RE = re.compile(r"[^\x21-\x7e]+|[<>]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its response. ``body`` is the entity with its content coding, without transfer coding.

    ``date`` is when the response began, in UTC; ``ip`` the server's address, if known; ``truncated`` why the body is
    incomplete, None if it is complete. There is no reason phrase, as Scrapy does not report it.
    """

    url: str
    date: datetime
    method: str = "GET"
    request_headers: Headers = ()
    request_body: bytes = b""
    protocol: str = "HTTP/1.1"
    status: int
    headers: Headers = ()
    body: bytes = b""
    ip: str | None = None
    truncated: Truncated | None = None

    @property
    def warc_date(self) -> str:
        """``date`` as WARC/1.1 writes it, to the millisecond."""
        utc = self.date.astimezone(UTC)
        return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"

    def header(self, name: str) -> str | None:
        """Return the first value of the response header *name*, None if there is none."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)


class HttpBlock(NamedTuple):
    """The start line and the headers of a message, as they are stored."""

    start: str
    headers: Headers

    def encode(self) -> bytes:
        """Return the bytes up to and including the empty line."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1", "replace")


def request_block(exchange: Exchange) -> HttpBlock:
    """Return the head of the request, with the ``Host`` that every HTTP/1.1 client sends."""
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = any(name.lower() == "host" for name, _ in exchange.request_headers)
    host: Headers = () if named else (("Host", parts.netloc.rpartition("@")[2]),)
    return HttpBlock(_line(f"{exchange.method} {target} HTTP/1.1"), host + public(exchange.request_headers))


def response_block(exchange: Exchange) -> HttpBlock:
    """Return the head of the response, so that it describes the body that is stored with it.

    Headers for a removed transfer coding and a length that is not that of the body are kept under another name
    (:data:`HELD_BACK`), so that no reader uses them.
    """
    headers = []
    for name, value in public(exchange.headers):
        untrue = name.lower() == "transfer-encoding" or (
            name.lower() == "content-length" and value.strip() != str(len(exchange.body))
        )
        headers.append((HELD_BACK + name if untrue else name, value))
    return HttpBlock(_line(f"{exchange.protocol} {exchange.status} "), tuple(headers))


def public(headers: Headers) -> Headers:
    """Return *headers* without those whose names show that they hold secrets: cookies, credentials, tokens."""
    return tuple((_line(name), _line(value)) for name, value in headers if not is_secret(name))


def target_uri(url: str) -> str:
    """Return *url* for ``WARC-Target-URI``: characters that would break or change a header are percent-encoded.

    >>> target_uri("http://example.org/a b")
    'http://example.org/a%20b'
    """
    return _NO_URI_RE.sub(lambda found: quote(found[0], errors="surrogatepass"), url)


def is_secret(name: str) -> bool:
    """Return whether a header called *name* is kept out of WARC files.

    >>> [name for name in ("Cookie", "Set-Cookie", "X-Api-Key", "ETag", "WWW-Authenticate") if is_secret(name)]
    ['Cookie', 'Set-Cookie', 'X-Api-Key']
    """
    return _SECRET_RE.search(name) is not None


def _line(text: str) -> str:
    return _BREAKS_RE.sub(" ", text)
