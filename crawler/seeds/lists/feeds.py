"""Feeds and sitemaps in XML: RSS 0.9x, 1.0 and 2.0, Atom, sitemaps, news sitemaps and sitemap indexes.

They are read as a stream. Entities are never resolved, nothing is loaded from outside, and libxml2's limits on depth,
text and amplification apply. Damage is reported, and what stands around it is read.
Sources: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287 (Atom),
https://www.sitemaps.org/protocol.html
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from queue import Full, Queue
from threading import Event, Thread
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

from crawler.seeds.lists.model import MAX_TITLE_LETTERS, MAX_URL_LETTERS, Listed, ListedArticle, ListedSitemap, Note

_ROOT_RE = re.compile(
    rb"(?>\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*+<([A-Za-z_][\w.:-]*)", re.DOTALL | re.IGNORECASE
)
_BOM = b"\xef\xbb\xbf"
_CONTAINERS = frozenset({"rss", "channel", "rdf", "feed", "urlset", "sitemapindex"})
_ENTRIES = frozenset({"item", "entry", "url"})
_RSS_1 = (b"purl.org/rss/1.", b"netscape.com/rdf/simple/0.9", b"purl.org/net/rss1.")
_FEED_ROOTS = frozenset({"rss", "feed", "urlset", "sitemapindex"})
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_TAG_RE = re.compile(r"<[^<>]{1,1000}>")
_BLOCK_BYTES = 1 << 15
_ENTRIES_A_PART = 100
_MAX_PARTS_AHEAD = 4
_POLL_SECONDS = 0.2
_MAX_SPACE_BYTES = 1 << 12


def xml_root(head: bytes) -> str | None:
    """Return the local name of the root element of the XML that begins with *head*, in lower case; None: no XML.

    >>> xml_root(b'<?xml version="1.0"?><!-- a --><rdf:RDF xmlns="http://purl.org/rss/1.0/">')
    'rdf'
    """
    match = _ROOT_RE.match(head.removeprefix(_BOM))
    return match[1].rpartition(b":")[2].decode("latin-1").lower() if match else None


def is_feed(head: bytes) -> bool:
    """Return whether a feed or a sitemap begins with *head*."""
    root = xml_root(head)
    return root in _FEED_ROOTS or (root == "rdf" and any(name in head for name in _RSS_1))


def read_feed(source: str, stream: IO[bytes], note: Note, *, recoded: bool) -> Iterator[Listed]:
    """Yield what the feed or sitemap in *stream* names; *note* receives what is wrong with its XML.

    *recoded*: the stream is UTF-8, whatever its declaration says. A parser of lxml must stay in one thread, whereas a
    generator may be continued in any: so it is parsed in a thread of its own, some entries ahead.
    """
    parts: Queue[list[Listed | str] | BaseException] = Queue(_MAX_PARTS_AHEAD)
    is_left = Event()

    def put(part: list[Listed | str] | BaseException) -> None:
        while not is_left.is_set():
            with suppress(Full):
                parts.put(part, timeout=_POLL_SECONDS)
                return
        raise _Left

    def parse() -> None:
        entries = _parsed(source, stream, recoded=recoded)
        with suppress(_Left):
            try:
                while part := list(islice(entries, _ENTRIES_A_PART)):
                    put(part)
                put([])
            except Exception as error:  # noqa: BLE001 - raised again below
                put(error)

    Thread(target=parse, name="feed", daemon=True).start()
    try:
        while part := parts.get():
            if isinstance(part, BaseException):
                raise part
            for entry in part:
                if isinstance(entry, str):
                    note(entry)
                else:
                    yield entry
    finally:
        is_left.set()


class _Left(BaseException):
    """Nobody reads the entries of a feed any more."""


def _parsed(source: str, stream: IO[bytes], *, recoded: bool) -> Iterator[Listed | str]:
    """Yield the entries, and as text what is wrong."""
    events = etree.iterparse(
        _Trimmed(stream),
        events=("end",),
        encoding="utf-8" if recoded else None,
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    base: str | None = None
    count = 0
    try:
        for _, element in events:
            parent = element.getparent()
            if parent is None or _name(parent) not in _CONTAINERS:
                continue
            name = _name(element)
            if name in _ENTRIES:
                count += 1
                yield _article(element, name, source, count, base)
            elif name == "sitemap" and (url := _child_text(element, "loc")):
                yield ListedSitemap(source=source, url=url)
            elif name == "link" and base is None:
                base = _own_address(element)
            if name not in _CONTAINERS:
                _forget(element)
    except etree.XMLSyntaxError as error:
        yield f"not well-formed, and read up to the damage: {error}"
        return
    if broken := [one for one in events.error_log if one.level >= etree.ErrorLevels.ERROR]:
        yield f"line {broken[0].line}: not well-formed ({broken[0].message.strip()}); read as far as possible"


class _Trimmed(io.RawIOBase):
    """A stream without the space before its first byte, which XML does not allow before a declaration."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._begun = False

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size if size > 0 else _BLOCK_BYTES)
        if not self._begun and data:
            self._begun = True
            bare = data.removeprefix(_BOM).lstrip(b" \t\r\n")
            if bare.startswith(b"<") and len(data) - len(bare) <= _MAX_SPACE_BYTES:
                return bare
        return data


