"""Common Crawl: which of its indexes to ask, and the HTTP response in a WARC record that it gives.

``collinfo.json`` lists the crawls; each has an index of its own. A record is fetched from its WARC file by a Range
request, and is a gzip member of itself (https://commoncrawl.org/get-started).
"""

from __future__ import annotations

import io
import re
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

_WEEK_RE = re.compile(r"CC-MAIN-([0-9]{4})-([0-9]{2})", re.ASCII)
_NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
MAX_RECORD = 16 << 20
"""Bytes of a record, as it lies in its file, and of its payload when it is decoded."""


class Collection(NamedTuple):
    """A crawl of Common Crawl's: its name, such as CC-MAIN-2016-07, and when it was, as well as is known."""

    name: str
    begun: datetime | None


class Payload(NamedTuple):
    """The HTTP response in a WARC record: ``body`` decoded, ``archived`` the record's own date."""

    url: str
    status: int
    content_type: str | None
    body: bytes
    archived: datetime | None


def read_collections(body: bytes) -> tuple[Collection, ...]:
    """Read ``collinfo.json``. Raises ValueError if it is none."""
    listed = orjson.loads(body)
    if not isinstance(listed, list):
        raise ValueError("not a list of collections")
    names = [one["id"] for one in listed if isinstance(one, dict) and _is_name(one.get("id"))]
    if listed and not names:
        raise ValueError("no collection in it")
    begun = {one["id"]: one.get("from") for one in listed if isinstance(one, dict) and _is_name(one.get("id"))}
    return tuple(Collection(name, _begun(name, begun[name])) for name in names)


def nearest(collections: tuple[Collection, ...], wanted: datetime | None, most: int) -> tuple[str, ...]:
    """Return the names of the *most* collections to ask for a page of the time *wanted*: the nearest after it first.

    A page is in no crawl that ended before it was written, so those before come last. With no date, the newest.
    """
    dated = [one for one in collections if one.begun is not None]
    if wanted is None:
        dated.sort(key=lambda one: one.begun or wanted, reverse=True)  # type: ignore[arg-type, return-value]
    else:
        slack = timedelta(days=21)  # a crawl takes two weeks or three

        def order(one: Collection) -> tuple[bool, timedelta]:
            begun = one.begun or wanted
            return begun + slack < wanted, abs(begun - wanted)

        dated.sort(key=order)
    return tuple(one.name for one in dated[:most])


def read_record(data: bytes) -> Payload:
    """Return the HTTP response in one WARC record.

    Raises ValueError for what is not a whole record of one, and if FastWARC is not installed.
    """
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType  # noqa: PLC0415 - only who asks Common Crawl needs it
    except ImportError as error:
        raise ValueError("it cannot be read without FastWARC: pip install 'scrapy-gleaner[harvest]'") from error

    record_bytes = io.BytesIO(_gunzipped(data))
    try:
        records = ArchiveIterator(
            record_bytes, record_types=WarcRecordType.response, parse_http=True, auto_decode="all"
        )
        record = next(iter(records), None)
        body = b"" if record is None else record.reader.read(MAX_RECORD + 1)
    except Exception as error:  # FastWARC raises whatever zlib and brotli do
        raise ValueError(f"it cannot be read ({error!r})") from error
    if record is None or record.http_headers is None:
        raise ValueError("there is no HTTP response in it")
    if truncated := record.headers.get("WARC-Truncated"):
        raise ValueError(f"it is truncated ({truncated})")
    if len(body) > MAX_RECORD:
        raise ValueError("it is too long")
    return Payload(
        url=record.headers.get("WARC-Target-URI") or "",
        status=int(record.http_headers.status_code or 0),
        content_type=record.http_headers.get("Content-Type"),
        body=body,
        archived=record.record_date and record.record_date.astimezone(UTC),
    )


def _gunzipped(data: bytes) -> bytes:
    """Return what the one gzip member *data* holds; FastWARC would pass over it if it were cut short."""
    member = zlib.decompressobj(wbits=31)
    try:
        record = member.decompress(data, MAX_RECORD)
    except zlib.error as error:
        raise ValueError(f"it is not gzip ({error})") from error
    if not member.eof:
        raise ValueError("it is cut short, or too long")
    return record


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME_RE.fullmatch(value) is not None


def _begun(name: str, told: Any) -> datetime | None:
    """Return when a crawl began: what ``collinfo.json`` says, else the Monday of the week in its name."""
    if isinstance(told, str):
        try:
            moment = datetime.fromisoformat(told)
        except ValueError:
            pass
        else:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    match = _WEEK_RE.fullmatch(name)
    try:
        return match and datetime.fromisocalendar(int(match[1]), int(match[2]), 1).replace(tzinfo=UTC)
    except ValueError:
        return None
