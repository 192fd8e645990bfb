"""Dates from names: picture ticks, flat picture names, ids among known ones."""

import csv
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.sites import id_time, load_profile, picture_time

TEHRAN = ZoneInfo("Asia/Tehran")
SEEDS = Path(__file__).parents[3] / "shared" / "seeds" / "pages"


def test_ticks_are_the_sites_local_time():
    moment = picture_time("/2016/02/26/alalam_635921016327147719_25f_4x3.jpg", TEHRAN)
    assert moment == datetime(2016, 2, 26, 16, 40, 32, tzinfo=TEHRAN)
    assert moment.isoformat() == "2016-02-26T16:40:32+03:30"


def test_summer_time_is_the_zones():
    moment = picture_time("/2015/05/27/alalam_635683438118535937_25f_4x3.jpg", TEHRAN)
    assert moment is not None
    assert moment.isoformat().endswith("+04:30")


def test_flat_names_are_unix_seconds():
    assert picture_time("150994162047493000.jpg", TEHRAN).isoformat() == "2017-11-06T07:43:40+03:30"
    assert picture_time("/2018/01/02/151487640047493000.jpg", TEHRAN).date() == date(2018, 1, 2)


@pytest.mark.parametrize(
    "pic",
    [
        None,
        "",
        "/2016/02/27/alalam_635921016327147719_25f_4x3.jpg",
        "/2016/02/26/alalam_999999999999999999_25f_4x3.jpg",
        "/2016/02/26/alalam_000000000000000000_25f_4x3.jpg",
        "999999999947493000.jpg",
        "000000000000000000.jpg",
        "/2016/02/26/picture.jpg",
    ],
)
def test_a_name_that_contradicts_itself_or_tells_nothing_is_no_date(pic):
    assert picture_time(pic, TEHRAN) is None


@given(st.text() | st.from_regex(r"[0-9]{18}\.jpg", fullmatch=True))
def test_any_name_is_of_a_year_of_news_sites_or_tells_nothing(pic):
    moment = picture_time(pic, TEHRAN)
    assert moment is None or 1995 <= moment.year <= 2100


@given(st.from_regex(r"/[0-9]{4}/[0-9]{2}/[0-9]{2}/alalam_[0-9]{18}_25f_4x3\.jpg", fullmatch=True))
def test_any_tick_is_of_the_day_of_its_folder_or_tells_nothing(pic):
    moment = picture_time(pic, TEHRAN)
    assert moment is None or pic.startswith(f"/{moment:%Y/%m/%d}/")


@pytest.mark.skipif(not SEEDS.exists(), reason="the facsimiles of real seeds are not beside this checkout")
def test_every_tick_of_the_real_pictures_agrees_with_its_folder():
    with (SEEDS / "records.tsv").open(encoding="utf-8", newline="") as file:
        pics = [row["pic"] for row in csv.DictReader(file, delimiter="\t")]
    for pic in pics:
        moment = picture_time(pic, TEHRAN)
        assert moment is not None, pic
        if pic.startswith("/"):
            assert f"/{moment:%Y/%m/%d}/" in pic


def test_an_id_between_two_known_ones_is_dated_between_them():
    known = load_profile("alalam").known
    assert id_time("1490659", known, TEHRAN).date() == date(2013, 7, 3)
    assert date(2016, 2, 1) < id_time("1793356", known, TEHRAN).date() < date(2016, 3, 15)
    assert id_time("3232746", known, TEHRAN).date() == date(2017, 12, 19)


@pytest.mark.parametrize("article_id", ["1", "9999999", "", "x", "\u0661", "9" * 30])
def test_outside_the_known_ids_nothing_is_invented(article_id):
    assert id_time(article_id, load_profile("alalam").known, TEHRAN) is None


@given(st.integers(1490659, 3232746), st.integers(1490659, 3232746))
def test_dates_grow_with_ids(one, other):
    known = load_profile("alalam").known
    low, high = sorted((one, other))
    assert id_time(str(low), known, TEHRAN) <= id_time(str(high), known, TEHRAN)
