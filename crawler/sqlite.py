"""Reading SQLite databases where one may write, and where one may not."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from functools import cache
from itertools import chain, compress, islice
from operator import not_
from pathlib import Path
from typing import Any, Final


def connect_to_read(path: Path, *, leave_no_trace: bool = False) -> sqlite3.Connection:
    """Open the database at *path* for reading, beside who writes to it; also on a read-only disk.

    With *leave_no_trace*, SQLite makes no files beside a database that nobody has open.

    SQLite makes files of its own beside a database in WAL mode that it reads. Where it may not, all is in the one file
    if that was closed as it should be (https://www.sqlite.org/wal.html#read_only_databases).
    """
    still = (leave_no_trace or not os.access(path.parent, os.W_OK)) and not path.with_name(f"{path.name}-wal").exists()
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if still else ''}", uri=True)


Row = tuple[Any, ...]

_SHARES: Final = (64, 16, 4, 1)
"""How many rows share a statement."""


def insert(connection: sqlite3.Connection, statement: str, rows: Iterable[Row]) -> None:
    """Run *statement*, ``INSERT ... VALUES (?, ...) ...``, for each of *rows*, in their order.

    Many rows share a statement: half of what ``executemany`` takes for a small row is the change between Python and
    SQLite. A column with nothing in it is not bound: a None takes ``sqlite3`` ten times as long as a number.
    """
    more = iter(rows)
    while part := list(islice(more, _SHARES[0])):
        at = 0
        for share in _SHARES:
            while len(part) - at >= share:
                _insert(connection, statement, part[at : at + share])
                at += share


def _insert(connection: sqlite3.Connection, statement: str, rows: list[Row]) -> None:
    columns = list(zip(*rows, strict=True))
    null = tuple(column.count(None) == len(rows) for column in columns)
    bound = zip(*compress(columns, map(not_, null)), strict=True) if True in null else rows
    connection.execute(_for_many(statement, len(rows), null), list(chain.from_iterable(bound)))


@cache
def _for_many(statement: str, rows: int, null: tuple[bool, ...]) -> str:
    before, _, after = statement.partition("VALUES (")
    values, _, rest = after.partition(")")
    first, *literals = values.split("?")
    row = first + "".join(f"{'NULL' if is_null else '?'}{last}" for is_null, last in zip(null, literals, strict=True))
    return f"{before}VALUES {', '.join([f'({row})'] * rows)}{rest}"
