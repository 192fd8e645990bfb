"""When the articles of the replica were published, and how the names of their pictures say so."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from crawler.sites import picture_time

_TICKS_PER_SECOND = 10_000_000
# The site's life outside the points of its profile: at the pace that they show before, slower after.
_FIRST = (0, date(2001, 1, 1))
_LAST = (10_000_000, date(2024, 12, 31))
# Articles appear from 05:00 to 23:00: no clock of the zone was ever moved in those hours, so each has one meaning.
_OPENS, _OPEN_FOR = 5 * 3600, 18 * 3600
_FLAT_SINCE = date(2017, 10, 1).toordinal()
# Not strftime: it is slow, and speaks the language of the user's locale.
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Calendar:
    """Dates ids by points (id, date) in rising order, in *zone*."""

    known: Sequence[tuple[int, date]]
    zone: ZoneInfo

    def local(self, article_id: int) -> tuple[int, int]:
        """Return the day (proleptic Gregorian ordinal) and the second of it when *article_id* was published.

        *article_id* is 0 to 9,999,999; both grow with it. Between two points ids grow evenly, as
        :func:`crawler.sites.id_time` takes it, which therefore gives the same day.
        """
        after = bisect_right(self._ids, article_id)
        (low_id, low), (high_id, high) = self._points[after - 1], self._points[after]
        days, part = divmod((high - low) * (article_id - low_id), high_id - low_id)
        return low + days, _OPENS + part * _OPEN_FOR // (high_id - low_id)

    def published(self, article_id: int) -> datetime:
        """Return when *article_id* was published, to the second, in the site's zone."""
        return self.at(*self.local(article_id))

    def at(self, day: int, second: int) -> datetime:
        """Return the moment of a day (ordinal) and a second of it in the site's zone."""
        return datetime.fromordinal(day).replace(tzinfo=self.zone) + timedelta(seconds=second)

    def uploaded(self, pic: str) -> datetime | None:
        """Return when the picture named *pic* was uploaded, None if its name does not say."""
        return picture_time(pic, self.zone)

    @cached_property
    def _points(self) -> list[tuple[int, int]]:
        return [(article_id, day.toordinal()) for article_id, day in (_FIRST, *self.known, _LAST)]

    @cached_property
    def _ids(self) -> list[int]:
        return [article_id for article_id, _ in self._points]


def is_flat(day: int) -> bool:
    """Return whether pictures of that day (ordinal) have flat names, as the real site's have from October 2017."""
    return day >= _FLAT_SINCE


def tick_name(day: int, second: int, fraction: int, extension: str) -> str:
    """Return ``/YYYY/MM/DD/alalam_<ticks>_25f_4x3.<extension>`` for a local time and 0 to 9,999,999 of 100 ns.

    >>> tick_name(date(2016, 2, 26).toordinal(), 60032, 7147719, "jpg")
    '/2016/02/26/alalam_635921016327147719_25f_4x3.jpg'
    """
    ticks = ((day - 1) * 86_400 + second) * _TICKS_PER_SECOND + fraction
    return f"{_folder(day)}{ticks}_25f_4x3.{extension}"


@lru_cache(maxsize=4096)
def _folder(day: int) -> str:
    return f"/{date.fromordinal(day):%Y/%m/%d}/alalam_"


def flat_name(uploaded: datetime, fraction: int) -> str:
    """Return ``<10 digits of Unix seconds><8 digits of a fraction>.jpg``."""
    return f"{int(uploaded.timestamp()):010}{fraction:08}.jpg"


def date_line(moment: datetime) -> str:
    """Return the line that the site prints above a text, such as ``Fri Jan 3, 2014 10:41:53``.

    >>> date_line(datetime(2014, 1, 3, 10, 41, 53, tzinfo=ZoneInfo("UTC")))
    'Fri Jan 3, 2014 10:41:53'
    """
    clock = f"{moment.hour:02}:{moment.minute:02}:{moment.second:02}"
    return f"{_DAY_NAMES[moment.weekday()]} {_MONTH_NAMES[moment.month - 1]} {moment.day}, {moment.year} {clock}"
