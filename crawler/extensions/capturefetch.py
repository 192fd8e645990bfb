"""Fetches the bytes of one listed capture: from an archive that replays it, or from a WARC file of Common Crawl."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scrapy.http import TextResponse

from crawler.captures.lines import LOCAL_SOURCE
from crawler.extensions.archiveanswers import capture_answer, record_answer
from crawler.extensions.archives import ArchiveDown, Archives, UnusableCapture
from crawler.items import Attempt, Capture, CaptureSource
from crawler.net.refresh import MAX_BARE_LETTERS, MAX_SCANNED_BYTES, FurtherPage, further_page
from crawler.net.statuses import REDIRECTS, is_page
from crawler.pages.attempts import Unanswered
from crawler.recover.commoncrawl import MAX_RECORD_BYTES, Payload, read_record, read_record_in
from crawler.recover.holdings import IndexLine
from crawler.recover.wayback import DECLARED_LENGTH, Replayed, archived_at, cut_short, replay_url, replayed
from crawler.seeds.warc import archives_in
from crawler.sites.recovery import COMMONCRAWL, Recovery, WebArchive
from crawler.utils.conf import number
from crawler.utils.response import captured, header
from crawler.warc.sources import WarcSource

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

MAX_REDIRECTS = 3
_REFRESHES = ("Refresh", "X-Archive-Orig-Refresh")
_MAX_KNOWN_FILES = 1_000

NamesTarget = Callable[[str], bool]
"""Says whether a URL, of a redirect or a record, is one of the target."""


class Fetched(NamedTuple):
    """A capture's bytes, as the archive stored them; ``url`` is the URL of the page or picture on its site."""

    body: bytes
    url: str
    content_type: str | None
    capture: Capture

    @property
    def archived(self) -> datetime | None:
        """When the archive fetched the capture."""
        return datetime.fromisoformat(self.capture.archived) if self.capture.archived else None


Outcome = Fetched | Attempt | Unanswered


class CaptureFetcher:
    """Fetches captures within the budgets of *archives*."""

    def __init__(self, crawler: Crawler, archives: Archives, recovery: Recovery) -> None:
        self._archives = archives
        self._recovery = recovery
        refreshes = crawler.settings.getbool("METAREFRESH_ENABLED")
        self._max_refresh_seconds = (
            number(crawler.settings, "METAREFRESH_MAXDELAY", "a number of seconds") if refreshes else -1.0
        )

    async def fetch(self, source: CaptureSource, line: IndexLine, names_target: NamesTarget) -> Outcome:
        """Return the capture of *line* in *source*, or why it is unavailable.

        Raises :class:`~crawler.extensions.archives.Excluded` if the archive excludes the site.
        """
        archive, url = self._recovery.archive(source), self.url(source, line)
        if source == LOCAL_SOURCE:
            return await _local(line, url, names_target)
        try:
            if archive is None:
                return await self._record(line, url, names_target)
            return await self._replay(archive, line, url, names_target)
        except UnusableCapture as broken:
            return Attempt(url, broken.status, f"{source}: {broken}", source)
        except ArchiveDown as error:
            return unanswered(url, source, error)

    def url(self, source: CaptureSource, line: IndexLine) -> str:
        """Return where the capture of *line* in *source* is: a URL, or ``FILE#OFFSET`` for a local file."""
        archive = self._recovery.archive(source)
        if archive is not None:
            return replay_url(archive.replay, line.timestamp, line.url)
        if source == LOCAL_SOURCE:
            return f"{line.filename}#{line.offset}"
        return f"{self._recovery.commoncrawl_data}/{line.filename}"

    async def _replay(self, archive: WebArchive, line: IndexLine, url: str, names_target: NamesTarget) -> Fetched:
        """Fetch the capture of *line* at *url*; follow redirects that stay with the target."""
        there = Replayed(line.timestamp, line.url)
        for _ in range(MAX_REDIRECTS):
            response = await self._archives.ask(url, archive.name, capture_answer)
            further = self._further(archive, there, response)
            if further is None:
                break
            if not names_target(further.url):
                raise UnusableCapture("the capture redirects elsewhere", response.status)
            there, url = further, replay_url(archive.replay, further.timestamp, further.url)
        else:
            raise UnusableCapture("the capture redirects too often", response.status)
        if not is_page(response.status, header(response, "Location")):
            raise UnusableCapture(f"status {response.status}", response.status)
        if not response.body:
            raise UnusableCapture("the capture is empty", response.status)
        if cut_short(response.body, (header(response, name) for name in DECLARED_LENGTH)):
            raise UnusableCapture("it is cut short", response.status)
        archived = archived_at(header(response, "Memento-Datetime"), there.timestamp)
        capture = _capture(archive.name, response.url, response.status, response, archived)
        return Fetched(response.body, there.url, header(response, "Content-Type"), capture)

    def _further(self, archive: WebArchive, there: Replayed, response: Response) -> Replayed | None:
        """Return the capture to which *response*, the one *there*, leads on; None if it is to be read.

        It leads on by a redirect, or as a page that says nothing else.
        """
        location = header(response, "Location")
        if location and response.status in REDIRECTS:
            further = replayed(archive.replay, response.urljoin(location))
            if further is None:
                raise UnusableCapture("the capture redirects elsewhere", response.status)
            return further
        start = response.body[:MAX_SCANNED_BYTES] if isinstance(response, TextResponse) else b""
        refresh = next((value for name in _REFRESHES if (value := header(response, name))), None)
        page = further_page(there.url, refresh, start, self._max_refresh_seconds)
        if page is None or page.letters > MAX_BARE_LETTERS:
            return None
        rewritten = further_page(response.url, refresh, start, self._max_refresh_seconds)
        further = (rewritten and replayed(archive.replay, rewritten.url)) or Replayed(there.timestamp, page.url)
        return None if FurtherPage(further.url, 0).is_of(there.url) else further

    async def _record(self, line: IndexLine, url: str, names_target: NamesTarget) -> Fetched:
        """Fetch the WARC record of *line* by its place in the file at *url*."""
        offset, length = line.offset or 0, min(line.length or 0, MAX_RECORD_BYTES)
        headers = {"Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity"}
        response = await self._archives.ask(url, COMMONCRAWL, record_answer, headers)
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            raise UnusableCapture(f"status {response.status}", response.status)
        try:
            payload = await asyncio.to_thread(read_record, response.body)
        except ValueError as error:
            raise UnusableCapture(str(error), response.status) from error
        if not _is_good(payload, names_target):
            raise UnusableCapture("the record is not a good capture of the target", payload.status)
        capture = _capture(COMMONCRAWL, f"{url}#{offset}-{length}", payload.status, response, payload.archived)
        capture = replace(capture, coding=payload.coding or capture.coding)
        return Fetched(payload.body, payload.url, payload.content_type, capture)


