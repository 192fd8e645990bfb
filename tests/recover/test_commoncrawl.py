"""Common Crawl: which collections to ask, and what is in a record."""

from __future__ import annotations

import gzip
import io
import sys
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.recover.commoncrawl import MAX_RECORD_BYTES, nearest, read_collections, read_record
from crawler.warc import encode_exchange
from tests.recover.webarchive import page, utc

NAMES = ["CC-MAIN-2026-43", "CC-MAIN-2017-09", "CC-MAIN-2016-18", "CC-MAIN-2016-07", "CC-MAIN-2015-48", "CC-MAIN-2012"]
LISTED = [{"id": name, "name": "x", "cdx-api": f"https://index.commoncrawl.org/{name}-index"} for name in NAMES]
BODY = b"<title>News</title>" * 50


def test_the_crawls_just_after_a_date_are_the_nearest():
    collections = read_collections(orjson.dumps(LISTED))
    assert [one.name for one in collections] == NAMES
    wanted = datetime(2016, 2, 26, tzinfo=UTC)
    assert nearest(collections, wanted, 3) == ("CC-MAIN-2016-07", "CC-MAIN-2016-18", "CC-MAIN-2017-09")
    assert nearest(collections, None, 1) == ("CC-MAIN-2026-43",)
    told = read_collections(orjson.dumps([{"id": "CC-MAIN-2012", "from": "2012-01-27T00:00:00"}]))
    assert told[0].begun == datetime(2012, 1, 27, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'[{"id":"../x"}]', b"[1]"])
def test_answer_without_collections_is_a_value_error(body):
    with pytest.raises(ValueError):  # noqa: PT011 - orjson words some of them
        read_collections(body)


def member(body=BODY, **headers):
    return encode_exchange(page("http://h/news/1", utc(2016, 2, 27, 1, 2, 3), body, **headers), None).response


def test_a_record_gives_the_page_decoded_and_when_it_was_fetched():
    payload = read_record(member(gzip.compress(BODY), Content_Encoding="gzip"))
    assert (payload.body, payload.status, payload.url) == (BODY, 200, "http://h/news/1")
    assert payload.content_type == "text/html; charset=utf-8"
    assert payload.archived == utc(2016, 2, 27, 1, 2, 3)


def test_a_record_that_is_cut_short_is_refused_wherever_the_cut_is():
    whole = member()
    for length in range(0, len(whole), 7):
        with pytest.raises(ValueError, match=r"it is|there is|it cannot"):
            read_record(whole[:length])


def test_a_record_that_was_truncated_when_it_was_fetched_is_refused():
    plain = gzip.decompress(member()).replace(b"WARC-Type:", b"WARC-Truncated: length\r\nWARC-Type:", 1)
    with pytest.raises(ValueError, match="truncated"):
        read_record(gzip.compress(plain))


def test_a_bomb_is_refused():
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb") as file:
        for _ in range(20):
            file.write(bytes(1 << 20))
    with pytest.raises(ValueError, match="there is no record in it"):
        read_record(stream.getvalue())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_record_or_a_value_error(data):
    for one in (data, gzip.compress(data)):
        try:
            read_record(one)
        except ValueError:
            continue


def test_without_fastwarc_a_record_is_read_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastwarc.stream_io", None)
    assert read_record(member()).body == BODY


def test_a_record_longer_than_the_limit_is_refused():
    with pytest.raises(ValueError, match="longer than"):
        read_record(member(b"a" * (MAX_RECORD_BYTES + 1)))
    with pytest.raises(ValueError, match="longer than"):
        read_record(member(gzip.compress(b"a" * (MAX_RECORD_BYTES + 1))))


@pytest.mark.parametrize("said", ["gzip", "br", "deflate", "zstd", "x-gzip", "none", "UTF-8"])
def test_a_body_that_is_stored_decoded_is_the_page(said):
    """So are the records of 2013 to 2018."""
    payload = read_record(member(BODY, Content_Encoding=said))
    assert (payload.body, payload.coding.partition(" ")[0]) == (BODY, said.removeprefix("x-").lower())


ARC = b"http://h/news/1 192.0.2.7 20120227101112 text/html %d\nHTTP/1.1 200 OK\nContent-Type: text/html\n\n%b\n"


def test_an_arc_record_of_the_first_collections_is_read():
    plain = ARC % (len(BODY) + 41, BODY)
    for data in (plain, gzip.compress(plain)):
        payload = read_record(data)
        assert (payload.url, payload.status, payload.content_type) == ("http://h/news/1", 200, "text/html")
        assert (payload.body, payload.archived) == (BODY, utc(2012, 2, 27, 10, 11, 12))


def test_the_first_collections_are_dated_by_their_names():
    names = ["CC-MAIN-2013-20", "CC-MAIN-2012", "CC-MAIN-2009-2010", "CC-MAIN-2008-2009"]
    collections = read_collections(orjson.dumps([{"id": name} for name in names]))
    assert [one.begun.year for one in collections] == [2013, 2012, 2009, 2008]
    assert nearest(collections, utc(2011, 11, 1), 1) == ("CC-MAIN-2012",)
    assert nearest(collections, utc(2009, 3, 1), 2) == ("CC-MAIN-2009-2010", "CC-MAIN-2008-2009")
