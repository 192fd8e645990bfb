"""Finds pages with a dump in large files: web archives, JSON lines, plain text; compressed or not, in constant memory.

What cannot hold a dump is told apart by a few searches in its bytes, at some gigabytes a second; only the rest is
decoded and read. What is found comes as JSON lines that are seeds again: text, url, timestamp, file, offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from crawler.exceptions import SeedError
from crawler.net import url_origin
from crawler.seeds.page import parse_page
from crawler.seeds.sources import (
    MAX_PAGE_BYTES,
    is_json_lines,
    looks_like_json_lines,
    optional,
    parse_line,
    skip_line,
)
from crawler.seeds.streams import STDIN, STREAM_ERRORS, Opened, decode_text, open_stream
from crawler.seeds.warc import Capture, Sieve, archives_in, read_source, read_warc
from crawler.sites import SiteProfile
from crawler.warc.framing import begins_record
from crawler.writable import writable

_WINDOW = 1 << 20
_LINES_PER_PROGRESS = 256
_UTC = ZoneInfo("UTC")  # no date is asked for here

Wanted = Callable[[str | None], bool]
Report = Callable[[SeedError], None]
Progress = Callable[[int], None]
"""Called now and then with the number of bytes of the file, as it lies on the disk, that were read so far."""


@dataclass(frozen=True, slots=True)
class Find:
    """A page with a dump; ``offset`` is where its record or line is in the file, ``records`` counts its items."""

    text: str
    url: str | None
    timestamp: str | None
    file: str
    offset: int
    records: int
    coding: str | None = None

    def line(self) -> dict[str, str | int | None]:
        """Return what a line of the harvest holds; ``coding`` only if the body was not coded as its header says."""
        fields: dict[str, str | int | None] = {
            "text": self.text,
            "url": self.url,
            "timestamp": self.timestamp,
            "file": self.file,
            "offset": self.offset,
            "records": self.records,
        }
        return fields if self.coding is None else {**fields, "coding": self.coding}


def may_hold_dump(data: bytes) -> bool:
    """Tell, fast, whether *data* may hold a dump; False is certain.

    A brace or an equals sign stands in every form, and in few pages of prose; looking for one byte is several times
    faster than for a word. Every whole record has the key ``contenttypeid``; a list that is cut before it is only
    known as PHP's ``string(``.
    """
    if b"{" in data:
        return b"contenttypeid" in data or b"string(" in data
    return b"=" in data and b"contenttypeid" in data


def harvest_file(source: str, profile: SiteProfile | None, report: Report, progress: Progress) -> Iterator[Find]:
    """Yield the pages with a dump in *source*, only those from the hosts of *profile* if one is given.

    What is broken in the file is told to *report*, and the rest is read. Raises SeedError if it cannot be read at all.
    """
    wanted = _wanted(profile)
    if source != STDIN and Path(source).is_file() and (parts := archives_in(source)):
        sieve = Sieve(may_hold_dump, wanted, progress)
        yield from _finds(source, chain.from_iterable(read_source(part, sieve, report) for part in parts))
        return
    with open_stream(source) as opened:
        try:
            if begins_record(opened.head):
                sieve = Sieve(may_hold_dump, wanted, progress)
                yield from _finds(source, read_warc(source, opened.stream, sieve, report))
            elif is_json_lines(source) or looks_like_json_lines(opened.head):
                yield from _from_lines(source, opened, wanted, report, progress)
            elif profile is None:
                yield from _from_text(source, opened, progress)
            else:
                report(SeedError(source, "plain text does not say which site it is from: passed over"))
            opened.check()
        except STREAM_ERRORS as error:
            report(SeedError(source, f"broken after {opened.position()} bytes, the rest is lost ({error})"))


def _wanted(profile: SiteProfile | None) -> Wanted:
    if profile is None:
        return lambda _: True
    hosts = {origin[0] for template in profile.article_templates if (origin := url_origin(template))}

    def wanted(url: str | None) -> bool:
        origin = url_origin(url) if url else None
        return origin is not None and origin[0] in hosts

    return wanted


def _finds(source: str, captures: Iterable[Capture]) -> Iterator[Find]:
    for capture in captures:
        find = _find(decode_text(capture.payload), capture.url, capture.timestamp, source, capture.offset)
        if find:
            yield replace(find, coding=capture.coding)


def _from_lines(source: str, opened: Opened, wanted: Wanted, report: Report, progress: Progress) -> Iterator[Find]:
    offset = 0
    number = 0
    while raw := opened.stream.readline(MAX_PAGE_BYTES):
        number += 1
        start = offset
        offset += len(raw)
        if not number % _LINES_PER_PROGRESS:
            progress(opened.position())
        if not may_hold_dump(raw):
            continue
        if len(raw) == MAX_PAGE_BYTES and not raw.endswith(b"\n"):
            offset += skip_line(opened.stream)
            report(SeedError(source, f"line {number}: longer than {MAX_PAGE_BYTES} bytes, passed over"))
            continue
        try:
            record = parse_line(raw)
        except ValueError as error:
            report(SeedError(source, f"line {number}: {error}"))
            continue
        url, timestamp = optional(record.get("url")), optional(record.get("timestamp"))
        if wanted(url) and (find := _find(record["text"], url, timestamp, source, start)):
            yield find


def _from_text(source: str, opened: Opened, progress: Progress) -> Iterator[Find]:
    """Read plain text a window at a time; the windows end with a line, so that they cut no dump."""
    offset = 0
    while data := opened.stream.read(_WINDOW):
        if len(data) == _WINDOW:
            data += opened.stream.readline(MAX_PAGE_BYTES)
        progress(opened.position())
        if may_hold_dump(data) and (find := _find(decode_text(data), None, None, source, offset)):
            yield find
        offset += len(data)


def _find(text: str, url: str | None, timestamp: str | None, source: str, offset: int) -> Find | None:
    """Return the page if it has a dump that tells anything: records, or where some were."""
    dumps = [dump for dump in parse_page(text, _UTC).dumps if dump.related or dump.length_verdict == "truncated"]
    if not dumps:
        return None
    return Find(text, url, timestamp, writable(source), offset, sum(len(dump.related) for dump in dumps))
