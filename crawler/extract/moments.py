# ruff: noqa: RUF001 - apostrophes
"""Parses dates as people and programs write them, without inventing missing parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from crawler.text.calendars import Calendar, day_of, fold_letters, number_months

EARLIEST = date(1990, 1, 1)
_MAX_CHARACTERS = 300
_THIS_CENTURY = 70
_SOLAR_YEARS = range(1300, 1500)
_CALENDARS: dict[str, tuple[Calendar, range]] = {
    "g": ("gregorian", range(1900, 2700)),
    "s": ("solar", _SOLAR_YEARS),
    "h": ("hijri", range(1300, 1600)),
}
"""Calendars by their initial, with the years of news in them (to 2700: in the Thai era)."""

_MONTH = "\1([gsh])(\\d\\d)"
"""A month after :func:`crawler.text.calendars.number_months`."""
_TWICE = "(?: ?[/(|] ?\1[gsh]\\d\\d ?\\)?)?"
"""Arabic pages name a month twice: ``نيسان/أبريل``."""
_ISO_RE = re.compile(r"(?<!\d)((?:19|20)\d\d)-(\d\d?)-(\d\d?)(?!\d)")
_COMPACT_RE = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:t?(\d\d)(\d\d)(\d\d)?)?(?!\d)")
_SLASHED_RE = re.compile(r"(?<![\d/.-])(\d{4})(?:/(\d\d?)/|\.\s?(\d\d?)\.\s?)(\d\d?)(?!\d)")
_CJK_RE = re.compile(r"(\d{4})\s?[年년]\s?(\d\d?)\s?[月월]\s?(\d\d?)\s?[日일]?")
_NUMERIC_RE = re.compile(r"(?<![\d/.-])(\d\d?)([/.-])(?:(\d\d?)\2(\d{4}|\d\d)|\s(\d\d?)\.\s(\d{4}))(?![\d/-])")
_DAY_FIRST_RE = re.compile(
    rf"(?<!\d)(\d\d?)(?:st|nd|rd|th|er|o|\.|-)?\s{{0,3}}(?:(?:de|of)\s|d['’]|-|/)?\s?{_MONTH}{_TWICE}"
    r"\.?[,،]?\s{0,3}(?:(?:de|del|nam|พ\.ศ\.)\s|-|/)?\s?(\d{4}|'\d\d|(?<=-)\d\d)(?!\d)"
)
_MONTH_FIRST_RE = re.compile(
    rf"{_MONTH}{_TWICE}\.?\s{{0,3}}(\d\d?)(?:st|nd|rd|th)?\s{{0,3}}(?:[,،]|\s|\.)\s{{0,3}}"
    r"(?:\d\d?:\d\d(?::\d\d)?\s\w{1,4}\s)?(\d{4})(?!\d)"
)
_YEAR_FIRST_RE = re.compile(
    rf"(?<!\d)((?:1[34]|19|20|25)\d\d)[\s,.-]{{1,3}}(?:(?:m\.|gada)\s)?{_MONTH}{_TWICE}[\s,.-]{{1,3}}(\d\d?)(?![\d:])"
)
_YEAR_RE = re.compile(r"\d{4}|['/.-]\d\d")
"""Matches in every date; most lines do not match, and are rejected quickly."""
_CLOCK_RE = re.compile(
    r"(?P<iso>(?<=t))?(?<![\d:])(?:(?P<am_before>오전|上午|午前)|(?P<pm_before>오후|下午|午後))?\s?"
    r"(?P<hour>\d\d?)(?P<mark>[:.h時时点點시])\s?(?P<minute>\d\d)(?:[:分분]\s?(?P<second>\d\d)(?:[.,]\d{1,9})?)?[분分]?"
    r"\s{0,2}(?:(?P<am>a\.?\s?m\b\.?|ق\.?ظ|صباحا|ص\b|π\.?μ)|(?P<pm>p\.?\s?m\b\.?|ب\.?ظ|مساء|م\b|μ\.?μ))?"
    r"\s{0,2}(?P<zone>z\b|\(?(?:utc|gmt)\s?[+-]\d\d?(?::?\d\d)?\)?|[+-]\d\d:?\d\d\b|[+-]\d\d\b|\(?[a-z]{2,5}\b\)?)?"
)
_MINUS_RE = re.compile(r"-\d\d(?::\d\d)?")
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180,
    "EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "JST": 540,
    "KST": 540, "AEST": 600, "AEDT": 660, "IRST": 210,
}  # fmt: skip
"""Minutes east of Greenwich. Ambiguous names (IST, CST) are left out: no zone is better than a wrong one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, with its time and zone if they are known. ``sure`` is False for a computed Hijri day."""

    day: date
    clock: time | None = None
    zone: tzinfo | None = None
    sure: bool = True

    def at(self, zone: tzinfo | None) -> datetime:
        """Return this as a point in time, in *zone* (None: as given); a missing time becomes midnight.

        A time without a zone counts as local time of *zone*. Midnight then means "some time that day"; the caller must
        record that.
        """
        local = datetime.combine(self.day, self.clock or time(), tzinfo=self.zone)
        if self.clock is None or self.zone is None:
            return local.replace(tzinfo=zone)
        return local.astimezone(zone) if zone else local


def parse_moment(text: str, *, day_first: bool | None = None) -> Moment | None:
    """Return the first date in *text* with its time and zone; None if there is none or no such day.

    *day_first* decides how ``03/04/2016`` is read. None: the month comes first only where the other reading is
    impossible, or a time with am or pm is beside it (American pages).

    >>> parse_moment("Fri Jan 3, 2014 10:41:53")
    Moment(day=datetime.date(2014, 1, 3), clock=datetime.time(10, 41, 53), zone=None, sure=True)
    >>> parse_moment("2016-02-28").clock is None
    True
    """
    text = fold_letters(text[:_MAX_CHARACTERS]).strip()
    if text.isdecimal() and len(text) in {10, 13}:
        return _unix(int(text[:10]))
    if not _YEAR_RE.search(text):
        return None
    text = number_months(text)
    best: tuple[int, int, Moment] | None = None
    for pattern, reader in _READERS:
        match = pattern.search(text)
        if match and (best is None or match.start() < best[0]) and (moment := reader(match, day_first)):
            best = match.start(), match.end(), moment
            if match.start() == 0:
                break
    if best is None:
        return None
    start, end, moment = best
    return moment if moment.clock else _with_clock(moment, text, start, end)


def _with_clock(moment: Moment, text: str, start: int, end: int) -> Moment:
    """Return *moment* with the time that follows its date in *text*, or comes just before it."""
    match = _CLOCK_RE.search(text, end, end + 60) or _CLOCK_RE.search(text, max(0, start - 40), start)
    inner = _CLOCK_RE.search(text, start, end)
    match = inner if inner and inner["mark"] == ":" else match
    if match is None or (clock := _clock(match)) is None:
        return moment
    return replace(moment, clock=clock, zone=_zone(match))


def _clock(match: re.Match[str]) -> time | None:
    """Return the time of a :data:`_CLOCK_RE`; None if it is none: ``10.20`` without am or pm is a number."""
    morning, evening = match["am"] or match["am_before"], match["pm"] or match["pm_before"]
    hour = int(match["hour"])
    if match["mark"] == "." and not (morning or evening):
        return None
    if (morning or evening) and 1 <= hour <= 12:  # noqa: PLR2004 - a clock
        hour = hour % 12 + (12 if evening else 0)
    try:
        return time(hour, int(match["minute"]), min(int(match["second"] or 0), 59))
    except ValueError:
        return None


def _zone(match: re.Match[str]) -> tzinfo | None:
    """Return the zone of a :data:`_CLOCK_RE`; None without one, and where it is the end of a time (10:00-12:00)."""
    name = (match["zone"] or "").strip("() ").upper()
    if _MINUS_RE.fullmatch(name) and not match["second"] and match["iso"] is None:
        return None
    if name in _ZONES:
        return timezone(timedelta(minutes=_ZONES[name])) if _ZONES[name] else UTC
    offset = re.fullmatch(r"(?:UTC|GMT)?\s?([+-])(\d\d?):?(\d\d)?", name)
    if not offset or int(offset[2]) > 14:  # noqa: PLR2004 - UTC+14 is the easternmost zone
        return None
    minutes = int(offset[2]) * 60 + int(offset[3] or 0)
    return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes)) if minutes else UTC


def _unix(seconds: int) -> Moment:
    moment = datetime.fromtimestamp(seconds, UTC)
    return Moment(moment.date(), moment.time(), UTC)


def _day(calendar: Calendar, year: int, month: int, day: int) -> Moment | None:
    found = day_of(calendar, year, month, day)
    return Moment(found, sure=calendar != "hijri") if found else None


def _calendar(year: int) -> Calendar:
    return "solar" if year in _SOLAR_YEARS else "gregorian"


def _read_ymd(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    return _day(_calendar(year), year, month, day)


def _read_slashed(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    year, month, day = int(match[1]), int(match[2] or match[3]), int(match[4])
    return _day(_calendar(year), year, month, day)


def _read_compact(match: re.Match[str], day_first: bool | None) -> Moment | None:
    moment = _read_ymd(match, day_first)
    if moment is None or match[4] is None:
        return moment
    try:
        return replace(moment, clock=time(int(match[4]), int(match[5]), int(match[6] or 0)))
    except ValueError:
        return moment


def _read_numeric(match: re.Match[str], day_first: bool | None) -> Moment | None:
    first, second, year = int(match[1]), int(match[3] or match[5]), _year(match[4] or match[6])
    if day_first is None:
        day_first = match[2] != "/" or not re.match(
            r",?\s+\d\d?:\d\d(?::\d\d)?\s*[ap]\.?m", match.string[match.end() :]
        )
    day, month = (first, second) if day_first else (second, first)
    calendar = _calendar(year)
    return _day(calendar, year, month, day) or _day(calendar, year, day, month)


def _read_day_first(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    return _named(match[2], match[3], _year(match[4]), int(match[1]))


def _read_month_first(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    return _named(match[1], match[2], int(match[4]), int(match[3]))


def _read_year_first(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    return _named(match[2], match[3], int(match[1]), int(match[4]))


def _named(initial: str, month: str, year: int, day: int) -> Moment | None:
    calendar, years = _CALENDARS[initial]
    return _day(calendar, year, int(month), day) if year in years else None


def _year(text: str) -> int:
    year = int(text.lstrip("'"))
    return year if len(text) == 4 else year + (2000 if year < _THIS_CENTURY else 1900)  # noqa: PLR2004 - digits


_READERS = (
    (_ISO_RE, _read_ymd),
    (_DAY_FIRST_RE, _read_day_first),
    (_MONTH_FIRST_RE, _read_month_first),
    (_YEAR_FIRST_RE, _read_year_first),
    (_CJK_RE, _read_ymd),
    (_SLASHED_RE, _read_slashed),
    (_NUMERIC_RE, _read_numeric),
    (_COMPACT_RE, _read_compact),
)
