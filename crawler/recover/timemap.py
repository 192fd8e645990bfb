"""TimeMaps (RFC 7089): which captures an archive has of one URL, as links or as JSON.

Link-format is the one form that all Memento archives have (RFC 7089, section 5; RFC 8288). JSON comes in three forms:
``{"mementos": {"list": [{"datetime", "uri"}]}}`` (MemGator's, which others copied), one object a line (pywb's), and
one array of arrays whose first names the fields (the Wayback Machine's). MemGator's CDXJ is read, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from crawler.net import url_origin
from crawler.recover.holdings import IndexLine
from crawler.recover.wayback import replayed
from crawler.warc.dates import instant

MAX_URL_LETTERS = 4_000
_LINK_RE = re.compile(rb"\s*<([^>]*)>")
_PARAMETER_RE = re.compile(rb'\s*;\s*([\w!#$&+.^`|~-]+)\*?\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?', re.DOTALL)
_SEPARATOR_RE = re.compile(rb"\s*,")
_CDXJ_RE = re.compile(rb"[0-9]{4,14} +\{", re.ASCII)
_STATUS_RE = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_UNKNOWN = frozenset({"", "-"})


class Memento(NamedTuple):
    """A capture in a TimeMap: ``timestamp`` is 14 digits, UTC; ``uri`` is where the archive serves it.

    Some TimeMaps say instead of the URI which URL was captured (``original``), and how: then ``uri`` is None.
    """

    timestamp: str
    uri: str | None
    original: str | None = None
    mime: str = ""
    status: int | None = None
    digest: str = ""


class TimeMap(NamedTuple):
    """A TimeMap: the URL it is of, its captures, the URLs of further pages, and the number of unreadable entries."""

    original: str | None
    mementos: tuple[Memento, ...]
    further: tuple[str, ...]
    broken: int


def read_timemap(body: bytes) -> TimeMap:
    """Read a TimeMap, in whichever form it is. Raises ValueError if *body* is not empty and is none.

    >>> body = b'<http://a/>;rel="original",<http://h/2016/http://a/>;rel="memento";datetime="Sat, 27 Feb 2016 10:11:12 GMT"'
    >>> read_timemap(body).mementos[0]
    Memento(timestamp='20160227101112', uri='http://h/2016/http://a/', original=None, mime='', status=None, digest='')
    """  # noqa: E501 - a link of a TimeMap
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        return TimeMap(None, (), (), 0)
    if body.startswith(b"<") and b">" in body and b"rel" in body:
        found = _of_links(body)
    elif body.startswith((b"{", b"[", b"!", b"@")) or _CDXJ_RE.match(body):
        found = _of_json(body)
    else:
        raise ValueError("not a TimeMap")
    if not (found.mementos or found.further or found.original) and found.broken:
        raise ValueError("not a TimeMap")
    return found


def timemap_url(template: str, url: str) -> str:
    """Return the URL of the TimeMap of *url*, by the archive's *template*; *url* is quoted where it is in a query.

    >>> timemap_url("https://h/timemap/link/{url}", "http://a/?x=1"), timemap_url("https://h/tm?url={url}", "http://a/?x=1")
    ('https://h/timemap/link/http://a/?x=1', 'https://h/tm?url=http%3A%2F%2Fa%2F%3Fx%3D1')
    """
    before, _, after = template.partition("{url}")
    return f"{before}{quote(url, safe='') if '?' in before else url}{after}"


def captures_in(timemap: TimeMap, url: str, replay: str) -> list[IndexLine]:
    """Return the captures in the *timemap* of *url*, in an archive with the template *replay*; the earliest first."""
    found = []
    for one in timemap.mementos:
        there = replayed(replay, one.uri) if one.uri else None
        timestamp = one.timestamp if there is None or len(there.timestamp) < len(one.timestamp) else there.timestamp
        original = one.original or (there.url if there else None) or timemap.original or url
        found.append(IndexLine(timestamp, original, one.mime, one.status, one.digest))
    return sorted(dict.fromkeys(found), key=lambda capture: (capture.timestamp, capture.url))


def _of_links(body: bytes) -> TimeMap:
    original, own, broken = None, None, 0
    mementos: list[Memento] = []
    further: list[str] = []
    for target, parameters in _links(body):
        relations = parameters.get("rel", "").lower().split()
        url = _url(target)
        if url is None or not relations:
            broken += 1
        elif "memento" in relations:
            timestamp = _http_date(parameters.get("datetime"))
            mementos += [Memento(timestamp, url)] if timestamp else []
            broken += timestamp is None
        elif "original" in relations:
            original = original or url
        elif "self" in relations:
            own = url
        elif "timemap" in relations or "next" in relations:
            further.append(url)
    return TimeMap(original, tuple(mementos), tuple(one for one in dict.fromkeys(further) if one != own), broken)


def _links(body: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the target and the parameters of each link; an unreadable one has the target ``""``.

    What is unreadable goes up to the next ``<``, so that one bad entry does not hide the others.
    """
    at = 0
    while at < len(body):
        link = _LINK_RE.match(body, at)
        if link is None:
            yield "", {}
            following = body.find(b"<", at + 1)
            at = following if following > 0 else len(body)
            continue
        at = link.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER_RE.match(body, at):
            name, quoted, plain = parameter.groups()
            value = quoted if quoted is not None else plain or b""
            parameters.setdefault(_text(name).lower(), _text(re.sub(rb"\\(.)", rb"\1", value)))
            at = parameter.end()
        yield _text(link[1]).strip(), parameters
        if separator := _SEPARATOR_RE.match(body, at):
            at = separator.end()
        elif body[at:].strip():
            following = body.find(b"<", at)
            at = following if following > 0 else len(body)
        else:
            return


