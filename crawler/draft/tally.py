"""Counts what captured URLs say of each shape: two passes through a list of captures, in flat memory.

The first pass samples URLs of each group, from which the shapes are learned; the second counts, for every number in
every shape, its distinct values, which of them are ids of dumps, and when each was first captured.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.captures.lines import CaptureLine
from crawler.draft.bottomk import BottomK
from crawler.draft.shapes import Shape, cells_of, joined, month_number, shapes_of_group

Captures = Callable[[], Iterable[CaptureLine]]
"""Returns the captures of the list from its beginning; called once for each pass."""

MAX_GROUPS = 1_024
GROUP_URLS = 256
MAX_GROUP_SHAPES = 64
VALUE_SAMPLE = 512
_PAGES = frozenset({"text/html", "application/xhtml+xml", "application/xhtml", "text/plain"})
_UNKNOWN_TYPES = frozenset({None, "warc/revisit", "application/octet-stream", "no-type"})
_FILES_RE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|bmp|mp[34]|webm|avi|flv|swf|css|js|json|xml|rss|atom|pdf|docx?|zip|gz|woff2?|ttf"
    r"|eot)(?:\?|\Z)",
    re.IGNORECASE | re.ASCII,
)
_IMAGES_RE = re.compile(r"\.(?:jpe?g|png|gif|webp|mp4)(?:\?|\Z)", re.IGNORECASE | re.ASCII)
_ERROR = "4"
_REDIRECT = "3"
_NOT_MODIFIED = "304"


class Seen(NamedTuple):
    """A value of a number: the first moment that its URLs tell (14 digits, or a date in the URL), and a capture."""

    moment: str
    line: CaptureLine


@dataclass
class NumberTally:
    """What is known of one number in a shape. ``hits`` are the ids of dumps among its values, without zeros before.

    ``width`` is the number of digits if all values have as many and some begin with zero.
    """

    values: BottomK[Seen] = field(default_factory=lambda: BottomK(VALUE_SAMPLE))
    hits: set[str] = field(default_factory=set)
    widths: Counter[int] = field(default_factory=Counter)
    padded: int = 0

    @property
    def width(self) -> int | None:
        """See the class."""
        return next(iter(self.widths)) if self.padded and len(self.widths) == 1 else None


@dataclass
class ShapeTally:
    """The captures of one shape: pages and redirects, distinct URLs (exact in a sorted list), first and last time."""

    shape: Shape
    pages: int = 0
    redirects: int = 0
    urls: int = 0
    first: str = "9"
    last: str = "0"
    numbers: list[NumberTally] = field(default_factory=list)
    last_url: str = ""


@dataclass
class UrlTally:
    """The shapes of a list, and how many of its captures are pages, other files or errors."""

    shapes: list[ShapeTally]
    lines: int = 0
    pages: int = 0
    files: int = 0
    errors: int = 0


def is_page(line: CaptureLine) -> bool:
    """Return whether *line* may be a page, by its media type; by its URL if that is unknown."""
    if line.mime in _UNKNOWN_TYPES:
        return not _FILES_RE.search(line.url)
    return line.mime in _PAGES


def is_picture(line: CaptureLine) -> bool:
    """Return whether *line* is a picture or video."""
    if line.mime is None or line.mime in _UNKNOWN_TYPES:
        return bool(_IMAGES_RE.search(line.url))
    return line.mime.startswith(("image/", "video/"))


def is_error(line: CaptureLine) -> bool:
    """Return whether *line* is a capture of an error."""
    return line.status is not None and line.status[0] >= _ERROR


def take_tally(captures: Captures, ids: Collection[str]) -> UrlTally:
    """Return what the *captures* say of their shapes; *ids* are those of dumps."""
    shapes = _learned(captures())
    tally = UrlTally([ShapeTally(shape, numbers=[NumberTally() for _ in shape.numbers]) for shape in shapes])
    by_group: dict[tuple[str, ...], list[ShapeTally]] = defaultdict(list)
    for one in tally.shapes:
        by_group[one.shape.group].append(one)
    known = {value.lstrip("0") for value in ids}
    for line in captures():
        tally.lines += 1
        if is_error(line):
            tally.errors += 1
        elif not is_page(line):
            tally.files += 1
        else:
            tally.pages += 1
            _count(line, by_group, known)
    return tally


def _learned(lines: Iterable[CaptureLine]) -> list[Shape]:
    groups: dict[tuple[str, ...], BottomK[tuple[str, ...]]] = {}
    sizes: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        if is_error(line) or not is_page(line) or (cells := cells_of(line.url)) is None:
            continue
        if cells.group not in groups:
            if len(groups) >= MAX_GROUPS:
                _drop_rare(groups, sizes)
            groups[cells.group] = BottomK(GROUP_URLS)
        sizes[cells.group] += 1
        groups[cells.group].put(joined(cells), cells.cells)
    found: list[Shape] = []
    for group, sample in groups.items():
        rows = [cells for _, cells in sample.items()]
        found += shapes_of_group(group, rows)[:MAX_GROUP_SHAPES]
    return found


def _drop_rare(groups: dict[tuple[str, ...], BottomK[tuple[str, ...]]], sizes: Counter[tuple[str, ...]]) -> None:
    """Drop half of the groups, those with the fewest captures: there is no end to the queries of some sites."""
    for group, _ in sizes.most_common()[: len(groups) // 2 - 1 : -1]:
        del groups[group], sizes[group]


def _count(line: CaptureLine, by_group: dict[tuple[str, ...], list[ShapeTally]], known: Collection[str]) -> None:
    """Count *line* for its shape, if it has one."""
    cells = cells_of(line.url)
    if cells is None:
        return
    text = joined(cells)
    for tally in by_group.get(cells.group, ()):
        if match := tally.shape.pattern.fullmatch(text):
            _count_shape(line, tally, match, text, known)
            return


def _count_shape(line: CaptureLine, tally: ShapeTally, match: re.Match[str], text: str, known: Collection[str]) -> None:
    is_redirect = line.status is not None and line.status[0] == _REDIRECT and line.status != _NOT_MODIFIED
    tally.redirects += is_redirect
    tally.pages += not is_redirect
    tally.urls += text != tally.last_url
    tally.last_url = text
    tally.first, tally.last = min(tally.first, line.timestamp), max(tally.last, line.timestamp)
    moment, values = _moment_and_numbers(tally.shape, match.groups())
    moment = moment or line.timestamp
    for number, value in zip(tally.numbers, values, strict=True):
        number.widths[len(value)] += 1
        number.padded += value[0] == "0" and len(value) > 1
        if (plain := value.lstrip("0")) in known:
            number.hits.add(plain)
        seen = number.values.get(value)
        if seen is None:
            number.values.put(value, Seen(moment, line))
        elif moment < seen.moment or _is_better(line, seen.line):
            number.values.put(value, Seen(min(moment, seen.moment), max(seen.line, line, key=_worth)))


def _is_better(line: CaptureLine, other: CaptureLine) -> bool:
    return _worth(line) > _worth(other)


def _worth(line: CaptureLine) -> int:
    """Return how useful a capture is as an example: pages before revisits before redirects."""
    is_page = line.status is None or line.status[0] == "2"
    return 2 * is_page + (line.mime != "warc/revisit")


def _moment_and_numbers(shape: Shape, groups: Sequence[str]) -> tuple[str, list[str]]:
    """Return the date in a URL in digits, empty if it has none, and its numbers."""
    date, numbers = "", []
    kinds = (piece.kind for piece in shape.pieces if piece.kind in {"number", "date"})
    for kind, value in zip(kinds, groups, strict=True):
        if kind == "number":
            numbers.append(value)
        else:
            date += f"{month_number(value) or 0:02}" if value.isalpha() else value.zfill(2)
    return date, numbers
