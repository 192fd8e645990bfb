"""Lists in lines of text: URLs or ids, one a line, and tables with a header (CSV, TSV, ``;`` and ``|``)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import IO

from crawler.seeds.lists.model import (
    MAX_URL_LETTERS,
    NAMES_OF_ARTICLES,
    Listed,
    ListedArticle,
    Note,
    column_name,
    listed_fields,
)

_ADDRESS_RE = re.compile(r"(?:https?:)?//\S+|(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}(?::\d{1,5})?/\S*", re.IGNORECASE)
_ID_RE = re.compile(r"(?:[a-z0-9][a-z0-9_-]{0,63}/)?[0-9]{1,20}", re.ASCII)
"""An id, also as the key of a record."""
_DELIMITERS = ",;\t|"
_COMMENT = "#"
_LINES_TRIED = 200
_MIN_LISTED_SHARE = 0.5
_MAX_LINE_BYTES = 1 << 16
_MAX_COLUMNS = 1_000


def is_address(text: str) -> bool:
    """Return whether *text* looks like the URL or the id of an article."""
    return _ADDRESS_RE.fullmatch(text) is not None or _ID_RE.fullmatch(text) is not None


def is_list_of_lines(head: bytes) -> bool:
    """Return whether most lines of the text that begins with *head* are URLs or ids, and nothing else."""
    lines = [line for line in _sample(head) if not line.startswith(_COMMENT)]
    return _mostly(lines)


def table_delimiter(head: bytes) -> str | None:
    """Return the delimiter of the table that begins with *head* and names articles; None if it is none.

    Its first line names a column of URLs or ids, and most cells of that column are such.
    """
    lines = _sample(head)
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if len(rows) > 1 and len(rows[0]) <= _MAX_COLUMNS:
            names = [column_name(cell) for cell in rows[0]]
            places = [at for at, name in enumerate(names) if name in NAMES_OF_ARTICLES]
            if any(_mostly([row[at].strip() for row in rows[1:] if len(row) > at]) for at in places):
                return delimiter
    return None


def _mostly(cells: Sequence[str]) -> bool:
    cells = [cell for cell in cells if cell]
    return bool(cells) and sum(map(is_address, cells)) > len(cells) * _MIN_LISTED_SHARE


def _sample(head: bytes) -> list[str]:
    """Return the first lines of *head* that are not empty; the last, perhaps cut, only if it is the only one."""
    text = head.decode("utf-8-sig", "replace")
    lines = text.splitlines()
    if len(lines) > 1 and not text.endswith(("\n", "\r")):
        del lines[-1]
    return [line.strip() for line in lines if line.strip()][:_LINES_TRIED]


def read_lines(source: str, stream: IO[bytes]) -> Iterator[Listed]:
    """Yield an article for each line that is neither empty nor a comment."""
    for number, line in _lines(stream):
        text = line.strip()
        if text and not text.startswith(_COMMENT):
            is_id = _ID_RE.fullmatch(text) is not None
            text = text[:MAX_URL_LETTERS]
            yield ListedArticle(source=source, line=number, url=None if is_id else text, id=text if is_id else None)


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """Yield the lines and their numbers; CR alone ends a line too, and of a very long line only the start is given."""
    number = 0
    while raw := stream.readline(_MAX_LINE_BYTES):
        whole = raw
        while len(whole) >= _MAX_LINE_BYTES and not whole.endswith(b"\n"):
            whole = stream.readline(_MAX_LINE_BYTES)
            if not whole:
                break
        for line in raw.decode("utf-8-sig", "replace").splitlines():
            number += 1
            yield number, line


def read_table(source: str, stream: IO[bytes], delimiter: str, note: Note) -> Iterator[Listed]:
    """Yield an article for each row of the table. *note* receives what ends it before the end of the file."""
    text = io.TextIOWrapper(stream, "utf-8-sig", "replace", newline="")
    rows = csv.reader(text, delimiter=delimiter)
    names: list[str] | None = None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if names is None:
                names = row
                continue
            listed = listed_fields(dict(zip(names, row, strict=False)), source, rows.line_num)
            yield listed or ListedArticle(source=source, line=rows.line_num)
    except csv.Error as error:
        note(f"line {rows.line_num}: {error}; the table is read up to there")
    finally:
        text.detach()
