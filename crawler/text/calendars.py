"""Calendars: the names of months in the languages of news pages, and their days in the Gregorian calendar."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from importlib.resources import files
from typing import Literal, NamedTuple, cast

import jdatetime  # type: ignore[import-untyped]  # it has no type information
from hijridate import Hijri

Calendar = Literal["gregorian", "solar", "hijri"]

_BUDDHIST_YEARS = range(2400, 2700)
_BUDDHIST_YEARS_AHEAD = 543
# Letters that keyboards of one script use for each other, and marks that people leave out.
_SAME_LETTERS = str.maketrans("يىېۍكەہةۀٱı", "ییییکههههاi", "ـ")  # noqa: RUF001


class Month(NamedTuple):
    """A month of a calendar, 1 to 12."""

    calendar: Calendar
    number: int


def fold_letters(text: str) -> str:
    """Return *text* as names of months and dates are compared: small letters without marks, digits of ASCII.

    Arabic, Persian, Urdu and Pashto keyboards write one name with different letters, and people leave accents out;
    invisible characters are dropped.

    >>> fold_letters("٢٤ نيسان") == fold_letters("۲۴ نیسان"), fold_letters("Février")
    (True, 'fevrier')
    """
    if text.isascii():
        return text.lower()
    kept = []
    for char in unicodedata.normalize("NFKD", text.casefold()):
        kind = unicodedata.category(char)
        if kind == "Nd":
            kept.append(str(unicodedata.decimal(char)))
        elif kind != "Cf" and not unicodedata.combining(char):
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_SAME_LETTERS)


def _read_names() -> dict[str, Month]:
    names: dict[str, Month] = {}
    for line in files("crawler.text").joinpath("months.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            calendar, _language, *months = line.split("\t")
            for number, spellings in enumerate(months, 1):
                for name in spellings.split(","):
                    names.setdefault(fold_letters(name), Month(cast("Calendar", calendar), number))
    return names


MONTHS = _read_names()
"""Maps a folded name to its month. A name of two months is that of the language with more readers (listopad)."""

_LETTERS = r"[^\W\d_]"
_LONG_NAMES = "|".join(sorted((re.escape(name) for name in MONTHS if not name.isalpha()), key=len, reverse=True))
_WORD_RE = re.compile(
    rf"(?<!{_LETTERS})(?:th(?:an)?g (?P<number>\d\d?)(?!\d)|(?:{_LONG_NAMES}|{_LETTERS}+)(?!{_LETTERS}))"
)
_HEBREW_IN = "ב"


def month_named(name: str) -> Month | None:
    """Return the month with this folded *name*, also where Hebrew has its "in" before it; None if it is none."""
    return MONTHS.get(name) or MONTHS.get(name.removeprefix(_HEBREW_IN))


def number_months(folded: str) -> str:
    r"""Return *folded* with each name of a month as ``\1``, the initial of its calendar, and its number in two digits.

    >>> number_months("24 de abril de 2024")
    '24 de \x01g04 de 2024'
    """
    return _WORD_RE.sub(_number_of, folded)


def _number_of(match: re.Match[str]) -> str:
    if match["number"]:  # Vietnamese
        return f"\1g{int(match['number']):02}"
    month = month_named(match[0])
    return f"\1{month.calendar[0]}{month.number:02}" if month else match[0]


def day_of(calendar: Calendar, year: int, month: int, day: int) -> date | None:
    """Return the Gregorian day of a date in *calendar*; None if there is no such day.

    A Gregorian year of the Thai (Buddhist) era is recognized by its number. Hijri days are those of the Umm al-Qura
    calendar, 1343 to 1500; where months begin by sighting, the true day can be one earlier or later.

    >>> day_of("solar", 1397, 7, 10), day_of("gregorian", 2019, 2, 29), day_of("gregorian", 2567, 4, 24)
    (datetime.date(2018, 10, 2), None, datetime.date(2024, 4, 24))
    >>> day_of("hijri", 1445, 9, 1)
    datetime.date(2024, 3, 11)
    """
    try:
        if calendar == "hijri":
            return date(*Hijri(year, month, day).to_gregorian().datetuple())
        if calendar == "solar":
            return cast("date", jdatetime.date(year, month, day).togregorian())
        return date(year - _BUDDHIST_YEARS_AHEAD if year in _BUDDHIST_YEARS else year, month, day)
    except (ValueError, OverflowError):
        return None
