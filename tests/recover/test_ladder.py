"""Where a target is in an index, how wide to ask, and which of its captures come first."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.recover.cdx import PAGE_LINES
from crawler.recover.holdings import IndexLine
from crawler.recover.ladder import (
    MAX_CAPTURES,
    MAX_UNCERTAIN_CAPTURES,
    article_places,
    best_first,
    name_at,
    names_target,
    picture_places,
    widest_worthwhile,
)
from crawler.sites import load_profile

PROFILE = load_profile("alalam")
WANTED = datetime(2016, 2, 26, tzinfo=UTC)


def line(timestamp, **changes):
    fields = {"url": "http://h/1", "mime": "text/html", "status": 200, "digest": timestamp, **changes}
    return IndexLine(timestamp, **fields)


def test_an_article_is_at_one_place_whatever_the_schemes_of_its_urls():
    (place,) = article_places(PROFILE, "1793356")
    assert (place.base, place.name) == ("en.alalam.ir/news/", "1793356")
    assert place.prefixes == ("1793356", "179335", "17933", "1793", "179", "17")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://en.alalam.ir:80/news/1793356", "1793356"),
        ("https://en.alalam.ir//news/1793356/kurds-retake-town?x=1", "1793356"),
        ("http://en.alalam.ir/news/1793356?x", "1793356"),
        ("http://en.alalam.ir/news/17933567", "17933567"),
        ("http://en.alalam.ir/news/1793356a", None),
        ("http://en.alalam.ir/news/", None),
        ("http://en.alalam.ir/", None),
        ("http://fa.alalam.ir/news/1793356", None),
        ("http://en.alalam.ir:8080/news/1793356", None),
    ],
)
def test_url_in_an_index_belongs_to_at_most_one_article(url, name):
    (place,) = article_places(PROFILE, "1793356")
    assert name_at(url, place) == name
    assert names_target(url, [place]) == (name == "1793356")


def test_one_query_covers_all_pictures_of_a_day():
    pic = "/2016/02/26/alalam_635921016327147719_25f_4x3.jpg"
    places = picture_places(PROFILE, pic)
    assert [place.base for place in places] == [
        "media.alalam.ir/news/image/original/",
        "media.alalam.ir/news/image/855x495/",
        "media.alalamtv.net/news/image/855x495/",
    ]
    assert places[0].prefixes == (pic[1:], "2016/02/26/")
    assert all(names_target(url, places) for url in PROFILE.image_urls(pic))
    (flat,) = picture_places(PROFILE, "150994162047493000.jpg")
    assert flat.prefixes == ("150994162047493000.jpg", "15099")
    assert picture_places(PROFILE, "../etc/passwd") == ()


def test_the_nearest_good_capture_is_first_and_equal_bytes_come_once():
    lines = [
        line("20120101000000"),
        line("20160301000000", digest="A"),
        line("20160227000000", digest="A"),
        line("20160226120000", status=404),
        line("20160226130000", mime="warc/revisit", digest="A"),
        line("20160226130000", mime="text/css"),
        line("20160226130000", mime="image/jpeg"),
    ]
    assert [one.timestamp for one in best_first(lines, WANTED, "page")] == ["20160227000000", "20120101000000"]
    assert [one.mime for one in best_first(lines, WANTED, "picture")] == ["image/jpeg", "warc/revisit"]


@pytest.mark.parametrize(
    "unknown",
    [
        {"mime": "unk"},
        {"mime": "-"},
        {"mime": ""},
        {"mime": "application/octet-stream"},
        {"mime": "warc/revisit", "status": None},
        {"status": None},
        {"timestamp": "201602271011"},
        {"timestamp": "20160027101112"},
        {"timestamp": "20161327101112"},
    ],
)
def test_a_capture_that_the_index_knows_little_of_is_taken_last(unknown):
    vague = line("20160227000000", digest="V")._replace(**unknown)
    good = line("20120101000000", digest="G")
    assert list(best_first([vague], WANTED, "page")) == [vague]
    assert list(best_first([vague, good], WANTED, "page")) == [good, vague]


def test_only_few_uncertain_captures_are_fetched():
    lines = [line(f"2016022{day}000000", mime="unk") for day in range(10)]
    good = [line(f"2014022{day}000000") for day in range(10)]
    assert len(list(best_first(lines, WANTED, "page"))) == MAX_UNCERTAIN_CAPTURES
    assert [one.mime for one in best_first(lines + good, WANTED, "page")][-3:] == ["text/html", "unk", "unk"]


def test_without_a_date_the_earliest_is_first():
    lines = [line("20180101000000"), line("20140101000000")]
    assert next(best_first(lines, None, "page")).timestamp == "20140101000000"


def test_query_to_an_archive_with_many_captures_is_narrower():
    lines = [line(f"2016022{day}000000") for day in range(10)]
    assert len(list(best_first(lines, WANTED, "page"))) == MAX_CAPTURES


@pytest.mark.parametrize("unknown", ["", "-"])
def test_captures_whose_bytes_an_index_says_nothing_of_count_each(unknown):
    lines = [line(f"2016022{day}000000", digest=unknown) for day in range(10)]
    assert len(list(best_first(lines, WANTED, "page"))) == MAX_CAPTURES


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=6).map(sorted), st.floats(0, 1e6) | st.none())
def test_wide_query_never_costs_more_per_target_than_a_single_one(waiting, density):
    left = widest_worthwhile(waiting, density)
    pages = max(1.0, (1.0 if density is None else density) * 10**left / PAGE_LINES)
    first = max(1.0, (1.0 if density is None else density) / PAGE_LINES)
    assert max(1, waiting[left]) / pages >= max(1, waiting[0]) / (first + 1)
