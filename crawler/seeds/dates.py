# ruff: noqa: RUF001 - Persian and Arabic digits and letters are the subject here
"""Date lines of the English, Persian and Arabic editions."""

from __future__ import annotations

import re
from datetime import datetime, time
from zoneinfo import ZoneInfo

from crawler.text.calendars import MONTHS, day_of, fold_letters

_EN_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"(\d{1,2}):(\d\d)(?::(\d\d))?"
_EN_RE = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}[,.]? )?"
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}[.]? (\d{1,2}),? (\d{4}),?(?: -)?(?: "
    + _CLOCK
    + r")?",
    re.ASCII | re.IGNORECASE,
)
_LETTERS = r"[^\W\d_]{2,12}"
_RTL_RE = re.compile(
    rf"(?:[^\W\d_]{{2,10}}(?: [^\W\d_]{{2,6}})?[،,]? )?(\d{{1,2}}) ({_LETTERS}(?: {_LETTERS})?)[،,]? (\d{{4}})"
    rf"[،,]?(?: ?[-–|])?(?: (?:ساعت|الساعة))?(?: {_CLOCK})?(?: [^\W\d_]{{2,10}}){{0,2}}"
)
_ISO_RE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?", re.ASCII)
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩يىك", "01234567890123456789ییک")
_INVISIBLE_RE = re.compile("[\u200c\u200d\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_MAX_LINE_CHARACTERS = 80
_FIRST_GREGORIAN_YEAR = 1700
"""Solar Hijri years are 621 behind."""


def parse_date_line(line: str, zone: ZoneInfo) -> datetime | None:
    """Return the time in *zone* that *line* names; None if the line is anything but a date line.

    A line without a clock time means the midnight that begins the day.

    >>> zone = ZoneInfo("Asia/Tehran")
    >>> parse_date_line("Fri Jan 3, 2014 10:41:53", zone).isoformat()
    '2014-01-03T10:41:53+03:30'
    >>> parse_date_line("سه شنبه 10 مهر 1397 - 22:17", zone).isoformat()
    '2018-10-02T22:17:00+03:30'
    >>> parse_date_line("الأحد 28 فبراير 2016 - 16:40", zone).isoformat()
    '2016-02-28T16:40:00+03:30'
    """
    if not 8 <= len(line) <= _MAX_LINE_CHARACTERS or not any(char.isdigit() for char in line):  # noqa: PLR2004 - "1 May 2016"
        return None
    line = " ".join(_INVISIBLE_RE.sub(" ", line).translate(_DIGITS).split())
    try:
        return _english(line, zone) or _right_to_left(line, zone) or _iso(line, zone)
    except ValueError:  # a day or a time that does not exist
        return None


def weekday_agrees(line: str, moment: datetime) -> bool:
    """Return whether the English weekday in *line*, if it has one, is that of *moment*."""
    match = _EN_RE.match(line.strip())
    return match is None or match[1] is None or _EN_DAYS[moment.weekday()] == match[1].lower()


def _english(line: str, zone: ZoneInfo) -> datetime | None:
    match = _EN_RE.fullmatch(line)
    if match is None:
        return None
    month = MONTHS[match[2].lower()].number
    return datetime(int(match[4]), month, int(match[3]), *_clock(*match.group(5, 6, 7)), tzinfo=zone)


def _right_to_left(line: str, zone: ZoneInfo) -> datetime | None:
    match = _RTL_RE.fullmatch(line)
    if match is None:
        return None
    name, year = match[2], int(match[3])
    month = MONTHS.get(fold_letters(name)) or MONTHS.get(fold_letters(name.split()[0]))
    if month is None or month.calendar == "hijri" or (month.calendar == "solar" and year >= _FIRST_GREGORIAN_YEAR):
        return None
    day = day_of(month.calendar, year, month.number, int(match[1]))
    return datetime.combine(day, time(*_clock(*match.group(4, 5, 6))), zone) if day else None


def _iso(line: str, zone: ZoneInfo) -> datetime | None:
    match = _ISO_RE.fullmatch(line)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    return datetime(year, month, day, *_clock(*match.group(4, 5, 6)), tzinfo=zone)


def _clock(hour: str | None, minute: str | None, second: str | None) -> tuple[int, int, int]:
    return int(hour or 0), int(minute or 0), int(second or 0)
