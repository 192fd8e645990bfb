"""SOURCE=warc:PATH: a crawl is answered from WARC or WACZ files, and no request ever reaches the network."""

from __future__ import annotations

import asyncio
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from crawler.utils.response import NOT_HELD, REPLAYED, Captured, iso_date, note_captured
from crawler.warc.replay import Replay, ReplayedCapture
from crawler.warc.sources import find_sources, source_path

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

logger = logging.getLogger(__name__)

INDEX_NAME = "replay.sqlite"
_FLAGS = {"disconnect": "dataloss"}


class ReplayMiddleware:
    """Answer every request with a capture, or with a 404 that is marked as :data:`NOT_HELD`.

    It comes after all other middlewares, next to the downloader, and always answers, so the downloader and its delays
    are never used. robots.txt is answered 404, "no rules": rules concern requests to a server, and none is sent here.
    Counts ``gleaner/replay/found`` and ``gleaner/replay/missing``.
    """

    def __init__(self, replay: Replay, stats: StatsCollector) -> None:
        self._replay = replay
        self._stats = stats
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="replay")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        path = source_path(settings["SOURCE"])
        if path is None:
            raise NotConfigured
        found = find_sources(path)
        corpus = Path(settings["CORPUS_DIR"])  # a spider that needs no corpus may not have created the folder
        replay = Replay(
            found,
            corpus / INDEX_NAME if corpus.is_dir() else Path(":memory:"),
            max_body=settings.getint("DOWNLOAD_MAXSIZE") or sys.maxsize,  # 0 is no limit to Scrapy
            on_problem=lambda problem: logger.warning("%s", problem),
        )
        logger.info("Pages come from %d captures in %d WARC files, none from the network", replay.captures, len(found))
        middleware = cls(replay, crawler.stats)
        crawler.signals.connect(middleware.engine_stopped, signal=signals.engine_stopped)
        return middleware

    async def process_request(self, request: Request) -> Response:
        found = None
        if request.method == "GET" and urlsplit(request.url).path != "/robots.txt":
            found = await asyncio.get_running_loop().run_in_executor(self._thread, self._replay.find, request.url)
        if found is None:
            self._stats.inc_value("gleaner/replay/missing")
            return Response(request.url, status=404, flags=[NOT_HELD], request=request)
        self._stats.inc_value("gleaner/replay/found")
        note_captured(request, Captured(iso_date(found.exchange.date), found.file, found.offset))
        return _response(request, found)

    def engine_stopped(self) -> None:
        """Close the index."""
        self._thread.submit(self._replay.close)
        self._thread.shutdown()


def _response(request: Request, found: ReplayedCapture) -> Response:
    exchange = found.exchange
    headers = Headers()
    for name, value in exchange.headers:
        headers.appendlist(name.encode("latin-1"), value.encode("latin-1"))
    kind = responsetypes.from_args(headers=headers, url=request.url, body=exchange.body)
    truncated = [_FLAGS.get(exchange.truncated, "download_stopped")] if exchange.truncated else []
    return kind(
        request.url,
        status=exchange.status,
        headers=headers,
        body=exchange.body,
        flags=[REPLAYED, *truncated],
        request=request,
        protocol=exchange.protocol,
        ip_address=_address(exchange.ip),
    )


def _address(ip: str | None) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(ip) if ip else None
    except ValueError:
        return None