def _article(element: Any, kind: str, source: str, number: int, base: str | None) -> ListedArticle:
    url, picture = _link(element) if kind != "url" else _child_text(element, "loc"), _picture(element)
    title = next(filter(None, (_title(one) for one in element.iter("{*}title"))), None)
    return ListedArticle(
        source=source,
        line=number,
        url=url,
        title=title,
        picture=picture,
        base=_xml_base(element) or base,
    )


def _link(item: Any) -> str | None:
    """Return the address of the article of an RSS item or an Atom entry, the original one before a tracker's."""
    if original := _child_text(item, "origlink"):
        return original
    other = None
    for child in item:
        name = _name(child)
        if name == "link":
            rel = (child.get("rel") or "alternate").lower()
            address = (child.get("href") or child.text or "").strip()
            if address and rel == "alternate":
                return address[:MAX_URL_LETTERS]
        elif name in {"guid", "id"} and (child.get("isPermaLink") or "").lower() != "false":
            text = _text(child)
            other = text if text and "://" in text else other
    about = next((value for name, value in item.attrib.items() if name.endswith("}about")), None)
    return other or (about and about[:MAX_URL_LETTERS])


def _picture(element: Any) -> str | None:
    for child in element.iter():
        name, space = _name(child), etree.QName(child).namespace or "" if isinstance(child.tag, str) else ""
        if name == "enclosure" or (name in {"content", "thumbnail"} and "mrss" in space):
            is_picture = (child.get("type") or child.get("medium") or "image").startswith("image")
            if is_picture and (url := child.get("url")):
                return str(url).strip()[:MAX_URL_LETTERS]
        elif name == "loc" and "image" in space:
            return _text(child)
    return None


def _title(element: Any) -> str | None:
    """Return the text of a title; in feeds it is often HTML, escaped once or twice."""
    text = html.unescape(" ".join("".join(element.itertext()).split()))
    return _TAG_RE.sub("", text).strip()[:MAX_TITLE_LETTERS] or None


def _own_address(link: Any) -> str | None:
    """Return the address of the feed or its site in a *link* of the channel, to which other links are relative."""
    address = str(link.get("href") or link.text or "").strip()
    return address if "://" in address else None


def _xml_base(element: Any) -> str | None:
    bases = (one.get(_XML_BASE) for one in (element, *element.iterancestors()))
    return next((base for base in bases if base and "://" in base), None)


def _child_text(element: Any, name: str) -> str | None:
    return next((_text(child) for child in element if _name(child) == name), None)


def _text(element: Any) -> str | None:
    return "".join(element.itertext()).strip()[:MAX_URL_LETTERS] or None


def _name(element: Any) -> str:
    """Return the local name of *element* in lower case; empty for an entity."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _forget(element: Any) -> None:
    """Free *element* and what stands before it, so that memory does not grow with the file."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    while element.getprevious() is not None:
        del parent[0]
