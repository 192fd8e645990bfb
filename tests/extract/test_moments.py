"""Dates as people and programs write them."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from babel.dates import get_month_names
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
    # a range is no zone, and a zone in brackets is one
    ("Saturday, 7 May 2016, 10:00-12:00", date(2016, 5, 7), time(10), None),
    ("2016-05-07 10:00-11:30", date(2016, 5, 7), time(10), None),
    ("7.5.2016, 10:00-12 Uhr", date(2016, 5, 7), time(10), None),
    ("2016-05-07T10:00-05:00", date(2016, 5, 7), time(10), -300),
    ("2016-05-07 10:00:00-05", date(2016, 5, 7), time(10), -300),
    ("Sat, 7 May 2016 10:00 -0500", date(2016, 5, 7), time(10), -300),
    ("24/04/2024 15:30 (GMT+7)", date(2024, 4, 24), time(15, 30), 420),
    ("24/04/2024 15:30 (UTC +05:30)", date(2024, 4, 24), time(15, 30), 330),
    # months in other scripts, in the middle of a line, as pages write them
    ("القاهرة - الأربعاء 24 أبريل 2024 - 10:20", date(2024, 4, 24), time(10, 20), None),
    ("24 نيسان/أبريل 2024", date(2024, 4, 24), None, None),
    ("الأربعاء، 24 نيسان (أبريل) 2024، 10:20 مساءً", date(2024, 4, 24), time(22, 20), None),
    ("٢٤ كانون الثاني ٢٠٢٤", date(2024, 1, 24), None, None),
    ("۴ تير ۱۳۹۷ ساعت ۱۰:۲۰ ق.ظ", date(2018, 6, 25), time(10, 20), None),
    ("۴ تیر ۱۳۹۷، ۱۰:۲۰ ب.ظ", date(2018, 6, 25), time(22, 20), None),
    ("24 حمل 1403", date(2024, 4, 12), None, None),
    ("1403 حوت 10", date(2025, 2, 28), None, None),
    ("10/07/1397", date(2018, 10, 2), None, None),
    ("بدھ 24 اپریل 2024", date(2024, 4, 24), None, None),
    ("ב-24 באפריל 2024", date(2024, 4, 24), None, None),
    ("יום רביעי, 24 אפריל 2024, 10:20", date(2024, 4, 24), time(10, 20), None),
    ("Thứ tư, 24/4/2024, 10:20 (GMT+7)", date(2024, 4, 24), time(10, 20), 420),
    ("Ngày 24 tháng 4 năm 2024", date(2024, 4, 24), None, None),
    ("24 Tháng Tư, 2024", date(2024, 4, 24), None, None),
    ("২৪ এপ্রিল ২০২৪", date(2024, 4, 24), None, None),
    ("24 जनवरी 2024", date(2024, 1, 24), None, None),
    ("입력 2024. 4. 24. 오후 3:15", date(2024, 4, 24), time(15, 15), None),
    ("2024년 4월 24일 오전 10:20", date(2024, 4, 24), time(10, 20), None),
    ("2024年4月24日 午後3時15分", date(2024, 4, 24), time(15, 15), None),
    ("24 เม.ย. 2567 10:20", date(2024, 4, 24), time(10, 20), None),
    ("วันพุธที่ ๒๔ เมษายน พ.ศ. ๒๕๖๗", date(2024, 4, 24), None, None),
    ("24/04/2567", date(2024, 4, 24), None, None),
    ("2024. április 24., szerda 10:20", date(2024, 4, 24), time(10, 20), None),
    ("24. huhtikuuta 2024", date(2024, 4, 24), None, None),
    ("24. 4. 2024 10:20", date(2024, 4, 24), time(10, 20), None),
    ("24 KASIM 2024", date(2024, 11, 24), None, None),
    ("24 d’abril de 2024", date(2024, 4, 24), None, None),
    ("24 Απρίλιος 2024, 10:20 μ.μ.", date(2024, 4, 24), time(22, 20), None),
    ("1 января 2024", date(2024, 1, 1), None, None),
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
@given(st.text() | st.text(alphabet="0123456789/-.: apmJanuryTZ+", max_size=400))
def test_day_that_is_read_in_any_text_is_read_again_as_written(text):
    moment = parse_moment(text)
    if moment and moment.day.year in range(1900, 2100):
        assert parse_moment(moment.day.isoformat()).day == moment.day


def table() -> list[tuple[str, str, list[list[str]]]]:
    """Return the rows of the table of months: calendar, language, and the spellings of each month."""
    lines = files("crawler.text").joinpath("months.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return [(row[0], row[1], [names.split(",") for names in row[2:]]) for row in rows]


KEYBOARDS = {
    "Arabic": str.maketrans("یکہۀ", "يكهه"),
    "Persian": str.maketrans("يىكہةأإآ", "ییکههااا"),
    "Urdu": str.maketrans("يىكهة", "ییکہہ"),
}
YEARS = {"gregorian": 2018, "solar": 1397, "hijri": 1439}


@pytest.mark.parametrize("keyboard", KEYBOARDS)
@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_month_of_any_language_is_read_as_any_keyboard_types_it(row, keyboard):
    calendar, language, months = row
    for number, names in enumerate(months, 1):
        for name in names:
            if language == "hr" and name.startswith("listopad"):
                continue  # November, in Polish and Czech
            typed = name.translate(KEYBOARDS[keyboard])
            moment = parse_moment(f"(News) 12 {typed} {YEARS[calendar]} - 22:17")
            assert moment is not None, typed
            assert (moment.day, moment.clock) == (day_of(calendar, YEARS[calendar], number, 12), time(22, 17)), typed


@pytest.mark.parametrize("language", [language for calendar, language, _ in table() if calendar == "gregorian"])
def test_the_months_that_cldr_gives_a_language_are_read_in_any_case(language):
    for number, name in get_month_names("wide", locale=language.replace("-", "_")).items():
        if name == "listopada" and language == "hr":
            continue
        for spelling in (name, name.upper(), name.capitalize(), unicodedata.normalize("NFD", name)):
            moment = parse_moment(f"(News) 24 {spelling} 2024, 10:20")
            assert moment is not None, spelling
            assert (moment.day, moment.clock) == (date(2024, number, 24), time(10, 20)), spelling


@pytest.mark.parametrize(
    "text", ["10 LED 2024 lamps", "the 24 hours 2024", "Top 10 movies of 2024", "5 may 1397", "12 مهر 2018"]
)
def test_words_that_are_no_months_and_years_of_other_calendars_are_no_dates(text):
    assert parse_moment(text) is None


def test_days_that_do_not_exist_are_refused():
    assert day_of("solar", 1398, 12, 30) is None
    assert day_of("hijri", 1445, 13, 1) is None
