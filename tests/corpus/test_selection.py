"""Which records a selection selects."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from crawler.corpus.selection import Selection
from crawler.exceptions import ConfigError

ROWS = [
    ("2019-12-31T23:59:59+03:30", "en", "article"),
    ("2020-02-29T10:00:00+03:30", "en-GB", "article"),
    ("2020-06-30T23:59:59+04:30", "fa", "seed"),
    (None, None, "stub"),
]


def selected(**asked):
    condition, values = Selection(**asked).sql_condition("r")
    with closing(sqlite3.connect(":memory:")) as connection, connection:
        connection.execute("CREATE TABLE records (published, language, kind)")
        connection.executemany("INSERT INTO records VALUES (?, ?, ?)", ROWS)
        rows = connection.execute(f"SELECT rowid FROM records r WHERE {condition}", values).fetchall()
    connection.close()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({}, [1, 2, 3, 4]),
        ({"since": "2020"}, [2, 3]),
        ({"until": "2019"}, [1]),
        ({"until": "2020-06-30"}, [1, 2, 3]),
        ({"until": "2020-06-29"}, [1, 2]),
        ({"since": "2020-03", "until": "2020-06"}, [3]),
        ({"language": "EN"}, [1, 2]),
        ({"language": "en-gb"}, [2]),
        ({"kind": "stub"}, [4]),
        ({"kind": "article", "since": "2020-02-29", "language": "en"}, [2]),
    ],
)
def test_selection_gives_the_matching_records(asked, rows):
    assert selected(**asked) == rows


@pytest.mark.parametrize(
    "value", ["2020-13", "2020-02-30", "2019-02-29", "20", "yesterday", "0000", "2020-01-01T00", "", "٢٠٢٠"]
)
def test_invalid_date_is_refused(value):
    with pytest.raises(ConfigError, match="--since"):
        Selection(since=value)


@pytest.mark.parametrize("value", ["e", "", "en' OR 1", "%", "english language"])
def test_invalid_language_is_refused(value):
    with pytest.raises(ConfigError, match="--language"):
        Selection(language=value)
