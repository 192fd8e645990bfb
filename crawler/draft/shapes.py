r"""Shapes of URLs: what the URLs of one kind of page have in common, learned from a sample of them.

A URL is divided into cells: the segments of its path and the values of its query. URLs with the same number of cells
and the same names in their queries form a *group*; the cells of one column are compared, and become pieces: a literal,
a text that differs (a slug), a part of a date, or a number, which may be an id.

>>> urls = [f"http://example.org/news/{n}/{slug}" for n, slug in enumerate(["rain", "snow", "hail", "fog", "sun"], 70)]
>>> [(group, *_), *_] = cells = [cells_of(url) for url in urls]
>>> [str(shape) for shape in shapes_of_group(group, [one.cells for one in cells])]
['http://example.org/news/<number>/<text>']
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from crawler.text.calendars import MONTHS, fold_letters

PieceKind = Literal["literal", "text", "date", "number"]

MAX_CELLS = 24
"""A URL with more of them has no shape."""
MIN_HEAVY_COUNT = 3
MIN_HEAVY_SHARE = 0.02
"""A value that so many, and such a share, of the URLs of a group have in one place is a literal."""
MAX_SPARE_LITERALS = 3
"""So many rarer values beside them are literals too; more of them are a text that differs."""
MAX_SECTION_NUMBERS = 8
MAX_YEARS = 60

_TRACKING_RE = re.compile(
    r"utm_\w+|fbclid|gclid|yclid|mc_[ce]id|phpsessid|jsessionid|sessionid|ref|cmp|ocid|at_\w+|ns_\w+|igshid|_ga",
    re.IGNORECASE | re.ASCII,
)
"""Names in queries that say how a reader came, not what the page is."""
_YEAR_RE = re.compile(r"(?:19[89]|20[0-4]|13[6-9]|14[0-2])[0-9]", re.ASCII)
"""Years of news on the web, also in the Persian calendar."""
_DAY_RE = re.compile(r"0?[1-9]|[12][0-9]|3[01]", re.ASCII)
_WHOLE_DATE_RE = re.compile(r"(?:19[89]|20[0-4])[0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])", re.ASCII)
_EXTENSION_RE = re.compile(r"\.[a-zA-Z]{2,5}\Z", re.ASCII)
_TRAILING_RE = re.compile(r"(?P<before>.*?[^0-9])(?P<number>[0-9]+)\Z", re.ASCII | re.DOTALL)
_LEADING_RE = re.compile(r"(?P<number>[0-9]+)(?P<after>[^0-9].*)\Z", re.ASCII | re.DOTALL)
_ANY_TEXT = r"[^/?&#]*"
_MAX_NUMBER_DIGITS = 20
_WORD_RE = re.compile(r"[A-Za-z0-9]{0,20}[-_.=:]?", re.ASCII)
"""What can be a literal although few URLs have it; slugs have more words."""


class Piece(NamedTuple):
    """A part of a shape; ``text`` is that of a literal, and ``name`` for the name of a month."""

    kind: PieceKind
    text: str = ""


class Cells(NamedTuple):
    """A URL in its cells: ``group`` is what the URLs of one group have in common; the last of ``path`` has no ending.

    ``query`` are the values of the names in the group, in their order.
    """

    group: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Shape:
    """What URLs of one kind have in common. ``group`` is that of :class:`Cells`."""

    group: tuple[str, ...]
    origin: str
    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return self.origin + "".join(one.text if one.kind == "literal" else f"<{one.kind}>" for one in self.pieces)

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The places of the pieces that may be ids."""
        return tuple(place for place, piece in enumerate(self.pieces) if piece.kind == "number")

    @cached_property
    def has_date(self) -> bool:
        """Whether part of the URL is a date."""
        return any(piece.kind == "date" for piece in self.pieces)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the path and query look like; a group for each number and each part of a date, in their order."""
        return re.compile("".join(_pattern(piece) for piece in self.pieces), re.ASCII)


def _pattern(piece: Piece) -> str:
    if piece.kind == "literal":
        return re.escape(piece.text)
    if piece.kind == "text":
        return _ANY_TEXT
    return "([0-9]{1,20})" if piece.kind == "number" else f"({date_pattern(piece)})"


def cells_of(url: str) -> Cells | None:
    """Return *url* in its cells, None for a URL that no shape could describe."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        return None
    path = parts.path.split("/")[1:] or [""]
    pairs = [pair.partition("=") for pair in parts.query.split("&")] if parts.query else []
    pairs = [pair for pair in pairs if not _TRACKING_RE.fullmatch(pair[0])]
    pairs = [pair if pair[1] else ("", "", pair[0]) for pair in pairs]  # ?rain-in-the-north has a value only
    if len(path) + len(pairs) > MAX_CELLS:
        return None
    last = path[-1]
    ending = match[0] if (match := _EXTENSION_RE.search(last)) else ""
    path[-1] = last.removesuffix(ending)
    kinds = "".join(map(_kind, path))
    names = tuple(name + middle for name, middle, _ in pairs)
    group = (f"{parts.scheme}://{parts.netloc.lower()}", kinds, ending, *names)
    return Cells(group, (*path, *(value for _, _, value in pairs)))


