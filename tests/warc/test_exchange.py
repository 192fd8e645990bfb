from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.exchange import is_secret, request_block, response_block
from crawler.warc.payload import identify_payload
from tests.warc.exchanges import exchange

SECRETS = [
    "Cookie",
    "Cookie2",
    "Set-Cookie",
    "Set-Cookie2",
    "Authorization",
    "Proxy-Authorization",
    "Authentication-Info",
    "Proxy-Authentication-Info",
    "X-Api-Key",
    "Api-Key",
    "X-Auth-Token",
    "X-Access-Token",
    "X-CSRF-Token",
    "X-XSRF-Token",
    "X-Amz-Security-Token",
    "Private-Token",
    "X-Session-Id",
    "X-Client-Secret",
    "X-Amz-Signature",
    "X-Auth-Key",
    "X-Session-Token",
    "X-JWT",
]
PLAIN = [
    "Accept",
    "Accept-Encoding",
    "User-Agent",
    "Host",
    "Date",
    "ETag",
    "Last-Modified",
    "Content-Type",
    "Content-Length",
    "Server",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "Cache-Control",
    "Location",
    "X-Cache",
    "X-Author",
    "Authority",
]


@pytest.mark.parametrize("name", SECRETS)
def test_headers_that_hold_secrets_are_kept_out(name):
    """... in whatever case they are written, of requests and of responses."""
    headers = ((name, "s3cret"), (name.lower(), "s3cret"), (name.upper(), "s3cret"), ("Date", "today"))

    blocks = (
        response_block(exchange(headers=headers)).encode() + request_block(exchange(request_headers=headers)).encode()
    )

    assert b"s3cret" not in blocks
    assert blocks.count(b"Date: today") == 2


@pytest.mark.parametrize("name", PLAIN)
def test_other_headers_stay(name):
    assert not is_secret(name)


def test_a_request_names_host_path_and_query():
    head = request_block(exchange(url="http://user:pass@example.org:81/a?b=c#d", request_headers=())).encode()
    assert head == b"GET /a?b=c HTTP/1.1\r\nHost: example.org:81\r\n\r\n"


def test_headers_that_the_stored_body_contradicts_are_kept_under_another_name():
    """A reader that believed them would look for chunks, or for bytes that are not there."""
    headers = (("Transfer-Encoding", "chunked"), ("Content-Length", "5"), ("Content-Encoding", "gzip"))
    head = response_block(exchange(headers=headers, body=b"four")).encode()
    assert head == (
        b"HTTP/1.1 200 \r\nX-Crawler-Transfer-Encoding: chunked\r\nX-Crawler-Content-Length: 5\r\n"
        b"Content-Encoding: gzip\r\n\r\n"
    )


@given(st.text(), st.text(), st.text())
def test_no_header_breaks_out_of_its_line(name, value, method):
    changed = exchange(headers=((name, value),), request_headers=((name, value),), method=method)
    for block in (response_block(changed), request_block(changed)):
        encoded = block.encode()
        assert encoded.count(b"\n") == len(block.headers) + 2
        assert encoded.find(b"\r\n\r\n") == len(encoded) - 4


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (b"\xef\xbb\xbf \n<!DOCTYPE HTML>", None, "text/html"),
        (b"<!-- made by hand --><html><body>", None, "text/html"),
        (gzip.compress(b"<html ><p>", mtime=0), "gzip", "text/html"),
        (zlib.compress(b"<html ><p>"), " Deflate ", "text/html"),
        (b"<?xml version='1.0'?><rss/>", None, "application/xml"),
        (b"\xff\xd8\xff\xe0", None, "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", None, "image/webp"),
        (b"\0\0\0\x18ftypmp42", None, "video/mp4"),
        (b"no gzip", "gzip", None),
        (b"<html>", "br", None),
        (b"2 < 3 and 5 > 4", None, None),
        (b"", None, None),
    ],
)
def test_a_payload_is_identified_by_its_bytes_or_not_at_all(body, encoding, expected):
    assert identify_payload(body, encoding) == expected
