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

from crawler.recover.commoncrawl import nearest, read_collections, read_record
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
def test_what_lists_no_collections_is_a_value_error(body):
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
        with pytest.raises(ValueError, match=r"it is|there is"):
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
    with pytest.raises(ValueError, match="too long"):
        read_record(stream.getvalue())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_record_or_a_value_error(data):
    for one in (data, gzip.compress(data)):
        try:
            read_record(one)
        except ValueError:
            continue


def test_without_fastwarc_the_reason_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    with pytest.raises(ValueError, match=r"scrapy-gleaner\[harvest\]"):
        read_record(member())
