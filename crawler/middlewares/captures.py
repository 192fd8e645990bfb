"""ARCHIVE_WARC: every answer that the downloader gives goes into a WARC file of the corpus, as it came."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy import __version__ as scrapy_version
from scrapy import signals
from scrapy.exceptions import IgnoreRequest, NotConfigured

from crawler import __version__
from crawler.archive.files import write_errors
from crawler.archive.losses import CapturePlace
from crawler.archive.tombstones import WithdrawnContentError
from crawler.archive.warcs import CaptureWriter
from crawler.exceptions import CorpusError
from crawler.extensions.archivist import Archivist
from crawler.utils.components import needed
from crawler.utils.conf import bytes_of, switch
from crawler.utils.response import _META, NOT_HELD, REPLAYED, Captured, iso_date, note_captured
from crawler.warc.exchange import Exchange, Truncated
from crawler.warc.sources import source_path

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response
    from scrapy.statscollectors import StatsCollector


_TRUNCATED: dict[str, Truncated] = {"dataloss": "disconnect", "download_stopped": "unspecified"}


class CapturesMiddleware:
    """Write each request and response to the corpus's WARC files, and note in ``meta`` where they are.

    It is nearest to the downloader, so it sees bodies before HttpCompressionMiddleware decodes them, and also pictures,
    robots.txt and redirects. A response goes on once its record is written; the record is durable before the line that
    names it. A separate thread does the work. Counts ``gleaner/captures``.
    """

    def __init__(self, archivist: Archivist, captures: CaptureWriter, stats: StatsCollector) -> None:
        self._archivist = archivist
        self._captures = captures
        self._stats = stats
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="captures")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not switch(settings, "ARCHIVE_WARC"):
            raise NotConfigured
        archivist = needed(crawler, Archivist)
        max_bytes = bytes_of(settings, "ARCHIVE_WARC_MB")
        captures = archivist.corpus.keep_captures(archivist.run, max_bytes, _warcinfo(crawler, archivist))
        middleware = cls(archivist, captures, crawler.stats)
        crawler.signals.connect(middleware.engine_stopped, signal=signals.engine_stopped)
        return middleware

    async def process_response(self, request: Request, response: Response) -> Response:
        if NOT_HELD in response.flags:
            return response
        exchange = exchange_of(request, response)
        try:
            place = await asyncio.get_running_loop().run_in_executor(self._thread, self._write, exchange)
        except WithdrawnContentError as error:
            raise IgnoreRequest(str(error)) from error
        except CorpusError as error:
            self._archivist.fail(error)
            raise IgnoreRequest("its capture cannot be kept") from error
        note_captured(request, Captured(iso_date(exchange.date), *place))
        self._stats.inc_value("gleaner/captures")
        return response

    def engine_stopped(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _write(self, exchange: Exchange) -> CapturePlace:
        with write_errors(self._archivist.corpus.root):
            return self._captures.write(exchange)


def exchange_of(request: Request, response: Response) -> Exchange:
    """Return *request* and its *response* in the form for a WARC file.

    Scrapy passes on the entity with its content coding, but without transfer coding and reason phrase.
    """
    noted = request.meta.get(_META)
    if REPLAYED in response.flags and isinstance(noted, Captured):
        date = datetime.fromisoformat(noted.fetched)
    else:
        date = datetime.now(UTC) - timedelta(seconds=request.meta.get("download_latency") or 0)
    return Exchange(
        url=response.url,
        date=date,
        method=request.method,
        request_headers=_headers(request.headers),
        request_body=request.body,
        protocol=response.protocol or "HTTP/1.1",
        status=response.status,
        headers=_headers(response.headers),
        body=response.body,
        ip=str(response.ip_address) if response.ip_address else None,
        truncated=next((_TRUNCATED[flag] for flag in response.flags if flag in _TRUNCATED), None),
    )


def _headers(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values
    )


def _warcinfo(crawler: Crawler, archivist: Archivist) -> dict[str, str]:
    """Return what the first record of each file says about the crawl; for privacy, without the host name."""
    settings = crawler.settings
    source = source_path(settings["SOURCE"])
    return {
        "software": f"gleaner/{__version__} Scrapy/{scrapy_version}",
        "isPartOf": archivist.run,
        "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "http-header-user-agent": settings["USER_AGENT"] or "",
        "description": (
            "Bodies as they came, with their content coding and without transfer coding; headers as Scrapy gives them: "
            "names in one spelling, no reason phrase; headers that hold secrets (cookies, credentials, tokens) left out"
        ),
        "source": f"copied from {Path(source).name}, with the dates of the captures there" if source else "",
    }
