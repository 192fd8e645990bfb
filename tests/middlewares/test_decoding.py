"""Undoing content codings: what is broken is asked for again, and never passed on."""

from __future__ import annotations

import gzip
from random import Random

import pytest
from scrapy import Request, Spider
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler

from crawler.middlewares.decoding import DecodingMiddleware
from crawler.utils.response import BrokenBody, captured

PAGE = "<html><head><meta charset=utf-8><title>خبر</title></head></html>".encode()
NOISE = Random(1).randbytes(500)
URL = "http://127.0.0.1/news/1"


def middleware(**settings):
    crawler = get_crawler(Spider, settings_dict=settings)
    crawler.spider = Spider.from_crawler(crawler, name="spider")
    return DecodingMiddleware.from_crawler(crawler)


def response(body, coding="gzip"):
    """Return what the downloader makes of *body*: a page, by its media type, of whatever charset those bytes seem."""
    return HtmlResponse(URL, headers={"Content-Type": "text/html", "Content-Encoding": coding}, body=body)


def test_a_page_is_decoded_and_its_charset_found_in_what_it_says():
    decoded = middleware().process_response(Request(URL), response(gzip.compress(PAGE)))
    assert (decoded.body, decoded.encoding) == (PAGE, "utf-8")
    assert "Content-Encoding" not in decoded.headers


@pytest.mark.parametrize(
    ("body", "coding"),
    [(NOISE, "gzip"), (gzip.compress(PAGE)[:-9], "gzip"), (gzip.compress(PAGE)[:-9], ""), (NOISE, "rot13")],
    ids=["not compressed", "cut", "cut, and not said", "unknown coding"],
)
def test_truncated_body_is_retried_up_to_the_limit(body, coding):
    decoding = middleware(RETRY_TIMES=1)
    again = decoding.process_response(Request(URL), response(body, coding))
    assert again.meta["retry_times"] == 1
    with pytest.raises(BrokenBody):
        decoding.process_response(again, response(body, coding))


def test_request_without_retries_fails_at_once():
    with pytest.raises(BrokenBody):
        middleware(RETRY_TIMES=1).process_response(Request(URL, meta={"dont_retry": True}), response(NOISE))


@pytest.mark.parametrize(
    ("body", "coding", "note"),
    [
        (gzip.compress(PAGE), "", "gzip not said"),
        (PAGE, "gzip", "gzip said, stored without it"),
        (PAGE, "none", "none said, which is no coding"),
    ],
    ids=["not said", "not so", "no coding"],
)
def test_bytes_decide_and_the_capture_says_so(body, coding, note):
    request = Request(URL)
    decoded = middleware().process_response(request, response(body, coding).replace(request=request))
    assert (decoded.body, decoded.encoding, captured(decoded).coding) == (PAGE, "utf-8", note)


def test_a_part_of_a_compressed_file_stays_as_it_is():
    part = Response(URL, status=206, body=gzip.compress(PAGE))
    assert middleware().process_response(Request(URL), part) is part


def test_a_body_that_grows_beyond_the_limit_is_a_bomb():
    with pytest.raises(DownloadCancelledError, match="is a bomb"):
        middleware(DOWNLOAD_MAXSIZE=1000).process_response(Request(URL), response(gzip.compress(bytes(2000))))
