"""Fetches the bytes of one listed capture: from an archive that replays it, or from a WARC file of Common Crawl."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from crawler.extensions.archiveanswers import capture_answer, record_answer
from crawler.extensions.archives import ArchiveDown, Archives, UnusableCapture
from crawler.items import Attempt, Capture, CaptureSource
from crawler.net.statuses import REDIRECTS
from crawler.pages.attempts import Unanswered
from crawler.recover.commoncrawl import MAX_RECORD_BYTES, read_record
from crawler.recover.holdings import IndexLine
from crawler.recover.wayback import DECLARED_LENGTH, Replayed, archived_at, cut_short, replay_url, replayed
from crawler.sites.recovery import COMMONCRAWL, Recovery, WebArchive
from crawler.utils.response import captured, header

if TYPE_CHECKING:
    from scrapy.http import Response

MAX_REDIRECTS = 3

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

    def __init__(self, archives: Archives, recovery: Recovery) -> None:
        self._archives = archives
        self._recovery = recovery

    async def fetch(self, source: CaptureSource, line: IndexLine, names_target: NamesTarget) -> Outcome:
        """Return the capture of *line* in *source*, or why it is unavailable.

        Raises :class:`~crawler.extensions.archives.Excluded` if the archive excludes the site.
        """
        archive = self._recovery.archive(source)
        if archive is None:
            url = f"{self._recovery.commoncrawl_data}/{line.filename}"
        else:
            url = replay_url(archive.replay, line.timestamp, line.url)
        try:
            if archive is None:
                return await self._record(line, url, names_target)
            return await self._replay(archive, line, url, names_target)
        except UnusableCapture as broken:
            return Attempt(url, broken.status, f"{source}: {broken}", source)
        except ArchiveDown as error:
            return unanswered(url, source, error)

    async def _replay(self, archive: WebArchive, line: IndexLine, url: str, names_target: NamesTarget) -> Fetched:
        """Fetch the capture of *line* at *url*; follow redirects that stay with the target."""
        there = Replayed(line.timestamp, line.url)
        for _ in range(MAX_REDIRECTS):
            response = await self._archives.ask(url, archive.name, capture_answer)
            if response.status not in REDIRECTS:
                break
            further = replayed(archive.replay, response.urljoin(header(response, "Location") or ""))
            if further is None or not names_target(further.url):
                raise UnusableCapture("the capture redirects elsewhere", response.status)
            there, url = further, replay_url(archive.replay, further.timestamp, further.url)
        if response.status != HTTPStatus.OK:
            raise UnusableCapture(f"status {response.status}", response.status)
        if not response.body:
            raise UnusableCapture("the capture is empty", response.status)
        if cut_short(response.body, (header(response, name) for name in DECLARED_LENGTH)):
            raise UnusableCapture("it is cut short", response.status)
        archived = archived_at(header(response, "Memento-Datetime"), there.timestamp)
        capture = _capture(archive.name, response.url, response, archived)
        return Fetched(response.body, there.url, header(response, "Content-Type"), capture)

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
        if payload.status != HTTPStatus.OK or not payload.body or not names_target(payload.url):
            raise UnusableCapture("the record is not a good capture of the target", payload.status)
        capture = _capture(COMMONCRAWL, f"{url}#{offset}-{length}", response, payload.archived)
        capture = replace(capture, coding=payload.coding or capture.coding)
        return Fetched(payload.body, payload.url, payload.content_type, capture)


def unanswered(url: str, source: CaptureSource, error: ArchiveDown) -> Unanswered:
    """Return the attempt at *url* of *source*, which did not answer."""
    return Unanswered(Attempt(url, None, f"{source}: {error}", source), error.limited)


def _capture(source: CaptureSource, url: str, response: Response, archived: datetime | None) -> Capture:
    when = archived.isoformat(timespec="seconds") if archived else None
    return Capture(source=source, url=url, status=200, archived=when, **captured(response)._asdict())
