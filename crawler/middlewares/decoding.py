"""Undoing content codings strictly: a body that is cut short or broken is no page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import TextResponse
from scrapy.responsetypes import responsetypes

from crawler.utils.response import BrokenBody
from crawler.warc.coding import TooLong, decode_body

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_ACCEPTED = b"gzip, deflate, br, zstd"


class DecodingMiddleware:
    """Takes the place of Scrapy's HttpCompressionMiddleware, which passes on what is cut short or fails its checksum.

    Such a response is asked for again as often as one that was cut short on the way (``RETRY_TIMES``); one that is
    longer decoded than ``DOWNLOAD_MAXSIZE`` is refused. Counts ``gleaner/undecodable``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._limit = crawler.settings.getint("DOWNLOAD_MAXSIZE") or None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        request.headers.setdefault("Accept-Encoding", _ACCEPTED)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        codings = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1")
        if not codings or not response.body:
            return response
        try:
            body = decode_body(response.body, codings, whole=True, limit=self._limit)
        except TooLong as error:
            raise DownloadCancelledError(f"its body of {len(response.body)} bytes is a bomb: {error}") from error
        except ValueError as error:
            self._crawler.stats.inc_value("gleaner/undecodable")
            return self._again(request, BrokenBody(str(error)))
        del response.headers["Content-Encoding"]
        kind = responsetypes.from_args(headers=response.headers, url=response.url, body=body)
        # Of a page, the encoding is to be found out anew, now that its bytes can be read.
        changes: dict[str, Any] = {"encoding": None} if issubclass(kind, TextResponse) else {}
        return response.replace(cls=kind, body=body, **changes)

    def _again(self, request: Request, error: BrokenBody) -> Request:
        spider = self._crawler.spider
        if spider is not None and not request.meta.get("dont_retry"):
            again = get_retry_request(request, spider=spider, reason=error)
            if again is not None:
                return again
        raise error
