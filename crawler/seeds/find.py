"""Finds pages with a dump in large files: web archives, JSON, plain text; compressed or not, in constant memory.

A few searches in the bytes, at some gigabytes a second, exclude pages that cannot hold a dump; only the rest is decoded
and read. Results are JSON lines that can be used as seeds: text, url, timestamp, file, offset.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from crawler.exceptions import SeedError
from crawler.inputs import shown
from crawler.net import url_origin
from crawler.seeds.containers import STDIN, STREAM_ERRORS, Part, Report, cut_off, parts_of, reporting
from crawler.seeds.documents import Document, DocumentReader, document_of
from crawler.seeds.page import parse_dumps
from crawler.seeds.sources import MAX_PAGE_BYTES
from crawler.seeds.warc import ArchivedPage, Sieve, archives_in, read_source, read_warc
from crawler.sites import SiteProfile
from crawler.writable import writable

_WINDOW_BYTES = 1 << 20
_REPORTED = frozenset(("charset", "lost-bytes", "garbage", "duplicate-key", "lone-surrogate"))
"""Kinds of diagnoses that a harvest reports, as its lines have no diagnoses: the text may be wrong."""
_LONE_SURROGATE_RE = re.compile("[\ud800-\udfff]")

Wanted = Callable[[str | None], bool]
Progress = Callable[[int], None]
"""Called at intervals with the number of bytes of the file, as stored on disk, that were read so far."""


@dataclass(frozen=True, slots=True)
class Find:
    """A page with a dump; ``offset`` is the place of its record or line in the file, ``records`` counts its items."""

    text: str
    url: str | None
    timestamp: str | None
    file: str
    offset: int
    records: int
    coding: str | None = None

    def line(self) -> dict[str, str | int | None]:
        """Return the fields of a line of the harvest; ``coding`` only if the body was not coded as its header says."""
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
    """Return quickly whether *data* may hold a dump; False is certain.

    Every form has a brace or an equals sign, and few pages of prose do; a search for one byte is several times faster
    than for a word. Every whole record has the key ``contenttypeid``; a list that is cut before it can be recognized
    only by PHP's ``string(``.
    """
    if b"{" in data:
        return b"contenttypeid" in data or b"string(" in data
    return b"=" in data and b"contenttypeid" in data


def harvest_file(source: str, profile: SiteProfile | None, report: Report, progress: Progress) -> Iterator[Find]:
    """Yield the pages with a dump in *source*, only those from the hosts of *profile* if one is given.

    *report* receives errors within the file, and the rest is read. Raises SeedError if it cannot be read at all.
    """
    wanted = _wanted(profile)
    sieve = Sieve(may_hold_dump, wanted, progress)
    if source != STDIN and Path(source).is_file() and (archives := archives_in(source)):
        captures = chain.from_iterable(read_source(archive, sieve, report) for archive in archives)
        yield from _from_captures(writable(source), captures, report)
        return
    parts = 0
    try:
        for part in parts_of(source, report):
            parts += 1
            with reporting(part.name, report):
                if part.kind == "archive":
                    yield from _from_captures(part.name, read_warc(part.name, part.stream, sieve, report), report)
                else:
                    yield from _from_documents(part, wanted, report, progress)
    except STREAM_ERRORS as error:
        report(cut_off(shown(source), error))
    except SeedError as error:
        if not parts:
            raise
        report(error)


def _wanted(profile: SiteProfile | None) -> Wanted:
    if profile is None:
        return lambda _: True
    hosts = {origin[0] for base in (*profile.article_templates, *profile.article_hosts) if (origin := url_origin(base))}

    def wanted(url: str | None) -> bool:
        origin = url_origin(url) if url else None
        return origin is not None and origin[0] in hosts

    return wanted


def _from_captures(name: str, captures: Iterable[ArchivedPage], report: Report) -> Iterator[Find]:
    for capture in captures:
        document = document_of(capture.payload, capture.charset, capture.container_charset, offset=capture.offset)
        document = replace(document, url=capture.url, timestamp=capture.timestamp)
        for find in _found(name, document, f"record at offset {capture.offset}", report):
            yield replace(find, coding=capture.coding)


def _from_documents(part: Part, wanted: Wanted, report: Report, progress: Progress) -> Iterator[Find]:
    reader = DocumentReader(report, MAX_PAGE_BYTES, _WINDOW_BYTES, may_hold_dump, progress)
    is_reported = False
    for document in reader.documents(part):
        if wanted(document.url):
            place = f"line {document.line}" if document.line else f"text at offset {document.offset}"
            yield from _found(part.name, document, place, report)
        elif document.line is None and not is_reported:
            is_reported = True
            report(SeedError(part.name, "plain text does not say which site it is from: skipped"))


def _found(name: str, document: Document, place: str, report: Report) -> Iterator[Find]:
    """Yield the page if it has a dump with records, or with places of lost records."""
    for diagnosis in document.diagnoses:
        if diagnosis.kind in _REPORTED:
            report(SeedError(name, f"{place}: {diagnosis.message}"))
    dumps = [dump for dump in parse_dumps(document.text) if dump.related or dump.length_verdict == "truncated"]
    if dumps:
        text = _LONE_SURROGATE_RE.sub("\ufffd", document.text)
        records = sum(len(dump.related) for dump in dumps)
        yield Find(text, document.url, document.timestamp, name, document.offset, records)
