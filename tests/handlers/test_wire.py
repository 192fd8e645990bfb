"""Reading of answers: odd ones are read as browsers read them, others are refused with words; and doors of Twisted."""

from __future__ import annotations

import gzip
import inspect
from types import SimpleNamespace

import pytest
from scrapy.core.downloader.handlers import http11
from twisted.web import _newclient
from twisted.web.client import HTTPConnectionPool
from twisted.web.http import PotentialDataLoss

from crawler.handlers.wire import keep_connections
from tests.handlers.asking import ask
from tests.handlers.oddities import READ, REFUSED, TYPE, chunked, framed, whole

PAGE = (
    b"<!DOCTYPE html><html><head><title>A page</title></head><body>" + b"<p>Text of it.</p>" * 30 + b"</body></html>\n"
)


def reasons(error):
    return " ".join(failure.getErrorMessage() for failure in error.reasons)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", READ)
def test_odd_answer_is_read_whole_however_it_is_split(name, size):
    data = READ[name](PAGE)
    if size == 1 and len(data) > 20_000:
        size = 4099
    response, body, _ = ask(*(data[at : at + size] for at in range(0, len(data), size)))
    page = gzip.decompress(body.body) if name.startswith("gzip") else body.body
    assert (response.code // 100, page) == (3 if "without-target" in name else 2, PAGE)
    assert isinstance(body.ended, PotentialDataLoss | _newclient.ResponseDone)


@pytest.mark.parametrize("name", REFUSED)
def test_unreadable_answer_is_refused_with_words(name):
    make, words = REFUSED[name]
    if words == "cut short":
        _, body, _ = ask(make(PAGE))
        assert isinstance(body.ended, _newclient.ResponseFailed)
    else:
        with pytest.raises(_newclient.ResponseFailed) as caught:
            ask(make(PAGE))
        assert words in reasons(caught.value)
        assert "b'" not in reasons(caught.value)


def test_headers_with_proper_names_are_kept_and_others_skipped():
    data = whole(PAGE, b"X Y: no", b'ETag : "1"', b"X-Long: a", b" b", b"Set-Cookie: a=1", b"Set-Cookie: b=2")
    response, _, _ = ask(data)
    held = dict(response.headers.getAllRawHeaders())
    assert held[b"ETag"] == [b'"1"']
    assert held[b"X-Long"] == [b"a b"]
    assert held[b"Set-Cookie"] == [b"a=1", b"b=2"]
    assert not any(b" " in name for name in held)


@pytest.mark.parametrize(
    ("head", "persists"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
    ],
)
def test_connection_is_used_again_only_if_the_server_keeps_it(head, persists):
    _, body, request = ask(head + TYPE + b"Content-Length: 3\r\n\r\nabc", closes=False)
    assert (body.body, request.persistent) == (b"abc", persists)


def test_chunks_that_end_keep_the_connection_and_others_do_not():
    head = b"HTTP/1.1 200 OK\r\n" + CHUNKS
    assert ask(head + chunked(PAGE), closes=False)[2].persistent
    assert ask(head + chunked(PAGE, last=b"0\r\nX: 1\r\n\r\n"), closes=False)[2].persistent
    for last in (b"0\r\n", b"0\r\nX: 1\r\n", b"0\r\n\r\nmore"):
        _, body, request = ask(head + chunked(PAGE, last=last), closes=False)
        assert (body.body, request.persistent) == (PAGE, False)


CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n"


def test_answers_without_body_end_at_their_head():
    for status in (b"204 No Content", b"304 Not Modified", b"205 Reset Content"):
        response, body, _ = ask(b"HTTP/1.1 " + status + b"\r\nContent-Length: 9\r\n\r\n", closes=False)
        assert (response.length, body.body) == (0, b"")


def test_page_that_lacks_its_end_is_cut_short_by_whatever_framing():
    for data in (framed(PAGE[:-9], b"Content-Length: 9999"), framed(chunked(PAGE[:-9], last=b""), CHUNKS.strip())):
        assert isinstance(ask(data)[1].ended, _newclient.ResponseFailed)


@pytest.mark.parametrize(
    ("slots", "kept"), [({}, 2), ({"a": {"delay": 1}}, 2), ({"a": {"concurrency": 16}, "b": {}}, 16)]
)
def test_as_many_connections_are_kept_open_as_requests_may_be_underway(slots, kept):
    handler = SimpleNamespace(_pool=HTTPConnectionPool(None))
    keep_connections(handler, slots)
    assert handler._pool.maxPersistentPerHost == kept


def test_private_names_of_twisted_and_scrapy_still_exist():
    """What :mod:`crawler.handlers.wire` relies on. If this fails, read that module's docstring against the new code."""
    parser = _newclient.HTTPClientParser(None, lambda _: None)
    assert {"_responseDeferred", "_everReceivedData", "request", "finisher"} <= set(vars(parser))
    assert {"_finished", "switchToBodyMode", "headerReceived", "connectionLost"} <= set(dir(parser))
    assert {"_construct", "_bodyDataReceived", "_bodyDataFinished"} <= set(dir(_newclient.Response))
    names = ["version", "code", "phrase", "headers", "_transport", "request"]
    assert list(inspect.signature(_newclient.Response._construct).parameters) == names
    assert "HTTPClientParser(request, self._finishResponse)" in inspect.getsource(_newclient.HTTP11ClientProtocol)
    assert "self._parser.__class__ = " in inspect.getsource(http11._LenientHTTP11ClientProtocol)
    assert "_pool._factory = _LenientHTTP11ClientFactory" in inspect.getsource(http11.HTTP11DownloadHandler)
    assert "_pool.maxPersistentPerHost = " in inspect.getsource(http11.HTTP11DownloadHandler)
    assert HTTPConnectionPool._factory is not None
