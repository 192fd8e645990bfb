"""When the articles of the replica were published, and how their pictures' names tell it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from crawler.sites import picture_time

_DOTNET_EPOCH = datetime(1, 1, 1)  # noqa: DTZ001 - ticks count the site's local clock
_TICKS = 10_000_000
# The site's life outside the points of its profile: at the pace that they show before, slower after.
_FIRST = (0, date(2001, 1, 1))
_LAST = (10_000_000, date(2024, 12, 31))
# Articles appear from 05:00 to 23:00: no clock of the zone was ever moved in those hours, so each has one meaning.
_OPENS, _HOURS = 5, 18
_FLAT_SINCE = date(2017, 10, 1)


@dataclass(frozen=True)
class Calendar:
    """Dates ids by points (id, date) in rising order, in *zone*."""

    known: Sequence[tuple[int, date]]
    zone: ZoneInfo

    def published(self, article_id: int) -> datetime:
        """Return when *article_id* was published, to the second; it grows with the id.

        *article_id* is 0 to 9,999,999. Between two points ids grow evenly, as
        :func:`crawler.sites.id_time` takes it, which therefore gives the same day.
        """
        after = bisect_right(self._ids, article_id)
        (low_id, low), (high_id, high) = self._points[after - 1], self._points[after]
        days, part = divmod((high - low) * (article_id - low_id), high_id - low_id)
        seconds = part * _HOURS * 3600 // (high_id - low_id)
        return datetime.fromordinal(low + days).replace(tzinfo=self.zone) + timedelta(hours=_OPENS, seconds=seconds)

    @cached_property
    def _points(self) -> list[tuple[int, int]]:
        return [(article_id, day.toordinal()) for article_id, day in (_FIRST, *self.known, _LAST)]

    @cached_property
    def _ids(self) -> list[int]:
        return [article_id for article_id, _ in self._points]

    def uploaded(self, pic: str) -> datetime | None:
        """Return when the picture named *pic* was uploaded, None if its name does not tell."""
        return picture_time(pic, self.zone)


def is_flat(published: datetime) -> bool:
    """Tell whether pictures of that time have flat names, as the real site's have from October 2017."""
    return published.date() >= _FLAT_SINCE


def tick_name(uploaded: datetime, fraction: int, extension: str) -> str:
    """Return ``/YYYY/MM/DD/alalam_<ticks>_25f_4x3.<extension>`` for a local time and 0 to 9,999,999 of 100 ns."""
    local = uploaded.replace(tzinfo=None)
    since = local - _DOTNET_EPOCH
    ticks = (since.days * 86_400 + since.seconds) * _TICKS + fraction
    return f"/{local.year}/{local.month:02}/{local.day:02}/alalam_{ticks}_25f_4x3.{extension}"


def flat_name(uploaded: datetime, fraction: int) -> str:
    """Return ``<10 digits of Unix seconds><8 digits of a fraction>.jpg``."""
    return f"{int(uploaded.timestamp()):010}{fraction:08}.jpg"


def date_line(moment: datetime) -> str:
    """Return the line that the site prints above a text, such as ``Fri Jan 3, 2014 10:41:53``.

    >>> date_line(datetime(2014, 1, 3, 10, 41, 53, tzinfo=ZoneInfo("UTC")))
    'Fri Jan 3, 2014 10:41:53'
    """
    return f"{moment:%a %b} {moment.day}, {moment:%Y %H:%M:%S}"
