"""Writing many rows to SQLite at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

Row = tuple[Any, ...]

_ROWS_A_STATEMENT: Final = 64


def insert(connection: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run *statement*, ``INSERT ... VALUES (?, ...) ...``, for each of *rows*, in their order.

    Many rows share a statement: half of what ``executemany`` takes for a small row is the change between Python and
    SQLite.
    """
    shared = len(rows) - len(rows) % _ROWS_A_STATEMENT
    for at in range(0, shared, _ROWS_A_STATEMENT):
        values = list(chain.from_iterable(rows[at : at + _ROWS_A_STATEMENT]))
        connection.execute(_for_many(statement), values)
    if shared < len(rows):
        connection.executemany(statement, rows[shared:])


@cache
def _for_many(statement: str) -> str:
    before, _, after = statement.partition("VALUES (")
    values, _, rest = after.partition(")")
    return f"{before}VALUES {', '.join([f'({values})'] * _ROWS_A_STATEMENT)}{rest}"
