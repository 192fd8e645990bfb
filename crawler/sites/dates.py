"""Dates that a site leaves in its names: the tick in a picture's name, the place of an id among known ones."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_TICKS_RE = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/[a-z]{1,20}_(\d{18})_", re.ASCII)
_FLAT_RE = re.compile(r"(?:^|/)(\d{10})\d{8}\.[a-z0-9]{2,4}$", re.ASCII | re.IGNORECASE)
_DOTNET_EPOCH = datetime(1, 1, 1)  # noqa: DTZ001 - ticks count local time, which has no zone until we give it one
_ID_DIGITS = 20
_EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def picture_time(pic: str | None, zone: ZoneInfo) -> datetime | None:
    """Return when the picture named *pic* was uploaded, in *zone*, to the second; None if its name does not say.

    Two kinds of name say it: ``/YYYY/MM/DD/site_<18 digits>_25f_4x3.jpg``, where the digits are .NET ticks
    (100 ns since 0001-01-01, https://learn.microsoft.com/dotnet/api/system.datetime.ticks) of the site's local
    clock, and ``<10 digits of Unix seconds><8 digits>.jpg``. A tick that contradicts its folder is ignored.

    >>> picture_time("/2016/02/26/alalam_635921016327147719_25f_4x3.jpg", ZoneInfo("Asia/Tehran")).isoformat()
    '2016-02-26T16:40:32+03:30'
    >>> picture_time("150994162047493000.jpg", ZoneInfo("UTC")).isoformat()
    '2017-11-06T04:13:40+00:00'
    """
    if not pic:
        return None
    if match := _TICKS_RE.search(pic):
        year, month, day, ticks = (int(group) for group in match.groups())
        local = _DOTNET_EPOCH + timedelta(seconds=ticks // 10_000_000)
        if (local.year, local.month, local.day) != (year, month, day):
            return None
        moment = local.replace(tzinfo=zone)
    elif match := _FLAT_RE.search(pic):
        moment = datetime.fromtimestamp(int(match[1]), zone)
    else:
        return None
    return moment if _EARLIEST <= moment < _LATEST else None


def id_time(article_id: str, known: Sequence[tuple[int, date]], zone: ZoneInfo) -> datetime | None:
    """Return the day on which *article_id* was probably published, as its midnight in *zone*.

    *known* are (id, date) points in rising order; between two of them ids are taken to grow evenly.
    Outside them nothing is known, and the answer is None.

    >>> known = [(100, date(2016, 1, 1)), (200, date(2016, 1, 11))]
    >>> id_time("150", known, ZoneInfo("UTC")).isoformat()
    '2016-01-06T00:00:00+00:00'
    """
    if not (article_id.isascii() and article_id.isdigit()) or len(article_id) > _ID_DIGITS or not known:
        return None
    number = int(article_id)
    after = bisect_right(known, number, key=lambda point: point[0])
    if after == 0 or (after == len(known) and known[-1][0] != number):
        return None
    low_id, low_date = known[after - 1]
    if low_id == number:
        day = low_date
    else:
        high_id, high_date = known[after]
        day = low_date + (high_date - low_date) * ((number - low_id) / (high_id - low_id))
    return datetime.combine(day, time(), zone)
