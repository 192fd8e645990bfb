"""Time zones: offsets from UTC that pages and pictures tell, and the zones of the IANA database that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from crawler.sites import picture_time

MAX_EVIDENCE = 120
MAX_SHOWN_ZONES = 5
MIN_SHARE = 0.8
"""Of the evidence that a zone must agree with."""
_MAX_OFFSET_MINUTES = 14 * 60
_STEP_MINUTES = 30
_MAX_LAG_MINUTES = 25
"""A picture is uploaded at most so long before its article appears, or it says nothing about the offset."""
_AREAS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
_UTC = ZoneInfo("UTC")


class OffsetFact(NamedTuple):
    """At *moment* (UTC) the site's clock was *minutes* ahead of UTC; ``source`` says what told so."""

    moment: datetime
    minutes: int
    source: str


class ZoneGuess(NamedTuple):
    """The zone, how many of the facts agree with it, and other zones that agree with as many."""

    name: str
    agree: int
    of: int
    others: tuple[str, ...]
    reason: str


def offset_of_date(published: str) -> OffsetFact | None:
    """Return the offset that an ISO 8601 date with one tells; None for UTC, which programs write for any site.

    >>> offset_of_date("2014-01-03T18:13:55+03:30").minutes
    210
    """
    moment = datetime.fromisoformat(published)
    offset = moment.utcoffset()
    if not offset:
        return None
    return OffsetFact(moment.astimezone(UTC), round(offset.total_seconds() / 60), "dates with an offset")


def offset_of_picture(published: str, pic: str) -> OffsetFact | None:
    """Return the offset by a date and the name of the article's picture, if one is in UTC and the other is local.

    Flat names are seconds in UTC; the ticks of names in folders are local
    (:func:`~crawler.sites.dates.picture_time`). The picture comes a few minutes before the article.

    >>> offset_of_picture("2017-11-06T07:50:00", "150994162047493000.jpg").minutes
    210
    """
    uploaded = picture_time(pic, _UTC)
    date = datetime.fromisoformat(published)
    if uploaded is None or (date.hour, date.minute, date.second) == (0, 0, 0):
        return None
    is_ticks = "/" in pic
    if is_ticks and date.utcoffset() == timedelta(0):
        local, universal = uploaded.replace(tzinfo=None), date.replace(tzinfo=None)
        lag = (universal - local).total_seconds() / 60
    elif not is_ticks and date.tzinfo is None:
        local, universal = date, uploaded.replace(tzinfo=None)
        lag = (local - universal).total_seconds() / 60
    else:
        return None
    steps = round((lag - _MAX_LAG_MINUTES / 2) / _STEP_MINUTES)
    over = lag - steps * _STEP_MINUTES
    minutes = -steps * _STEP_MINUTES if is_ticks else steps * _STEP_MINUTES
    if not -1 <= over <= _MAX_LAG_MINUTES or abs(minutes) > _MAX_OFFSET_MINUTES:
        return None
    return OffsetFact(universal.replace(tzinfo=UTC), minutes, "names of pictures beside dates")


def guess_zone(facts: Iterable[OffsetFact], hosts: Sequence[str]) -> ZoneGuess:
    """Return the zone that agrees with most *facts*; of several the one of the country in which *hosts* end.

    Without facts it is the only zone of that country, or UTC.
    """
    all_facts = sorted(set(facts))
    step = max(1, len(all_facts) // MAX_EVIDENCE)
    sample = all_facts[::step]
    country = [zone for host in hosts for zone in zones_of_country(host.rpartition(".")[2])]
    if not sample:
        name = country[0] if country else "UTC"
        why = "the country of the host alone" if country else "no evidence"
        return ZoneGuess(name, 0, 0, tuple(country[1 : MAX_SHOWN_ZONES + 1]), why)
    agreeing = Counter({name: sum(_agrees(ZoneInfo(name), fact) for fact in sample) for name in _zone_names()})
    best = max(agreeing.values())
    names = [name for name in _zone_names() if agreeing[name] == best]
    home = [name for name in country if name in names]
    ordered = [*home, *(name for name in names if name not in home)]
    reason = ", ".join(sorted({fact.source for fact in sample}))
    return ZoneGuess(ordered[0], best, len(sample), tuple(ordered[1:]), reason)


def _agrees(zone: ZoneInfo, fact: OffsetFact) -> bool:
    return fact.moment.astimezone(zone).utcoffset() == timedelta(minutes=fact.minutes)


@lru_cache(1)
def _zone_names() -> tuple[str, ...]:
    """Return the zones that a country has today, the old names left out."""
    known = available_timezones()
    return tuple(sorted({name for names in _countries().values() for name in names if name in known}))


def zones_of_country(code: str) -> tuple[str, ...]:
    """Return the zones of the country with the ISO 3166 *code*, the most populous first as the database has them.

    >>> zones_of_country("ir")
    ('Asia/Tehran',)
    """
    code = {"uk": "gb"}.get(code.lower(), code.lower())
    return _countries().get(code, ())


@lru_cache(1)
def _countries() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8").splitlines():
        code, *rest = line.split("\t")
        if not line.startswith("#") and len(rest) > 1 and rest[1].startswith(_AREAS):
            found[code.lower()] = (*found.get(code.lower(), ()), rest[1])
    return found
