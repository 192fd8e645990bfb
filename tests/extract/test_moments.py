"""Dates as people and programs write them."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.moments import Moment, parse_moment
from crawler.text.calendars import day_of

CASES = [
    # (as written, day, clock, minutes east of Greenwich)
    ("Fri Jan 3, 2014 10:41:53", date(2014, 1, 3), time(10, 41, 53), None),
    ("سه شنبه 10 مهر 1397 - 22:17", date(2018, 10, 2), time(22, 17), None),
    ("۱۳۹۷/۰۷/۱۰", date(2018, 10, 2), None, None),
    ("1 رمضان 1445", date(2024, 3, 11), None, None),
    ("2016-02-28", date(2016, 2, 28), None, None),
    ("2016-02-28T10:00:00+03:30", date(2016, 2, 28), time(10), 210),
    ("2016-02-28T10:00:00.123Z", date(2016, 2, 28), time(10), 0),
    ("Fri, 03 Jan 2014 10:41:53 GMT", date(2014, 1, 3), time(10, 41, 53), 0),
    ("12 марта 2020, 15:30", date(2020, 3, 12), time(15, 30), None),
    ("5 de enero de 2021", date(2021, 1, 5), None, None),
    ("3. Oktober 2016", date(2016, 10, 3), None, None),
    ("2020年3月4日 10:20", date(2020, 3, 4), time(10, 20), None),
    ("13/4/2016", date(2016, 4, 13), None, None),
    ("4/13/2016", date(2016, 4, 13), None, None),
    ("20140103T104153", date(2014, 1, 3), time(10, 41, 53), None),
    ("1388745713", date(2014, 1, 3), time(10, 41, 53), 0),
    ("March 2, 2024 at 3:15 pm", date(2024, 3, 2), time(15, 15), None),
    ("Published 10:20 AM EST, Tue December 5, 2023", date(2023, 12, 5), time(10, 20), -300),
]


@pytest.mark.parametrize(("text", "day", "clock", "minutes"), CASES)
def test_moment_is_parsed(text, day, clock, minutes):
    moment = parse_moment(text)
    assert moment is not None
    assert (moment.day, moment.clock) == (day, clock)
    assert (moment.zone.utcoffset(None) if moment.zone else None) == (
        None if minutes is None else timedelta(minutes=minutes)
    )


@pytest.mark.parametrize("text", ["", "no date", "2016-13-45", "31 February 2016", "99/99/2016", "12345"])
def test_text_that_is_not_a_date_gives_no_moment(text):
    assert parse_moment(text) is None


def test_the_language_settles_which_number_is_the_month():
    assert parse_moment("3/4/2016").day == date(2016, 4, 3)
    assert parse_moment("3/4/2016", day_first=False).day == date(2016, 3, 4)


def test_a_computed_hijri_day_is_not_sure():
    assert not parse_moment("1 رمضان 1445").sure


def test_a_clock_without_zone_is_local_and_a_missing_clock_is_midnight():
    tehran = ZoneInfo("Asia/Tehran")
    assert Moment(date(2014, 1, 3), time(10, 41, 53)).at(tehran).isoformat() == "2014-01-03T10:41:53+03:30"
    assert Moment(date(2014, 1, 3), time(7, 11), UTC).at(tehran).isoformat() == "2014-01-03T10:41:00+03:30"
    assert Moment(date(2014, 1, 3), time(7), timezone(timedelta(hours=2))).at(None) == datetime(
        2014, 1, 3, 5, tzinfo=UTC
    )
    assert Moment(date(2014, 1, 3)).at(None).isoformat() == "2014-01-03T00:00:00"


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.times())
def test_iso_comes_back(day, clock):
    moment = datetime.combine(day, clock.replace(microsecond=0))
    read = parse_moment(moment.isoformat())
    assert (read.day, read.clock) == (moment.date(), moment.time())


@settings(deadline=None)
@given(st.text())
def test_it_never_raises(text):
    parse_moment(text)


@settings(deadline=None)
@given(st.text(alphabet="0123456789/-.: apmJanuryTZ+", max_size=400))
def test_it_never_raises_on_scraps_of_dates(text):
    parse_moment(text)


def test_days_that_do_not_exist_are_refused():
    assert day_of("solar", 1398, 12, 30) is None
    assert day_of("hijri", 1445, 13, 1) is None