async def _local(line: IndexLine, url: str, names_target: NamesTarget) -> Fetched | Attempt:
    """Read the capture of *line* from a local WARC or ARC file."""
    try:
        payload = await asyncio.to_thread(_read_local, line.filename or "", line.offset or 0)
    except (OSError, ValueError) as error:
        reason = f"cannot be read ({error})" if isinstance(error, OSError) else str(error)
        payload = None
    else:
        reason = "the record is of something else"
    if payload is None or not _is_good(payload, names_target):
        return Attempt(url, None, f"{LOCAL_SOURCE}: {reason}", LOCAL_SOURCE)
    archived = payload.archived.isoformat(timespec="seconds") if payload.archived else None
    fetched = datetime.now(UTC).isoformat(timespec="seconds")
    capture = Capture(
        source=LOCAL_SOURCE,
        url=url,
        fetched=fetched,
        status=payload.status,
        archived=archived,
        coding=payload.coding,
    )
    return Fetched(payload.body, payload.url, payload.content_type, capture)


def _is_good(payload: Payload, names_target: NamesTarget) -> bool:
    """Return whether a record has a page or picture of the target."""
    return is_page(payload.status, payload.location) and bool(payload.body) and names_target(payload.url)


def _read_local(filename: str, offset: int) -> Payload:
    return read_record_in(_source_of(filename), offset)


@lru_cache(_MAX_KNOWN_FILES)
def _source_of(filename: str) -> WarcSource:
    """Return the WARC or ARC data that a list names *filename*: a file, or a part of a WACZ file. Raises ValueError."""
    path = Path(filename)
    if path.is_file():
        return WarcSource(filename, filename, 0, path.stat().st_size)
    whole = next((one for one in path.parents if one.is_file()), None)
    for source in archives_in(str(whole)) if whole else ():
        if source.name == filename:
            return source
    raise ValueError(f"there is no file {filename}")


def unanswered(url: str, source: CaptureSource, error: ArchiveDown) -> Unanswered:
    """Return the attempt at *url* of *source*, which did not answer."""
    return Unanswered(Attempt(url, None, f"{source}: {error}", source), error.limited)


def _capture(source: CaptureSource, url: str, status: int, response: Response, archived: datetime | None) -> Capture:
    when = archived.isoformat(timespec="seconds") if archived else None
    return Capture(source=source, url=url, status=status, archived=when, **captured(response)._asdict())
