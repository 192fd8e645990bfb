"""CSV for spreadsheets: flat columns, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Self

import orjson

from crawler.corpus.export.writing import Exported, Options
from crawler.corpus.lines import Lines
from crawler.corpus.output import output_file

_PLAIN = ("schema", "key", "kind", "id", "site", "url", "title", "kicker", "text", "language", "desk_code")
_PLAIN_AFTER = ("published", "published_from")
_CAPTURE = ("source", "url", "fetched", "status", "warc_file", "warc_offset", "archived", "coding")
_LAST = (
    *("depth", "version", "content_sha256", "near_duplicate_of", "similarity", "run"),
    *("dateline", "credit", "duplicate_rule"),
)
COLUMNS = (
    *_PLAIN,
    "authors",
    *_PLAIN_AFTER,
    "discovered_from",
    "images",
    "related",
    *(f"capture_{name}" for name in _CAPTURE),
    "capture_attempts",
    *_LAST,
)
"""The columns: the fields of the record, those of ``capture`` each by itself."""

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula, full-width forms included
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - these very characters


def write(lines: Lines, name: str, root: Path, options: Options) -> Exported:
    """Write a row for each record to the file *name*, under a row of the :data:`COLUMNS`."""
    count = 0
    with output_file(name, root, force=options.force) as file, RowWriter(file, bom=options.bom) as rows:
        rows.write(COLUMNS)
        for line in lines:
            rows.write(cells(line.record))
            count += 1
    return Exported(count, cut_cells=rows.cut_cells)


MAX_CELL_UNITS = 32_767
"""What a cell of Excel holds, in units of UTF-16; of a longer one it loses the rest, or spills it over other rows."""
CUT_MARK = " [cut: longer than a cell of a spreadsheet]"


class RowWriter:
    r"""Writes rows of CSV (RFC 4180: commas, ``\r\n``, quotes where needed) in UTF-8 to a binary file.

    With *bom*, for a spreadsheet, the file begins with a byte order mark, and a cell that is longer than one takes is
    cut, with a mark; ``cut_cells`` counts those.
    """

    def __init__(self, file: IO[bytes], *, bom: bool = False) -> None:
        self._is_for_spreadsheet = bom
        self.cut_cells = 0
        if bom:
            file.write(b"\xef\xbb\xbf")
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
        self._writer = csv.writer(self._text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.detach()  # flushes; the file itself is its owner's to close

    def write(self, row: Iterable[Any]) -> None:
        """Write a *row*, its text defused."""
        self._writer.writerow([self._cell(cell) if isinstance(cell, str) else cell for cell in row])

    def _cell(self, cell: str) -> str:
        cell = defused(cell)
        if not self._is_for_spreadsheet or utf16_units(cell) <= MAX_CELL_UNITS:
            return cell
        self.cut_cells += 1
        kept = cell.encode("utf-16-le", "surrogatepass")[: 2 * (MAX_CELL_UNITS - len(CUT_MARK))]
        return kept.decode("utf-16-le", "ignore") + CUT_MARK


def utf16_units(text: str) -> int:
    """Return how long *text* is in UTF-16, as spreadsheets count.

    >>> utf16_units("a"), utf16_units("\N{GRINNING FACE}")
    (1, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def defused(cell: str) -> str:
    """Return *cell* with an apostrophe before what a spreadsheet would take for a formula.

    >>> defused("=HYPERLINK(1)"), defused("1 + 1")
    ("'=HYPERLINK(1)", '1 + 1')
    """
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def cells(record: dict[str, Any]) -> list[Any]:
    """Return the cells of *record*: names joined by ``; ``, lists of objects as JSON, None as nothing."""
    capture = record.get("capture") or {}
    return [
        *(record.get(name) for name in _PLAIN),
        _joined(record.get("authors") or ()),
        *(record.get(name) for name in _PLAIN_AFTER),
        _joined(record.get("discovered_from") or ()),
        _json(record.get("images")),
        _json(record.get("related")),
        *(capture.get(name) for name in _CAPTURE),
        _json(capture.get("attempts")),
        *(record.get(name) for name in _LAST),
    ]


def _joined(names: Sequence[str]) -> str:
    return "; ".join(map(str, names))


def _json(value: object) -> str:
    return orjson.dumps(value).decode() if value else ""
