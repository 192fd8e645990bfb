"""Moments that URLs and captures tell, as days; how strongly ids grow with them, and a few points of their curve."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from statistics import StatisticsError, correlation

from crawler.text import calendars
from crawler.text.calendars import Calendar

_LAST_PERSIAN_YEAR = 1700
MAX_POINTS = 12
MIN_GROWTH_VALUES = 8


def day_of(moment: str) -> int | None:
    """Return the day (ordinal) of *moment*: 4, 6 or more digits of a date, also of the Persian calendar.

    >>> day_of("20140512") == day_of("13930222") == 735_365
    True
    """
    if not (moment.isascii() and moment.isdigit()) or len(moment) < len("2014"):
        return None
    year, month, day = int(moment[:4]), int(moment[4:6] or 1), int(moment[6:8] or 1)
    calendar: Calendar = "solar" if year < _LAST_PERSIAN_YEAR else "gregorian"
    found = calendars.day_of(calendar, year, max(1, month), max(1, day))
    return found.toordinal() if found else None


def growth(points: Iterable[tuple[int, int]]) -> float | None:
    """Return the rank correlation (Spearman's) of (id, day) *points*; None if they are few, or all of one day.

    >>> growth([(n, 700_000 + n // 3) for n in range(100)]) > 0.99
    True
    """
    points = list(points)
    if len(points) < MIN_GROWTH_VALUES:
        return None
    ids, days = (_ranks(column) for column in zip(*points, strict=True))
    try:
        return correlation(ids, days)
    except StatisticsError:  # all are equal
        return None


def _ranks(values: Sequence[int]) -> list[float]:
    """Return the rank of each of *values*; equal ones share the mean of theirs."""
    ordered = sorted(values)
    return [(bisect_left(ordered, value) + bisect_right(ordered, value) - 1) / 2 for value in values]


def rising(points: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest part of (id, day) *points* in which days do not fall as ids grow."""
    ordered = sorted(dict(sorted(points, reverse=True)).items())
    ends: list[int] = []
    places: list[int] = []
    before: list[int | None] = []
    for place, (_, day) in enumerate(ordered):
        at = bisect_right(ends, day)
        before.append(places[at - 1] if at else None)
        ends[at : at + 1] = [day]
        places[at : at + 1] = [place]
    kept: list[tuple[int, int]] = []
    here = places[-1] if places else None
    while here is not None:
        kept.append(ordered[here])
        here = before[here]
    return kept[::-1]


def few_points(points: Sequence[tuple[int, int]], most: int = MAX_POINTS) -> list[tuple[int, int]]:
    """Return at most *most* of the rising *points*, between which the others lie nearly on straight lines."""
    if len(points) <= most:
        return list(points)
    kept = [0, len(points) - 1]
    while len(kept) < most:
        worst = max(
            (
                (_distance(points, low, high, place), place)
                for low, high in itertools.pairwise(kept)
                for place in range(low + 1, high)
            ),
            default=(0.0, 0),
        )
        if worst[0] < 1:
            break
        kept = sorted([*kept, worst[1]])
    return [points[place] for place in kept]


def _distance(points: Sequence[tuple[int, int]], low: int, high: int, place: int) -> float:
    """Return by how many days the point at *place* is off the line between those at *low* and *high*."""
    (low_id, low_day), (high_id, high_day), (here_id, day) = points[low], points[high], points[place]
    return abs(low_day + (high_day - low_day) * (here_id - low_id) / (high_id - low_id) - day)
