"""The download handler for http and https: Scrapy's for HTTP/1.1, guarded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS
from twisted.web.http import _DataLoss

from crawler.handlers.guard import Guard, stand_guard
from crawler.net import url_origin
from crawler.utils.engine import Stopping, corpus_failed

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

MAX_HEAD_BYTES = 256 * 1024
"""What a server may send before the body of its answer: status lines, interim answers and headers."""


class ConnectionRefusedByGuard(IgnoreRequest):
    """The host of a request leads to an address that may not be connected to; asking again would not help."""


class GuardedDownloadHandler(HTTP11DownloadHandler):
    """Connects only where a spider's site profile allows (:mod:`crawler.handlers.guard`); limits heads of answers."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _BoundedFactory  # noqa: SLF001 - Scrapy sets its own by the same door
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
        """End what is underway, as it cannot be kept."""
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
        """Return the guard. Its place is looked at each time: Scrapy may install its resolver after the first crawl."""
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

        guard = stand_guard(reactor)
        if guard is not self._guard:
            self._guard = guard
            guard.named |= self._named
            guard.trusted |= self._trusted
            stats = self._crawler.stats
            guard.on_refusal = lambda reason: stats.inc_value(f"gleaner/refused/{reason}")
        return guard


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    """Gives up on a head without end, and on a body that goes on beyond its declared length."""

    _head = 0
    _parser: Any

    def request(self, request: Any) -> Any:
        self._head = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        if self._parser is not None and self._parser.state in {STATUS, HEADER}:
            if self._head > MAX_HEAD_BYTES:
                error = OverflowError(f"more than {MAX_HEAD_BYTES} bytes of headers")
                self._giveUp(Failure(error))  # type: ignore[no-untyped-call]
                return
            self._head += len(data)
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802 - Twisted's name
        if rest.strip() and self._parser is not None and self._parser.bodyDecoder is not None:
            # Requests are never pipelined, so this is of the same body: its declared length is wrong.
            self._parser.bodyDecoder = _CutShort()
            self._parser.request.persistent = False
        super()._finishResponse(rest)


class _CutShort:
    """Takes the place of a body's decoder when the body is not whole."""

    def noMoreData(self) -> None:  # noqa: N802 - Twisted's name
        raise _DataLoss


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _BoundedProtocol:  # noqa: ARG002, N802 - Twisted's names
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
