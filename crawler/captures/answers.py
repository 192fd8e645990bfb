"""Reads answers of CDX servers: captures with a resume key, and numbers of pages. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

import orjson

from crawler.captures.lines import CaptureLine, LineReader

MAX_PAGES = 100_000
"""A server that says more is wrong: the Wayback Machine said 28,903,799 for 3 captures."""
SHOWN_ERRORS = 3

Position = tuple[str, str]

_NUMBER_RE = re.compile(rb"\s*([0-9]{1,12})\s*", re.ASCII)
_RESUME_RE = re.compile(r"[^\s{}\"<>]+", re.ASCII)
_MAX_RESUME_LETTERS = 8_000
_GAPS = frozenset({b"", b"[],", b"[]"})
"""What stands before a resume key, in text and in JSON."""


class IndexAnswer(NamedTuple):
    """Captures in the answer of an index.

    ``rows`` counts all its lines with a capture, also of other things than web pages; ``broken`` those that cannot be
    read, of which ``errors`` shows the first. ``first`` and ``last`` are key and time of its first and last line, as
    the server wrote them.
    """

    lines: list[CaptureLine]
    rows: int
    broken: int
    errors: tuple[str, ...]
    resume: str | None
    first: Position | None
    last: Position | None


def read_answer(body: bytes, source: str) -> IndexAnswer:
    """Return what an index answered; its lines get *source*.

    Raises ValueError if the answer has lines and none of them is a capture, or if it is cut within a line.
    """
    reader = LineReader(source, own_only=True)
    lines: list[CaptureLine] = []
    errors: list[str] = []
    positions: list[Position] = []
    resume, after_gap = None, False
    raw_lines = body.split(b"\n")
    for number, raw in enumerate(raw_lines, 1):
        text = raw.strip()
        if text in _GAPS:
            after_gap = True
            continue
        if after_gap and resume is None and (key := _resume_key(text)) is not None:
            resume = key
            continue
        after_gap = False
        try:
            line = reader.read(raw)
        except ValueError as error:
            if number == len(raw_lines):
                raise ValueError(f"its answer is cut short ({error})") from error
            errors.append(f"line {number}: {error}")
            continue
        if reader.position is not None:
            positions.append(reader.position)
        if line is not None:
            lines.append(line)
    if errors and not positions:
        raise ValueError(f"not an answer of a capture index ({errors[0]})")
    first, last = (positions[0], positions[-1]) if positions else (None, None)
    return IndexAnswer(lines, len(positions), len(errors), tuple(errors[:SHOWN_ERRORS]), resume, first, last)


def read_pages(body: bytes) -> int | None:
    """Return the number of pages that a server answers to ``showNumPages``; None if it knows no pages.

    >>> read_pages(b"12"), read_pages(b'{"pages": 3, "pageSize": 5, "blocks": 11}'), read_pages(b"28903799")
    (12, 3, None)
    """
    number: int | None = None
    if found := _NUMBER_RE.fullmatch(body):
        number = int(found[1])
    elif body.lstrip()[:1] in {b"{", b"["}:
        try:
            number = _pages_in(orjson.loads(body))
        except orjson.JSONDecodeError:
            return None
    return number if number is not None and number <= MAX_PAGES else None


def _pages_in(value: object) -> int | None:
    if isinstance(value, list):  # the Wayback Machine's JSON: [["numpages"],["3"]]
        value = value[-1][0] if value and isinstance(value[-1], list) and value[-1] else None
    elif isinstance(value, dict):
        value = value.get("pages", value.get("numPages"))
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _resume_key(text: bytes) -> str | None:
    """Return the resume key in a line, encoded for a URL as it is; None if it is another line."""
    bare = text.decode("utf-8", "replace").removesuffix("]]").removeprefix("[").strip('"')
    return bare if len(bare) <= _MAX_RESUME_LETTERS and _RESUME_RE.fullmatch(bare) else None
