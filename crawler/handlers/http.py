"""The download handler for http and https: Scrapy's for HTTP/1.1, guarded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.request import getproxies

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest

from crawler.handlers.guard import Guard, stand_guard
from crawler.handlers.wire import keep_connections, read_leniently
from crawler.net import url_origin
from crawler.utils.engine import Stopping, corpus_failed

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class ConnectionRefusedByGuard(IgnoreRequest):
    """The host of a request has an address to which no connection is allowed; a retry would not help."""


class GuardedDownloadHandler(HTTP11DownloadHandler):
    """Connects only where a spider's site profile allows (:mod:`crawler.handlers.guard`).

    Answers are parsed as browsers do, within limits (:mod:`crawler.handlers.wire`).
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        read_leniently(self)
        keep_connections(self, crawler.settings.getdict("DOWNLOAD_SLOTS"))
        profile = getattr(crawler.spider, "profile", None)
        self._named = frozenset() if profile is None else profile.origins
        self._trusted = set()
        if crawler.settings.getbool("HTTPPROXY_ENABLED"):
            self._trusted = {origin for url in getproxies().values() if (origin := url_origin(url))}
        self._guard: Guard | None = None
        self._underway: set[asyncio.Task[Response]] = set()
        self._corpus_failed = False
        crawler.signals.connect(self._give_up, signal=corpus_failed)

    async def download_request(self, request: Request) -> Response:
        if self._corpus_failed:
            raise Stopping("the crawl is ending")
        task = asyncio.ensure_future(self._download(request))
        self._underway.add(task)
        task.add_done_callback(self._underway.discard)
        try:
            return await task
        except asyncio.CancelledError:
            if self._corpus_failed:
                raise Stopping("the crawl is ending") from None
            raise

    def _give_up(self) -> None:
        """End the downloads in progress, as they cannot be archived."""
        self._corpus_failed = True
        for task in self._underway:
            task.cancel()

    async def _download(self, request: Request) -> Response:
        if not self._named:  # a spider without a profile, such as that of scrapy shell and scrapy fetch
            return await super().download_request(request)
        guard = self._stand_guard()
        try:
            return await super().download_request(request)
        except CannotResolveHostError as error:
            origin = url_origin(request.url)
            reason = guard.refused.get(origin) if origin else "malformed"
            if reason is None:
                raise
            raise ConnectionRefusedByGuard(f"refused to connect: {reason}") from error

    def _stand_guard(self) -> Guard:
        """Return the guard; install it if needed, as Scrapy may install its resolver after the first crawl."""
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

        guard = stand_guard(reactor)
        if guard is not self._guard:
            self._guard = guard
            guard.named |= self._named
            guard.trusted |= self._trusted
            stats = self._crawler.stats
            guard.on_refusal = lambda reason: stats.inc_value(f"gleaner/refused/{reason}")
        return guard
