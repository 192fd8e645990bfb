"""Writing many rows to SQLite at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cache
from itertools import chain, compress, islice
from operator import not_
from typing import Any, Final

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
