"""Converts days of other calendars to the Gregorian calendar."""

from __future__ import annotations

from datetime import date, timedelta

import jdatetime  # type: ignore[import-untyped]

_HIJRI_EPOCH = date(622, 7, 19)  # 16 July 622 in the Julian calendar
_CYCLE_YEARS, _CYCLE_DAYS = 30, 10_631
_YEAR_DAYS = 354


def solar_hijri(year: int, month: int, day: int) -> date | None:
    """Return the day of the Solar Hijri (Persian) date; None if there is no such day.

    >>> solar_hijri(1397, 7, 10)
    datetime.date(2018, 10, 2)
    """
    try:
        gregorian: date = jdatetime.date(year, month, day).togregorian()
    except ValueError:
        return None
    return gregorian


def hijri(year: int, month: int, day: int) -> date | None:
    """Return the day of the (lunar) Hijri date by the tabular calendar; None if there is no such day.

    Months begin by sighting, so the true day can be one earlier or later.

    >>> hijri(1445, 9, 1)
    datetime.date(2024, 3, 11)
    """
    if not (1 <= month <= 12 and 1 <= day <= 30 and 1 <= year <= 1600):  # noqa: PLR2004 - of the calendar
        return None
    cycles, rest = divmod(year - 1, _CYCLE_YEARS)
    leap_days = (11 * rest + 14) // 30
    days = cycles * _CYCLE_DAYS + rest * _YEAR_DAYS + leap_days + (59 * (month - 1) + 1) // 2 + day - 1
    return _HIJRI_EPOCH + timedelta(days=days)
