# ruff: noqa: RUF001 - Arabic and Persian names and dashes are the subject here
"""The prose of a page: title, kicker, date line, credits, dateline, paragraphs and desk code.

The layouts, by what stands above the body (docs/seeds.md shows each):

- D: title, title again, date;  S: title, date;  C: date alone;  X: nothing;  K: a kicker line above any of these.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from crawler.seeds.dates import parse_date_line, weekday_agrees

_HEAD_LINES = 6
"""The most lines of a head: a date line further down is part of the body."""
_LONGEST_DESK_CODE = 16
_DESK_CODE_RE = re.compile(
    r"\d{1,4}-\d{1,3}"  # 212-11
    r"|[A-Z]{1,5}/[A-Z]{1,5}(?: ?-? ?\d{1,3})?"  # S/SH 11, NJF/NJF
    r"|[A-Z]{1,5}(?: - | ?-| )\d{1,3}",  # SA - 12
    re.ASCII,
)
_BARE_DESK_CODE_RE = re.compile(r"\d{1,3}", re.ASCII)
_CATEGORY_RE = re.compile(r"Category ?:", re.ASCII | re.IGNORECASE)
_CREDIT_RE = re.compile(r"\(([^()\n]{2,40})\) ?(?:--|–|—|-|:) ?")
_DATELINE_RE = re.compile(r"(?:Al[- ]?Alam|العالم|العالـم)(?: News Network)? ?[-–—] ?\S.{0,40}", re.IGNORECASE)
_MORE_IMAGES = "MoreImage"
_PHP_PLACE_RE = re.compile(r"(?:/|[A-Z]:\\)\S{1,200}\.php(?::\d{1,6}:?| \(line \d{1,6}\)| on line \d{1,6}:?)")
_TRIM = " \t\r\n\v\f\0\xa0\u200b\u200e\u200f\u2028\u2029\ufeff"


@dataclass(slots=True)
class Head:
    """The parts of a page's prose; ``odd_weekday`` is the date line if its weekday does not match its date."""

    title: str | None = None
    kicker: str | None = None
    published: datetime | None = None
    dateline: str | None = None
    credits: list[str] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    desk_code: str | None = None
    odd_weekday: str | None = None


def parse_head(above: str, below: str, zone: ZoneInfo, *, has_dump: bool, title: str | None = None) -> Head:
    """Return the parts of the prose of a page: *above* is the text above its first dump, *below* all the rest.

    *title* is that of a page of HTML, whose date line may stand anywhere among its menus.
    """
    head = Head(title=title)
    lines = _lines(above)
    _take_desk_code(lines, head, has_dump=has_dump)
    body = _take_head(lines, head, zone)
    for line in [*body, *_lines(below)]:
        _take_paragraph(line, head)
    return head


def _lines(text: str) -> list[str]:
    """Return the lines of *text* that are not empty, trimmed, without the script's place that xdebug prints."""
    lines = (line.strip(_TRIM) for line in text.splitlines())
    return [line for line in lines if line and not _PHP_PLACE_RE.fullmatch(line)]


def _take_desk_code(lines: list[str], head: Head, *, has_dump: bool) -> None:
    """Remove from the end of *lines* the desk code, and the empty category that may be below it."""
    if lines and _CATEGORY_RE.fullmatch(lines[-1]):
        lines.pop()
    if not lines or len(lines[-1]) > _LONGEST_DESK_CODE:
        return
    if _DESK_CODE_RE.fullmatch(lines[-1]) or (has_dump and _BARE_DESK_CODE_RE.fullmatch(lines[-1])):
        head.desk_code = lines.pop()


def _take_head(lines: Sequence[str], head: Head, zone: ZoneInfo) -> Sequence[str]:
    """Remove title, kicker and date from the start of *lines*; return the rest."""
    for place, line in enumerate(lines if head.title else lines[:_HEAD_LINES]):
        moment = parse_date_line(line, zone)
        if moment is not None:
            head.published = moment
            if not weekday_agrees(line, moment):
                head.odd_weekday = line
            left_over = () if head.title else _take_title(lines[:place], head)
            return [*left_over, *lines[place + 1 :]]
    if not head.title and len(lines) > 1 and lines[0] == lines[1] and not _DATELINE_RE.fullmatch(lines[0]):
        head.title = lines[0]  # layout D without its date
        return lines[2:]
    return lines


def _take_title(lines: Sequence[str], head: Head) -> Sequence[str]:
    """Take title and kicker from the lines above the date; return the other lines."""
    if not lines:
        return ()
    head.title = lines[-1]
    others = [line for line in lines[:-1] if line != head.title]
    if others:
        head.kicker = others[-1].rstrip(";؛ ") or None
    return others[:-1]


def _take_paragraph(line: str, head: Head) -> None:
    if line == _MORE_IMAGES or (head.title and _repeats(line, head.title)):
        return
    if head.dateline is None and _DATELINE_RE.fullmatch(line):
        head.dateline = line
        return
    credit = _CREDIT_RE.match(line)
    if credit is not None:
        name = credit[1].strip()
        if name not in head.credits:
            head.credits.append(name)
        line = line[credit.end() :]
    if line:
        head.paragraphs.append(line)


def _repeats(line: str, title: str) -> bool:
    """Return whether *line* is *title*, once or repeated, with any white space between."""
    squeezed, unit = "".join(line.split()), "".join(title.split())
    if not unit or len(squeezed) < len(unit):
        return False
    return squeezed == (unit * (len(squeezed) // len(unit) + 1))[: len(squeezed)]
