"""The periods of the time line: days, months, quarters or years, few enough to distinguish the bars."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Literal

Unit = Literal["day", "month", "quarter", "year"]
_UNITS: tuple[Unit, ...] = ("day", "month", "quarter", "year")
MAX_BARS = 62
"""Bars of a time line."""


def day_of(published: str | None) -> date | None:
    """Return the day of an ISO 8601 date, by the clock that it was written by; None if it is none."""
    try:
        return date.fromisoformat(published[:10]) if published else None
    except ValueError:
        return None


def number_of(day: date, unit: Unit) -> int:
    """Return the number of the period that *day* is in; periods that follow each other have numbers that do."""
    if unit == "day":
        return day.toordinal()
    if unit == "month":
        return day.year * 12 + day.month - 1
    return day.year * 4 + (day.month - 1) // 3 if unit == "quarter" else day.year


def label_of(number: int, unit: Unit) -> str:
    """Return what the period *number* is called.

    >>> [label_of(number_of(date(2016, 2, 26), unit), unit) for unit in ("day", "month", "quarter", "year")]
    ['2016-02-26', '2016-02', '2016-Q1', '2016']
    """
    if unit == "day":
        return date.fromordinal(number).isoformat()
    if unit == "month":
        return f"{number // 12:04d}-{number % 12 + 1:02d}"
    return f"{number // 4:04d}-Q{number % 4 + 1}" if unit == "quarter" else f"{number:04d}"


class Periods:
    """The periods that show *days* (with how many records each has) best: no more than :data:`MAX_BARS`.

    Years that are further apart than that (a page that claims to be of 1970) are left out at the emptier end: a
    record of such a day has no period.
    """

    def __init__(self, days: Counter[date]) -> None:
        self.unit: Unit = "year"
        self._first, self._last = 0, -1
        for unit in _UNITS if days else ():
            self.unit = unit
            self._first, self._last = number_of(min(days), unit), number_of(max(days), unit)
            if self._last - self._first < MAX_BARS:
                return
        years = Counter[int]()
        for day, count in days.items():
            years[day.year] += count
        while self._last - self._first >= MAX_BARS:
            if years[self._first] <= years[self._last]:
                self._first = min(year for year in years if year > self._first)
            else:
                self._last = max(year for year in years if year < self._last)

    def labels(self) -> list[str]:
        """Return the name of every period, those without a record too, in order."""
        return [label_of(number, self.unit) for number in range(self._first, self._last + 1)]

    def find(self, day: date) -> str | None:
        """Return the name of the period that *day* is in, None if it is outside of all."""
        number = number_of(day, self.unit)
        return label_of(number, self.unit) if self._first <= number <= self._last else None
