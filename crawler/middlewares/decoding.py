"""Decodes bodies by their bytes; a body that is cut short or broken is not a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import TextResponse
from scrapy.responsetypes import responsetypes

from crawler.utils.response import BrokenBody, captured, note_captured
from crawler.warc.coding import TooLong, decode

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_ACCEPTED = b"gzip, deflate, br, zstd"
"""A part of a file of compressed records must stay unchanged."""


class DecodingMiddleware:
    """Takes the place of Scrapy's HttpCompressionMiddleware, which passes on what is cut short or fails its checksum.

    Such a response is retried as often as one that was cut short on the way (``RETRY_TIMES``); a body whose decoded
    size exceeds ``DOWNLOAD_MAXSIZE`` is refused. Counts ``gleaner/undecodable``, and as
    ``gleaner/coding_unlike_header`` the bodies whose coding is not what the header says; ``capture.coding`` says how
    they differ.
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
        if not response.body or (response.status == HTTPStatus.PARTIAL_CONTENT and not codings):
            return response
        try:
            decoded = decode(response.body, codings, limit=self._limit)
            if not decoded.whole:
                raise ValueError("it is cut short")  # noqa: TRY301 - like all else that is wrong with a body
        except TooLong as error:
            raise DownloadCancelledError(f"its body of {len(response.body)} bytes is a bomb: {error}") from error
        except ValueError as error:
            self._crawler.stats.inc_value("gleaner/undecodable")
            return self._retried_or_failed(request, BrokenBody(str(error)))
        if decoded.notes:
            self._crawler.stats.inc_value("gleaner/coding_unlike_header")
            note_captured(request, captured(response)._replace(coding="; ".join(decoded.notes)))
        if not codings and not decoded.undone:
            return response
        response.headers.pop("Content-Encoding", None)
        kind = responsetypes.from_args(headers=response.headers, url=response.url, body=decoded.body)
        # The encoding of a page is detected again, now that its bytes can be read.
        changes: dict[str, Any] = {"encoding": None} if issubclass(kind, TextResponse) else {}
        return response.replace(cls=kind, body=decoded.body, **changes)

    def _retried_or_failed(self, request: Request, error: BrokenBody) -> Request:
        spider = self._crawler.spider
        if spider is not None and not request.meta.get("dont_retry"):
            retry = get_retry_request(request, spider=spider, reason=error)
            if retry is not None:
                return retry
        raise error
