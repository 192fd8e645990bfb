"""Common Crawl: which of its indexes to query, and the HTTP response in one of its WARC records.

``collinfo.json`` lists the crawls; each has its own index. A record is fetched from its WARC file by a Range request,
and is a gzip member by itself (https://commoncrawl.org/get-started).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from crawler.warc.archive import Raw, read_archive, read_record_at, reading
from crawler.warc.dates import instant
from crawler.warc.framing import MAX_HEAD_BYTES, Gap
from crawler.warc.http import read_message
from crawler.warc.sources import WarcSource

_YEARS_RE = re.compile(r"CC-MAIN-([0-9]{4})(?:-([0-9]{4}))?", re.ASCII)
"""The first collections: CC-MAIN-2008-2009, CC-MAIN-2009-2010, CC-MAIN-2012."""
_WEEK_RE = re.compile(r"CC-MAIN-([0-9]{4})-([0-9]{2})", re.ASCII)
_NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_LONGEST_CRAWL_DAYS = 60
_MARGIN = timedelta(days=2)
"""Some captures of a crawl are a little older or newer than its dates say."""
MAX_RECORD_BYTES = 16 << 20
"""Limit in bytes on a record as stored in its file, and on its decoded payload."""


class Collection(NamedTuple):
    """A crawl of Common Crawl: its name, such as CC-MAIN-2016-07, and when it began and ended, if known."""

    name: str
    begun: datetime | None
    ended: datetime | None = None


class Payload(NamedTuple):
    """The HTTP response in a record: ``body`` decoded, ``archived`` the record's own date.

    ``coding`` says how the coding of the body differs from its header, None if it does not.
    """

    url: str
    status: int
    content_type: str | None
    body: bytes
    archived: datetime | None
    coding: str | None = None
    location: str | None = None


def read_collections(body: bytes) -> tuple[Collection, ...]:
    """Read ``collinfo.json``. Raises ValueError if it is invalid."""
    listed = orjson.loads(body)
    if not isinstance(listed, list):
        raise ValueError("not a list of collections")
    names = [one["id"] for one in listed if isinstance(one, dict) and _is_name(one.get("id"))]
    if listed and not names:
        raise ValueError("no collection in it")
    by_name = {one["id"]: one for one in listed if isinstance(one, dict) and _is_name(one.get("id"))}
    return tuple(
        Collection(name, _start_of(name, by_name[name].get("from")), _end_of(name, by_name[name].get("to")))
        for name in names
    )


def nearest(collections: tuple[Collection, ...], wanted: datetime | None, most: int) -> tuple[str, ...]:
    """Return up to *most* names of collections to query for a page of the time *wanted*: the nearest after it first.

    A crawl that ended before a page was written cannot hold it, so earlier crawls come last. Without a date, the newest
    are first.
    """
    dated = [one for one in collections if one.begun is not None]
    if wanted is None:
        dated.sort(key=lambda one: one.begun or wanted, reverse=True)  # type: ignore[arg-type, return-value]
    else:
        slack = timedelta(days=21)  # a crawl takes two or three weeks

        def order(one: Collection) -> tuple[bool, timedelta]:
            begun = one.begun or wanted
            return (one.ended or begun + slack) < wanted, abs(begun - wanted)

        dated.sort(key=order)
    return tuple(one.name for one in dated[:most])


def overlapping(collections: tuple[Collection, ...], begin: str | None, end: str | None) -> tuple[str, ...]:
    """Return the names of the collections that may hold captures from *begin* to *end* (14 digits, None: no limit).

    A collection whose time is unknown may hold any.
    """
    first, last = instant(begin), instant(end)

    def may_hold(one: Collection) -> bool:
        ended = one.ended or (one.begun + timedelta(days=_LONGEST_CRAWL_DAYS) if one.begun else None)
        too_early = first is not None and ended is not None and ended + _MARGIN < first
        return not too_early and not (last is not None and one.begun is not None and one.begun - _MARGIN > last)

    return tuple(one.name for one in collections if may_hold(one))


def read_record(data: bytes) -> Payload:
    """Return the HTTP response in one WARC or ARC record, compressed or not.

    Raises ValueError if *data* is not one whole record with a response.
    """
    records = read_archive(
        lambda offset, count: data[offset : offset + count], len(data), MAX_RECORD_BYTES + MAX_HEAD_BYTES
    )
    record = next(records, None)
    if isinstance(record, Raw) and record.kind == "warcinfo":  # the first record of ARC files
        record = next(records, None)
    payload = _payload(record)
    rest = next(records, None)
    if isinstance(rest, Gap):
        raise ValueError(rest.reason)
    return payload


def read_record_in(source: WarcSource, offset: int) -> Payload:
    """Return the HTTP response in the record at *offset* of the WARC or ARC data *source*, compressed or not.

    Raises ValueError if there is no whole record with a response, ``OSError`` if the file cannot be read.
    """
    with reading(source.path, source.start, source.size) as (read_at, size):
        return _payload(read_record_at(read_at, size, offset, MAX_RECORD_BYTES + MAX_HEAD_BYTES))


def _payload(record: Raw | Gap | None) -> Payload:
    """Return the HTTP response in *record*. Raises ValueError."""
    if record is None or isinstance(record, Gap):
        raise ValueError(f"it cannot be read ({record.reason})" if record else "there is no record in it")
    headers = record.headers
    message = read_message(record.block) if record.kind == "response" else None
    if message is None:
        raise ValueError("there is no HTTP response in it")
    if record.cut:
        raise ValueError("it is cut short")
    if truncated := headers.get("warc-truncated"):
        raise ValueError(f"it is truncated ({truncated})")
    if record.length > len(record.block):
        raise ValueError("it is too long")
    decoded = message.decoded(MAX_RECORD_BYTES)
    if not decoded.whole:
        raise ValueError("it is cut short")
    return Payload(
        url=headers.get("warc-target-uri", "").strip("<>"),
        status=message.status or 0,
        location=message.header("location"),
        content_type=message.header("content-type"),
        body=decoded.body,
        archived=instant(headers.get("warc-date")),
        coding="; ".join(decoded.notes) or None,
    )


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME_RE.fullmatch(value) is not None


def _end_of(name: str, end_date: Any) -> datetime | None:
    """Return when a crawl ended: what ``collinfo.json`` says, else the end of the last year in its name."""
    if (moment := instant(end_date) if isinstance(end_date, str) else None) is not None:
        return moment
    years = _YEARS_RE.fullmatch(name)
    return datetime(int(years[2] or years[1]) + 1, 1, 1, tzinfo=UTC) if years else None


def _start_of(name: str, end_date: Any) -> datetime | None:
    """Return when a crawl began: what ``collinfo.json`` says, else the first day of the week or year in its name."""
    if (moment := instant(end_date) if isinstance(end_date, str) else None) is not None:
        return moment
    if years := _YEARS_RE.fullmatch(name):
        return datetime(int(years[1]), 1, 1, tzinfo=UTC)
    match = _WEEK_RE.fullmatch(name)
    try:
        return match and datetime.fromisocalendar(int(match[1]), int(match[2]), 1).replace(tzinfo=UTC)
    except ValueError:
        return None
