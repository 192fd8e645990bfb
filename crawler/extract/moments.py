"""Parses dates as people and programs write them, without inventing missing parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from crawler.text.calendars import MONTHS, Calendar, Month, day_of, fold_name

EARLIEST = date(1990, 1, 1)
_MAX_CHARACTERS = 300
_THIS_CENTURY = 70
_SOLAR_YEARS = range(1300, 1500)

_NAMES = "|".join(sorted((re.escape(name) for name in MONTHS), key=len, reverse=True))
_ISO_RE = re.compile(r"(?<!\d)((?:19|20)\d\d)-(\d\d?)-(\d\d?)(?!\d)")
_COMPACT_RE = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(?!\d)")
_SLASHED_RE = re.compile(r"(?<![\d/.-])(\d{4})[/.](\d\d?)[/.](\d\d?)(?!\d)")
_CJK_RE = re.compile(r"(\d{4})\s?[年년]\s?(\d\d?)\s?[月월]\s?(\d\d?)\s?[日일]?")
_NUMERIC_RE = re.compile(r"(?<![\d/.-])(\d\d?)([/.-])(\d\d?)\2(\d{4}|\d\d)(?![\d/-])")
_DAY_FIRST_RE = re.compile(
    rf"(?<!\d)(\d\d?)(?:st|nd|rd|th|er|º|\.|-)?\s{{0,3}}(?:de\s|of\s|-)?\s?({_NAMES})\b\.?,?\s{{0,3}}(?:de\s|del\s|-|/)?\s?(\d{{4}}|'\d\d|(?<=-)\d\d)(?!\d)",
    re.IGNORECASE,
)
_MONTH_FIRST_RE = re.compile(
    rf"\b({_NAMES})\b\.?\s{{0,3}}(\d\d?)(?:st|nd|rd|th)?\s{{0,3}}(?:,|\s|\.)\s{{0,3}}(?:\d\d?:\d\d(?::\d\d)?\s\w{{1,4}}\s)?(\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_YEAR_FIRST_RE = re.compile(
    rf"(?<!\d)((?:19|20)\d\d)[\s,.-]{{1,3}}({_NAMES})\b\.?[\s,-]{{1,3}}(\d\d?)(?![\d:])", re.IGNORECASE
)
_YEAR_RE = re.compile(r"\d{4}|['/.-]\d\d")
"""Matches in every date; most lines do not match, and are rejected quickly."""
_CLOCK_RE = re.compile(
    r"(?<![\d:])(\d\d?)[:.hH](\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s{0,2}(?:([ap])\.?\s?m\b\.?)?"
    r"\s{0,2}(Z\b|(?:UTC|GMT)(?:\s?[+-]\d\d?(?::?\d\d)?)?|[+-]\d\d:?\d\d\b|[+-]\d\d\b|\(?[A-Z]{2,5}\b\)?)?",
    re.IGNORECASE,
)
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
    text = _ascii_digits(text[:_MAX_CHARACTERS]).strip()
    if text.isdigit() and len(text) in {10, 13}:
        return _unix(int(text[:10]))
    if not _YEAR_RE.search(text):
        return None
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
    match = inner if inner and ":" in inner[0] else match
    clock = _clock(match) if match else None
    if match is None or clock is None or (match[2] and "." in match[0][:3] and not match[4]):
        return moment
    return replace(moment, clock=clock, zone=_zone(match[5]))


def _clock(match: re.Match[str]) -> time | None:
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4] and 1 <= hour <= 12:  # noqa: PLR2004 - a clock
        hour = hour % 12 + (12 if match[4] in "pP" else 0)
    try:
        return time(hour, minute, min(second, 59))
    except ValueError:
        return None


def _zone(name: str | None) -> tzinfo | None:
    name = (name or "").strip("() ").upper()
    if name in _ZONES:
        return timezone(timedelta(minutes=_ZONES[name])) if _ZONES[name] else UTC
    match = re.fullmatch(r"(?:UTC|GMT)?\s?([+-])(\d\d?):?(\d\d)?", name)
    if not match or int(match[2]) > 14:  # noqa: PLR2004 - UTC+14 is the easternmost zone
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes)) if minutes else UTC


def _unix(seconds: int) -> Moment:
    moment = datetime.fromtimestamp(seconds, UTC)
    return Moment(moment.date(), moment.time(), UTC)


def _ascii_digits(text: str) -> str:
    """Return *text* with the digits of all scripts as ASCII digits."""
    if text.isascii():
        return text
    return "".join(str(int(char)) if char.isdecimal() and not char.isascii() else char for char in text)


def _day(calendar: Calendar, year: int, month: int, day: int) -> Moment | None:
    found = day_of(calendar, year, month, day)
    return Moment(found, sure=calendar != "hijri") if found else None


def _read_ymd(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    return _day("solar" if year in _SOLAR_YEARS else "gregorian", year, month, day)


def _read_compact(match: re.Match[str], day_first: bool | None) -> Moment | None:
    moment = _read_ymd(match, day_first)
    if moment is None or match[4] is None:
        return moment
    try:
        return replace(moment, clock=time(int(match[4]), int(match[5]), int(match[6] or 0)))
    except ValueError:
        return moment


def _read_numeric(match: re.Match[str], day_first: bool | None) -> Moment | None:
    first, second, year = int(match[1]), int(match[3]), _year(match[4])
    if day_first is None:
        day_first = match[2] != "/" or not re.match(
            r",?\s+\d\d?:\d\d(?::\d\d)?\s*[ap]\.?m", match.string[match.end() :], re.IGNORECASE
        )
    day, month = (first, second) if day_first else (second, first)
    return _day("gregorian", year, month, day) or _day("gregorian", year, day, month)


def _read_day_first(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    return _named(MONTHS[fold_name(match[2])], _year(match[3]), int(match[1]))


def _read_month_first(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    return _named(MONTHS[fold_name(match[1])], _year(match[3]), int(match[2]))


def _read_year_first(match: re.Match[str], _day_first: bool | None) -> Moment | None:
    return _named(MONTHS[fold_name(match[2])], _year(match[1]), int(match[3]))


def _named(month: Month, year: int, day: int) -> Moment | None:
    return _day(month.calendar, year, month.number, day)


def _year(text: str) -> int:
    year = int(text.lstrip("'"))
    return year if len(text) == 4 else year + (2000 if year < _THIS_CENTURY else 1900)  # noqa: PLR2004 - digits


_READERS = (
    (_ISO_RE, _read_ymd),
    (_DAY_FIRST_RE, _read_day_first),
    (_MONTH_FIRST_RE, _read_month_first),
    (_YEAR_FIRST_RE, _read_year_first),
    (_CJK_RE, _read_ymd),
    (_SLASHED_RE, _read_ymd),
    (_NUMERIC_RE, _read_numeric),
    (_COMPACT_RE, _read_compact),
)