def _of_json(body: bytes) -> TimeMap:
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _of_rows(_lines(body))
    if isinstance(whole, dict) and ("mementos" in whole or "timemap_index" in whole):
        return _of_memgator(whole)
    if isinstance(whole, dict):
        return _of_rows([whole])
    if isinstance(whole, list) and whole and isinstance(whole[0], list):
        names = [str(name) for name in whole[0]]
        return _of_rows(dict(zip(names, row, strict=False)) if isinstance(row, list) else {} for row in whole[1:])
    if isinstance(whole, list):
        return _of_rows(row if isinstance(row, dict) else {} for row in whole)
    raise ValueError("not a TimeMap")


def _of_memgator(whole: dict[str, Any]) -> TimeMap:
    mementos = whole.get("mementos")
    listed = mementos.get("list") if isinstance(mementos, dict) else mementos
    found = _of_rows(row if isinstance(row, dict) else {} for row in (listed if isinstance(listed, list) else []))
    pages = whole.get("pages")
    following = pages.get("next") if isinstance(pages, dict) else None
    index = whole.get("timemap_index")
    links = [*(index if isinstance(index, list) else []), following]
    further = [url for link in links if isinstance(link, dict) and (url := _url(link.get("uri")))]
    return found._replace(original=_url(whole.get("original_uri")), further=tuple(dict.fromkeys(further)))


def _of_rows(rows: Iterable[Mapping[str, Any]]) -> TimeMap:
    found, broken = [], 0
    for row in rows:
        memento = _memento(row)
        found += [memento] if memento else []
        broken += memento is None
    return TimeMap(None, tuple(found), (), broken)


def _lines(body: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the object in each line; that of CDXJ has its timestamp before it, and headers begin with ``!``, ``@``."""
    for line in body.splitlines():
        text = line.strip()
        if not text or text.startswith((b"!", b"@")):
            continue
        before, brace, rest = text.partition(b"{")
        try:
            row = orjson.loads(brace + rest)
        except orjson.JSONDecodeError:
            row = {}
        fields = before.split()
        yield {"timestamp": _text(fields[-1]), **row} if fields and row else row


def _memento(row: Mapping[str, Any]) -> Memento | None:
    uri, original = _url(row.get("uri")), _url(row.get("original", row.get("url")))
    timestamp = _timestamp(row.get("timestamp")) or _timestamp(row.get("datetime")) or _http_date(row.get("datetime"))
    if timestamp is None or not (uri or original):
        return None
    status = str(row.get("statuscode", row.get("status", "")))
    digest = str(row.get("digest") or "")
    return Memento(
        timestamp,
        uri,
        original,
        mime=str(row.get("mimetype", row.get("mime")) or "").partition(";")[0].strip().lower()[:100],
        status=int(status) if _STATUS_RE.fullmatch(status) else None,
        digest="" if digest in _UNKNOWN else digest[:100],
    )


def _url(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= MAX_URL_LETTERS and url_origin(value) else None


def _timestamp(value: Any) -> str | None:
    moment = instant(value) if isinstance(value, str) else None
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S") if moment else None


def _http_date(value: Any) -> str | None:
    try:
        moment = parsedate_to_datetime(value) if isinstance(value, str) else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment is None:
        return None
    aware: datetime = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.strftime("%Y%m%d%H%M%S")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
