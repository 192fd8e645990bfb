"""Pages that only lead to another one: the header ``Refresh`` and ``<meta http-equiv=refresh>``, as in browsers. Pure.

https://html.spec.whatwg.org/multipage/semantics.html#attr-meta-http-equiv-refresh
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

from w3lib.url import safe_url_string

MAX_SCANNED_LETTERS = 64 * 1024
"""How much of the start of a page is scanned."""
AT_ONCE_SECONDS = 3.0
"""A page that leads on within this time is not meant to be read, whatever it contains."""
MAX_NOTICE_LETTERS = 600
"""A page with more text than this is read, and a later refresh is ignored."""
MAX_BARE_LETTERS = 200
"""A page with more text than this is read, and a refresh to another article, or to none, is ignored."""

MAX_SCANNED_BYTES = 128 * 1024
"""How many bytes at the start of a page are scanned."""

_REFRESH_RE = re.compile(
    r"\s*(?P<seconds>[0-9]+|(?=\.))[0-9.]*(?:\s*[;,]\s*|\s+|$)(?:url\s*=\s*)?(?P<url>.*)", re.IGNORECASE | re.DOTALL
)
_ATTRIBUTE_RE = re.compile(
    r"""[\s/]*(?P<name>[^\s=>/"'<]{1,100})(?:\s{0,100}=\s{0,100}(?:"(?P<a>[^"]{0,4000})"|'(?P<b>[^']{0,4000})'|(?P<c>[^\s>]{0,4000})))?"""
)
_TAG_RE = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]{0,20})")
_UNREAD = frozenset({"noscript", "script", "style", "template", "textarea", "title", "xmp", "iframe", "noframes"})
"""Elements whose content is not markup to a browser that runs scripts."""
_MAX_SECONDS_DIGITS = 9


class Refresh(NamedTuple):
    """The URL to which a page leads, and after how many seconds; ``url`` may be relative, and is empty for itself."""

    seconds: float
    url: str


class Notice(NamedTuple):
    """What the start of a page contains: its refresh, the base of its URLs, and the number of letters of text."""

    refresh: Refresh | None
    base: str | None
    letters: int


def read_refresh(value: str) -> Refresh | None:
    """Read the value of a ``Refresh``; return None if it is invalid.

    >>> read_refresh("0; url='/news/1'"), read_refresh("5"), read_refresh("0,/x")
    (Refresh(seconds=0.0, url='/news/1'), Refresh(seconds=5.0, url=''), Refresh(seconds=0.0, url='/x'))
    """
    match = _REFRESH_RE.match(value[:MAX_SCANNED_LETTERS])
    if match is None:
        return None
    url = match["url"].strip()
    if url[:1] in {"'", '"'}:
        url = url[1:].partition(url[0])[0].strip()
    return Refresh(float(match["seconds"][:_MAX_SECONDS_DIGITS] or 0), url)


def read_notice(markup: str) -> Notice:
    """Read the start of a page.

    >>> read_notice('<meta http-equiv="refresh" content="0; url=/x"><p>Loading').refresh
    Refresh(seconds=0.0, url='/x')
    """
    refresh: Refresh | None = None
    base: str | None = None
    letters = 0
    for tag, rest in _pieces(markup[:MAX_SCANNED_LETTERS]):
        if tag is None:
            letters += sum(map(len, rest.split()))
        elif tag == "meta" and refresh is None:
            attributes = _attributes(rest)
            if attributes.get("http-equiv", "").strip().lower() == "refresh":
                refresh = read_refresh(attributes.get("content", ""))
        elif tag == "base" and base is None:
            base = _attributes(rest).get("href")
    return Notice(refresh, base, letters)


def leads_on(refresh: Refresh, letters: int, max_seconds: float) -> bool:
    """Return whether a page with so many *letters* only leads to another one, at most after *max_seconds*."""
    return refresh.seconds <= (AT_ONCE_SECONDS if letters > MAX_NOTICE_LETTERS else max_seconds)


class FurtherPage(NamedTuple):
    """The URL to which a page leads on, and the number of letters of text in the page itself."""

    url: str
    letters: int

    def is_of(self, url: str) -> bool:
        """Return whether it is the page at *url* itself."""
        return urldefrag(self.url).url == urldefrag(url).url


def further_page(url: str, header: str | None, start: bytes, max_seconds: float) -> FurtherPage | None:
    """Return where the page at *url* leads on within *max_seconds*; None if it does not.

    *header* is its ``Refresh``; *start* are its first :data:`MAX_SCANNED_BYTES`, none if it is not text.
    """
    refresh, base, letters = read_refresh(header) if header else None, "", 0
    if header or b"refresh" in start.lower().replace(b"\0", b""):
        notice = read_notice(_text(start))
        letters = notice.letters
        if refresh is None:
            refresh, base = notice.refresh, notice.base or ""
    if refresh is None or not leads_on(refresh, letters, max_seconds):
        return None
    further = _joined(url, base, refresh)
    return None if further is None else FurtherPage(further, letters)


def _text(start: bytes) -> str:
    """Return the start of a page as text, in which ASCII is readable whatever the encoding."""
    encoding = "utf-16" if start[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    return start.decode(encoding, "replace")


def _joined(page: str, base: str, refresh: Refresh) -> str | None:
    """Return the URL of *refresh* on a page at the URL *page* with the base *base*; None if that is not a URL."""
    if not refresh.url:
        return page
    try:
        url = page
        for relative in (base, refresh.url):
            url = urljoin(url, safe_url_string(relative)) if relative else url
    except ValueError:
        return None
    return url if url.startswith(("http://", "https://")) else None


def _pieces(markup: str) -> Iterator[tuple[str | None, str]]:
    """Yield the start tags in *markup*, each name with what follows it up to ``>``, and the texts, each with None."""
    at = 0
    while at < len(markup):
        start = markup.find("<", at)
        if start < 0:
            start = len(markup)
        yield None, markup[at:start]
        if markup.startswith("<!--", start):
            at = _after(markup, "-->", start + 4)
            continue
        match = _TAG_RE.match(markup, start)
        if match is None:
            at = start + 1
            continue
        name = match[1].lower()
        at = _tag_end(markup, match.end())
        yield name, markup[match.end() : at]
        if name in _UNREAD:
            at = _after(markup, f"</{name}", at, any_case=True)


def _after(markup: str, end: str, at: int, *, any_case: bool = False) -> int:
    if any_case:
        match = re.compile(re.escape(end), re.IGNORECASE).search(markup, at)
        return match.start() if match else len(markup)
    found = markup.find(end, at)
    return found + len(end) if found >= 0 else len(markup)


def _tag_end(markup: str, at: int) -> int:
    """Return where the tag ends whose attributes begin at *at*: the place after its ``>``."""
    while match := _ATTRIBUTE_RE.match(markup, at):
        at = match.end()
    found = markup.find(">", at)
    return found + 1 if found >= 0 else len(markup)


def _attributes(rest: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE_RE.finditer(rest):
        value = match["a"] or match["b"] or match["c"] or ""
        found.setdefault(match["name"].lower(), unescape(value))
    return found
