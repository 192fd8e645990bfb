"""The periods of a time line: few enough to be told apart, and no gap left out."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus.report.periods import MAX_BARS, Periods, day_of


@pytest.mark.parametrize(
    ("first", "last", "unit", "labels"),
    [
        ("2016-02-26", "2016-02-26", "day", ["2016-02-26"]),
        ("2016-02-28", "2016-03-01", "day", ["2016-02-28", "2016-02-29", "2016-03-01"]),
        ("2015-12-31", "2016-03-03", "month", ["2015-12", "2016-01", "2016-02", "2016-03"]),
        ("2009-06-01", "2016-03-03", "quarter", None),
        ("1990-06-01", "2016-03-03", "year", [str(year) for year in range(1990, 2017)]),
    ],
)
def test_the_finest_unit_that_fits(first, last, unit, labels):
    periods = Periods(Counter([date.fromisoformat(first), date.fromisoformat(last)]))
    assert periods.unit == unit
    assert labels is None or periods.labels() == labels


def test_a_page_that_claims_to_be_of_another_century_does_not_flatten_the_rest():
    days = Counter({date(1900, 1, 1): 1, date(2015, 1, 1): 5, date(2016, 1, 1): 5, date(9999, 1, 1): 1})
    periods = Periods(days)
    assert periods.labels() == ["2015", "2016"]
    assert periods.find(date(1900, 1, 1)) is None


def test_no_day_gives_no_period():
    assert Periods(Counter()).labels() == []


@given(st.dictionaries(st.dates(), st.integers(1, 9), min_size=1))
def test_any_days_give_few_bars_and_each_day_in_range_has_one(days):
    periods = Periods(Counter(days))
    labels = periods.labels()
    assert 1 <= len(labels) <= MAX_BARS
    found = [periods.find(day) for day in days]
    assert any(found)
    assert {label for label in found if label} <= set(labels)


@pytest.mark.parametrize("published", [None, "", "yesterday", "2016-13-01", "2016-02-30T00:00:00", "0000-01-01"])
def test_invalid_date_has_no_day(published):
    assert day_of(published) is None
