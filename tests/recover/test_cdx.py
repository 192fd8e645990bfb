"""Answers of capture indexes, in every dialect, with whatever else is in them."""

from __future__ import annotations

from datetime import datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.recover.cdx import PAGE_LINES, commoncrawl_query, moment, read_answer, read_line, wayback_query

URL = "http://en.alalam.ir:80/news/1793356"
WAYBACK = f"ir,alalam,en)/news/1793356 20160227101112 {URL} text/html 200 ABC 9000"
FACTS = {"url": URL, "mime": "text/html", "status": "200", "digest": "ABC", "length": "9000"}
PYWB = f"ir,alalam,en)/news/1793356 20160227101112 {orjson.dumps(FACTS).decode()}"
PLACE = {"offset": "77", "filename": "crawl-data/CC-MAIN-2016-07/segments/1/warc/x-00000.warc.gz"}
COMMON_CRAWL = orjson.dumps({"urlkey": "x", "timestamp": "20160227101112", **FACTS, **PLACE}).decode()


def test_both_dialects_of_cdx_give_the_same_lines():
    ours = read_line(WAYBACK)
    assert ours is not None
    assert ours == read_line(PYWB)
    assert (ours.timestamp, ours.url, ours.mime, ours.status, ours.length) == (
        "20160227101112",
        URL,
        "text/html",
        200,
        9000,
    )
    theirs = read_line(COMMON_CRAWL)
    assert theirs == ours._replace(offset=77, filename=PLACE["filename"])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "<html>",
        "{}",
        "[]",
        "{not json",
        "one two three",
        WAYBACK.replace("20160227101112", "201602271011121"),
        WAYBACK.replace("20160227101112", "2016-02-27"),
        WAYBACK.replace("http:", "file:"),
        WAYBACK.replace("en.alalam.ir:80", "a@evil"),
        PYWB.replace(URL, "http://h/\\\\r\\\\nHost: x"),
        "x" * 30_000,
    ],
)
def test_invalid_line_is_skipped(line):
    assert read_line(line) is None


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("201602271011", "2016-02-27T10:11:00"),
        ("20160027101112", "2016-01-27T10:11:12"),
        ("20160000000000", "2016-01-01T00:00:00"),
        ("2016", "2016-01-01T00:00:00"),
        ("20161327101112", None),
        ("20160231101112", None),
    ],
)
def test_a_timestamp_that_is_vague_is_kept_as_it_is(timestamp, expected):
    line = read_line(WAYBACK.replace("20160227101112", timestamp))
    assert line.timestamp == timestamp
    assert moment(timestamp) == (expected and datetime.fromisoformat(f"{expected}+00:00"))


def test_a_type_has_no_parameters():
    assert read_line(WAYBACK.replace("text/html", "Text/HTML;charset=utf-8")).mime == "text/html"


def test_invalid_status_and_path_to_another_host_are_ignored():
    assert read_line(WAYBACK.replace(" 200 ", " - ")).status is None
    assert read_line(COMMON_CRAWL.replace("crawl-data/", "../../")).filename is None


def test_answer_gives_lines_errors_and_the_resume_key():
    answer = read_answer(f"{WAYBACK}\ngarbage of some kind\n{PYWB}\n\nir%2Calalam%29+2016%21\n".encode())
    assert (len(answer.lines), answer.broken, answer.resume) == (2, 1, "ir%2Calalam%29+2016%21")
    assert read_answer(b"") == ((), 0, None)
    assert read_answer(b"\n\n") == ((), 0, None)


def test_an_error_page_is_not_an_empty_answer():
    with pytest.raises(ValueError, match="not an answer"):
        read_answer(b"<html><h1>Busy</h1></html>")


@given(st.binary(max_size=400))
def test_any_bytes_are_an_answer_or_a_value_error(body):
    try:
        answer = read_answer(body)
    except ValueError:
        return
    assert len(answer.lines) <= body.count(b"\n") + 1


def test_queries_ask_for_a_prefix_one_page_at_a_time():
    url = wayback_query("https://a/cdx/search/cdx", "en.alalam.ir/news/1793", resume="a b")
    assert url.startswith("https://a/cdx/search/cdx?url=en.alalam.ir/news/1793&matchType=prefix&")
    assert f"limit={PAGE_LINES}" in url
    assert url.endswith("&showResumeKey=true&resumeKey=a%20b")
    assert commoncrawl_query("https://i", "CC-MAIN-2016-07", "h/x").startswith(
        "https://i/CC-MAIN-2016-07-index?url=h/x"
    )
