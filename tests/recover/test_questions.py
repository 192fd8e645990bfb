"""One question serves many targets, its answer is kept, and no answer leads to asking for ever."""

from __future__ import annotations

import sqlite3

import pytest

from crawler.recover.cdx import PAGE_LINES, Answer
from crawler.recover.holdings import Holdings, IndexLine
from crawler.recover.ladder import article_places, picture_places
from crawler.recover.questions import keep, question
from crawler.sites import load_profile

PROFILE = load_profile("alalam")
SOURCE = "https://a/cdx en.alalam.ir/news/"


@pytest.fixture
def holdings():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE targets (tid INTEGER PRIMARY KEY, state TEXT)")
    yield Holdings(connection)
    connection.close()


def place(article_id="1793356"):
    return article_places(PROFILE, article_id)[0]


def wait_for(holdings, *ids):
    holdings._connection.executemany("INSERT INTO targets VALUES (?, 'pending')", [(one,) for one in ids])


def line(article_id, timestamp="20160227000000"):
    return IndexLine(timestamp, f"http://en.alalam.ir/news/{article_id}", "text/html", 200, f"{article_id}{timestamp}")


def ask(holdings, article_id="1793356"):
    return question(holdings, SOURCE, place(article_id), since=0.0)


def answer(holdings, asked, *ids, resume=None, article_id="1793356"):
    lines = tuple(line(one) for one in ids)
    keep(holdings, SOURCE, place(article_id), asked, Answer(lines, 0, resume), now=1.0)


def test_target_that_waits_alone_has_its_own_query(holdings):
    wait_for(holdings, 1793356, 3000000)
    assert ask(holdings).prefix == "1793356"


def test_neighbours_share_a_query_and_its_answer_settles_all(holdings):
    wait_for(holdings, 1793356, 1793883, 1793911)
    asked = ask(holdings)
    assert (asked.prefix, asked.span) == ("1793", 1000)
    answer(holdings, asked, 1793356, 1793911)
    assert [one.url for one in holdings.known(SOURCE, "1793356", since=0.0)] == ["http://en.alalam.ir/news/1793356"]
    assert holdings.known(SOURCE, "1793883", since=0.0) == []
    assert holdings.known(SOURCE, "1800000", since=0.0) is None


def test_old_answers_are_requested_again(holdings):
    answer(holdings, ask(holdings), 1793356)
    assert holdings.known(SOURCE, "1793356", since=0.5) is not None
    assert holdings.known(SOURCE, "1793356", since=2.0) is None


def test_partial_answer_is_kept_and_the_query_resumes_while_it_pays(holdings):
    wait_for(holdings, *range(1793350, 1793360))
    answer(holdings, ask(holdings), 1793350, 1793352, resume="key")
    assert holdings.known(SOURCE, "1793351", since=0.0) == []
    assert holdings.known(SOURCE, "1793352", since=0.0) is None  # more of it may follow
    further = ask(holdings, "1793355")
    assert (further.progress.resume, further.progress.pages) == ("key", 1)
    answer(holdings, further, 1793352, 1793355)
    assert [len(holdings.known(SOURCE, str(one), since=0.0)) for one in (1793352, 1793355, 1793359)] == [1, 1, 0]


def test_archive_that_always_has_more_gets_a_limited_number_of_queries(holdings):
    wait_for(holdings, *range(1793350, 1793360))
    prefixes = []
    while holdings.known(SOURCE, "1793359", since=0.0) is None:
        asked = ask(holdings, "1793359")
        prefixes.append(asked.prefix)
        answer(holdings, asked, 1793350, resume="key", article_id="1793359")
    assert prefixes[-1] == "1793359"
    assert len(prefixes) <= 11


def test_full_page_without_a_resume_key_is_not_complete(holdings):
    wait_for(holdings, 1793356, 1793883)
    asked = ask(holdings)
    lines = tuple(line(1793100, f"20160227{number // 60:04d}{number % 60:02d}") for number in range(PAGE_LINES))
    keep(holdings, SOURCE, place(), asked, Answer(lines, 0, None), now=1.0)
    assert holdings.known(SOURCE, "1793000", since=0.0) == []
    assert ask(holdings).prefix == "1793356"


def test_queries_are_narrower_where_captures_are_dense(holdings):
    wait_for(holdings, *range(1793000, 1793010), 1793900)
    assert ask(holdings, "1793005").prefix == "1793"  # eleven targets for one request
    told = Answer(tuple(line(1600000, f"20160227{number:06d}") for number in range(500)), 0, None)
    keep(holdings, SOURCE, place("1600000"), ask(holdings, "1600000"), told, now=1.0)
    assert ask(holdings, "1793005").prefix == "179300"  # ten for one request, or eleven for a hundred


def test_pictures_of_a_day_share_a_query(holdings):
    pic = "/2016/02/26/alalam_635921016327147719_25f_4x3.jpg"
    there = picture_places(PROFILE, pic)[0]
    source = f"https://a/cdx {there.base}"
    asked = question(holdings, source, there, since=0.0)
    assert asked.prefix == "2016/02/26/"
    url = f"http://media.alalam.ir/news/image/original/{pic}"
    found = IndexLine("20160228000000", url, "image/jpeg", 200, "D")
    keep(holdings, source, there, asked, Answer((found,), 0, None), now=1.0)
    assert holdings.known(source, there.name, since=0.0) == [found]
    assert holdings.known(source, "2016/02/26/other.jpg", since=0.0) == []


def test_very_long_id_has_its_own_query(holdings):
    long = "9" * 20
    assert question(holdings, SOURCE, place(long), since=0.0).prefix == long
