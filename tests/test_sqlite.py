"""Rows that are written many to a statement are those that were given, whatever is not in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from crawler.sqlite import insert

VALUES = st.none() | st.integers(0, 9) | st.text(max_size=2)


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=200) | st.lists(st.tuples(VALUES, st.none(), VALUES)))
def test_rows_are_written_as_they_are_and_in_their_order(rows):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a, b, c, d)")
        insert(connection, "INSERT INTO t (a, b, c, d) VALUES (?, 'x', ?, ?)", iter(rows))
        assert connection.execute("SELECT a, c, d FROM t ORDER BY rowid").fetchall() == rows
        assert connection.execute("SELECT count(*) FROM t WHERE b = 'x'").fetchone() == (len(rows),)
