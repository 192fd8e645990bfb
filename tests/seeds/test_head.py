# ruff: noqa: RUF001 - Persian and Arabic lines are part of what was met
"""The layouts of the text above a dump, and the date lines of three editions."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from crawler.seeds import Page, parse_page
from crawler.seeds.dates import parse_date_line
from tests.seeds.written import RECORDS, json_string

TEHRAN = ZoneInfo("Asia/Tehran")
DATE = "Fri Jan 3, 2014 10:41:53"
MOMENT = "2014-01-03T10:41:53+03:30"


def read(*lines: str, dump: bool = True) -> Page:
    return parse_page("\n".join([*lines, *([json_string(RECORDS)] if dump else [])]), TEHRAN)


def date_of(page: Page) -> str | None:
    return page.published and page.published.isoformat()


@pytest.mark.parametrize(
    ("lines", "title", "kicker", "date"),
    [
        (["T", "", "T", DATE, "", "Body."], "T", None, MOMENT),  # D
        (["T", "", DATE, "", "Body."], "T", None, MOMENT),  # S
        ([DATE, "Body."], None, None, MOMENT),  # C
        (["Body."], None, None, None),  # X
        (["Kick;", "", "T", "", "T", DATE, "", "Body."], "T", "Kick", MOMENT),  # K, D
        (["Kick", "", "T", "", DATE, "", "Body."], "T", "Kick", MOMENT),  # K, S
        (["T", "", "T", "", "Body."], "T", None, None),  # D without its date
    ],
)
@pytest.mark.parametrize("dump", [True, False])
def test_head_is_read_in_every_layout(
    lines: list[str], title: str | None, kicker: str | None, date: str | None, dump: bool
) -> None:
    page = read(*lines, dump=dump)
    assert (page.title, page.kicker, date_of(page), page.paragraphs) == (title, kicker, date, ("Body.",))


def test_a_title_in_quotes_keeps_them() -> None:
    assert read("'T'", "", "'T'", DATE, "", "Body.").title == "'T'"


def test_a_date_further_down_is_a_part_of_the_body() -> None:
    page = read(*[f"Paragraph {number}." for number in range(8)], DATE)
    assert page.published is None
    assert page.paragraphs[-1] == DATE


def test_a_title_repeated_many_times_is_left_out() -> None:
    page = read("Some T", "", DATE, "", "Body.", "MoreImage", "Some T" * 5 + "So", "Some T Some T", dump=False)
    assert page.paragraphs == ("Body.",)


@pytest.mark.parametrize("code", ["212-11", "218-12", "12", "S/SH 11", "SA - 12", "NJF/NJF", "MB/MB", "SHI/SHI"])
@pytest.mark.parametrize("category", [[], ["", "Category:"]])
def test_desk_codes(code: str, category: list[str]) -> None:
    page = read(DATE, "Body.", code, *category)
    assert (page.desk_code, page.paragraphs) == (code, ("Body.",))


@pytest.mark.parametrize("line", ["2016", "He won 3-1", "USA", "Why?", "A/B testing"])
def test_line_that_is_no_desk_code_stays_text(line: str) -> None:
    page = read(DATE, "Body.", line)
    assert (page.desk_code, page.paragraphs) == (None, ("Body.", line))


def test_a_bare_number_is_a_desk_code_only_above_a_dump() -> None:
    assert read(DATE, "Body.", "12", dump=False).paragraphs == ("Body.", "12")


def test_credits_and_datelines_are_fields_of_their_own() -> None:
    page = read(DATE, "Alalam - Iraq", "(reuters) -- First.", "(ABC News) – Second.", "(reuters) -- Third.")
    assert page.dateline == "Alalam - Iraq"
    assert page.credits == ("reuters", "ABC News")
    assert page.paragraphs == ("First.", "Second.", "Third.")


def test_the_arabic_dateline() -> None:
    page = read("العالم - سوريا", "نص.", dump=False)
    assert (page.dateline, page.paragraphs) == ("العالم - سوريا", ("نص.",))


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("Fri Jan 3, 2014 10:41:53", "2014-01-03T10:41:53+03:30"),
        ("Friday January 3, 2014 10:41", "2014-01-03T10:41:00+03:30"),
        ("Jul 8, 2016", "2016-07-08T00:00:00+04:30"),
        ("سه شنبه 10 مهر 1397 - 22:17", "2018-10-02T22:17:00+03:30"),
        ("سه\u200cشنبه ۱۰ مهر ۱۳۹۷ - ۲۲:۱۷", "2018-10-02T22:17:00+03:30"),
        ("پنج شنبه 30 اسفند 1395 - 08:05:09", "2017-03-20T08:05:09+03:30"),
        ("يكشنبه 9 اسفند 1394", "2016-02-28T00:00:00+03:30"),
        ("الأحد 28 فبراير 2016 - 16:40", "2016-02-28T16:40:00+03:30"),
        ("الأحد ٢٨ شباط ٢٠١٦ - ١٦:٤٠", "2016-02-28T16:40:00+03:30"),
        ("28 تشرين الأول 2016", "2016-10-28T00:00:00+03:30"),
        ("28 كانون الثاني 2016 - 16:40 بتوقيت غرينتش", "2016-01-28T16:40:00+03:30"),
        ("جمعه ۲۰ حوت ۱۳۹۹ - ۱۰:۲۵", "2021-03-10T10:25:00+03:30"),
        ("چهارشنبه 5 حمل 1395", "2016-03-24T00:00:00+04:30"),
        ("۱۲ جدی ۱۳۹۶", "2018-01-02T00:00:00+03:30"),
        ("الثلاثاء 5 غشت 2014", "2014-08-05T00:00:00+04:30"),
        ("الإثنين 3 شتنبر 2018 - 10:00", "2018-09-03T10:00:00+04:30"),
        ("الأحد 7 فيفري 2016", "2016-02-07T00:00:00+03:30"),
        ("السبت 7 أوت 2015", "2015-08-07T00:00:00+04:30"),
        ("الجمعة 4 كانون الاول 2015", "2015-12-04T00:00:00+03:30"),
        ("2016-02-28 16:40:31", "2016-02-28T16:40:31+03:30"),
        ("Fri Jan 32, 2014 10:41:53", None),
        ("Fri Jan 3, 2014 25:41:53", None),
        ("Fri Jan 3, 0000 10:41:53", None),
        ("سه شنبه 31 مهر 1397 - 22:17", None),
        ("On Fri Jan 3, 2014 10:41:53 it rained", None),
        ("28 something 2016", None),
        ("9" * 70, None),
    ],
)
def test_date_lines(line: str, moment: str | None) -> None:
    found = parse_date_line(line, TEHRAN)
    assert (found and found.isoformat()) == moment


def test_weekday_that_contradicts_its_date_is_reported() -> None:
    page = read("Mon Jan 3, 2014 10:41:53", "Body.")
    assert date_of(page) == MOMENT
    assert [one.kind for one in page.diagnoses] == ["weekday"]