def _kind(cell: str) -> str:
    if cell.isascii() and cell.isdigit():
        return "D"
    return "m" if any("0" <= letter <= "9" for letter in cell) else "w"


def date_pattern(piece: Piece) -> str:
    """Return a regular expression for the part of a date that *piece* is."""
    return "[A-Za-z]{3,10}" if piece.text else "[0-9]{1,8}"


def joined(cells: Cells) -> str:
    """Return the path and query of which *cells* are."""
    _, kinds, ending, *names = cells.group
    values = cells.cells
    path = "/" + "/".join(values[: len(kinds)]) + ending
    query = "&".join(name + value for name, value in zip(names, values[len(kinds) :], strict=True))
    return f"{path}?{query}" if query else path


def shapes_of_group(group: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[Shape]:
    """Return the shapes of the URLs of one *group*, whose cells are *rows*."""
    origin, kinds, ending, *names = group
    found = []
    for cells in _divided(rows, 0, ()):
        pieces: list[Piece] = []
        for place, cell in enumerate(cells):
            between = "/" if place < len(kinds) else ("?" if place == len(kinds) else "&") + names[place - len(kinds)]
            pieces += [Piece("literal", between), *cell]
            if place == len(kinds) - 1 and ending:
                pieces.append(Piece("literal", ending))
        found.append(Shape(group, origin, _merged(pieces)))
    return sorted(found, key=lambda shape: (-sum(len(piece.text) for piece in shape.pieces), str(shape)))


def _merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for piece in pieces:
        if merged and piece.kind == merged[-1].kind == "literal":
            merged[-1] = Piece("literal", merged[-1].text + piece.text)
        elif piece.kind != "literal" or piece.text:
            merged.append(piece)
    return tuple(merged)


Cell = tuple[Piece, ...]


def _divided(rows: Sequence[tuple[str, ...]], column: int, before: tuple[Cell, ...]) -> Iterator[tuple[Cell, ...]]:
    """Yield the pieces of each kind of rows, by the column *column* and those after it."""
    if column == len(rows[0]):
        yield before
        return
    parts: dict[Cell, list[tuple[str, ...]]] = defaultdict(list)
    for cell, row in zip(_pieces([row[column] for row in rows], before), rows, strict=True):
        parts[cell].append(row)
    for cell, part in parts.items():
        yield from _divided(part, column + 1, (*before, cell))


def _pieces(values: Sequence[str], before: tuple[Cell, ...]) -> list[Cell]:
    """Return the pieces of each of the *values* of a column that comes after *before*."""
    kind = "".join(sorted(set(map(_kind, values))))
    if kind == "D":
        return _numbers(values, before)
    if kind == "w":
        return _words(values)
    found: list[Cell] = [()] * len(values)
    forms: dict[str, list[int]] = defaultdict(list)
    for place, value in enumerate(values):
        forms[_form(value)].append(place)
    for form, places in forms.items():
        part = [values[place] for place in places]
        for place, cell in zip(places, _FORMS[form](part, before), strict=True):
            found[place] = cell
    return found


def _form(value: str) -> str:
    if (kind := _kind(value)) != "m":
        return kind
    lead, trail = value[0].isdigit(), value[-1].isdigit()
    return "both" if lead and trail else "lead" if lead else "trail" if trail else "w"


def _numbers(values: Sequence[str], before: tuple[Cell, ...]) -> list[Cell]:
    distinct = Counter(values)
    if _are_dates(distinct, before):
        return [(Piece("date"),)] * len(values)
    is_section = len(distinct) <= MAX_SECTION_NUMBERS and len(values) >= MIN_HEAVY_COUNT * len(distinct)
    if is_section or any(len(value) > _MAX_NUMBER_DIGITS for value in distinct):
        return _words(values)
    return [(Piece("number"),)] * len(values)


def _are_dates(values: Iterable[str], before: tuple[Cell, ...]) -> bool:
    values = list(values)
    if before and before[-1][:1] and before[-1][0].kind == "date":
        return all(_DAY_RE.fullmatch(value) for value in values)
    if len(values) <= MAX_YEARS and all(_YEAR_RE.fullmatch(value) for value in values):
        return True
    return all(_WHOLE_DATE_RE.fullmatch(value) for value in values)


def _words(values: Sequence[str], before: tuple[Cell, ...] = ()) -> list[Cell]:  # noqa: ARG001 - as the other forms
    counts = Counter(values)
    if len(counts) > 1 and all(month_number(value) for value in counts):
        return [(Piece("date", "name"),)] * len(values)
    literals = _literals(counts)
    return [(Piece("literal", value) if value in literals else Piece("text"),) for value in values]


def _literals(counts: Counter[str]) -> set[str]:
    """Return the values that are literals: those that many URLs have; of the rest, all if they are few."""
    least = max(MIN_HEAVY_COUNT, MIN_HEAVY_SHARE * counts.total())
    heavy = {value for value, count in counts.items() if count >= least or not value}
    rest = counts.keys() - heavy
    is_spare = len(rest) <= MAX_SPARE_LITERALS and all(_WORD_RE.fullmatch(value) for value in rest)
    return heavy | rest if is_spare else heavy


def _leading(values: Sequence[str], before: tuple[Cell, ...]) -> list[Cell]:
    matches = [match for value in values if (match := _LEADING_RE.fullmatch(value))]
    tails = _tails([match["after"] for match in matches])
    numbers = _numbers([match["number"] for match in matches], before)
    return [(*number, *after) for number, after in zip(numbers, tails, strict=True)]


def _trailing(values: Sequence[str], before: tuple[Cell, ...]) -> list[Cell]:
    matches = [match for value in values if (match := _TRAILING_RE.fullmatch(value))]
    heads = _heads([match["before"] for match in matches])
    numbers = _numbers([match["number"] for match in matches], before)
    return [(*text, *number) for text, number in zip(heads, numbers, strict=True)]


def _both(values: Sequence[str], before: tuple[Cell, ...]) -> list[Cell]:
    matches = [match for value in values if (match := _LEADING_RE.fullmatch(value))]
    leading = _numbers([match["number"] for match in matches], before)
    rests = _trailing([match["after"] for match in matches], before)
    return [(*number, *rest) for number, rest in zip(leading, rests, strict=True)]


_FORMS = {"D": _numbers, "w": _words, "lead": _leading, "trail": _trailing, "both": _both}


def _heads(texts: Sequence[str]) -> list[Cell]:
    """Return the pieces of what stands before a number: a literal, or a text and the sign that ends it."""
    literals = _literals(Counter(texts))
    return [
        (Piece("literal", text),)
        if text in literals
        else (Piece("text"), Piece("literal", "" if text[-1].isalpha() else text[-1]))
        for text in texts
    ]


def _tails(texts: Sequence[str]) -> list[Cell]:
    literals = _literals(Counter(texts))
    return [
        (Piece("literal", text),)
        if text in literals
        else (Piece("literal", "" if text[0].isalpha() else text[0]), Piece("text"))
        for text in texts
    ]


def month_number(name: str) -> int | None:
    """Return the number of the month *name*, in any language of news, None if it is none."""
    month = MONTHS.get(fold_letters(name))
    return month and month.number
