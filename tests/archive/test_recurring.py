"""A site's own boilerplate is learned from its articles."""

from __future__ import annotations

import sqlite3

import pytest

from crawler.archive.recurring import SCHEMA, Recurring
from crawler.text.boilerplate import paragraph_key

FOOT = "The Harbour Post is free. It lives from its readers."


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    yield connection
    connection.close()


def article(number, *feet):
    return "\n\n".join([f"Story {number} begins.", *(f"And so on {number}, {part}." for part in range(9)), *feet])


def learned(connection, articles):
    recurring = Recurring(connection)
    recurring.load()
    for number, text in enumerate(articles):
        recurring.add(text, number)
    recurring.write()
    return recurring.known


def test_paragraph_on_eight_articles_is_boilerplate(connection):
    assert learned(connection, [article(n, FOOT) for n in range(7)]) == frozenset()
    assert learned(connection, [article(n, FOOT.upper()) for n in range(100, 101)]) == {paragraph_key(FOOT)}


def test_known_boilerplate_stays_known_after_it_is_cleaned_away(connection):
    known = learned(connection, [*(article(n, FOOT) for n in range(8)), *(article(n) for n in range(3_000))])
    assert known == {paragraph_key(FOOT)}


def test_the_middle_of_a_text_and_long_paragraphs_are_no_boilerplate(connection):
    middle = [article(n).replace(f"And so on {n}, 4.", FOOT) for n in range(20)]
    assert learned(connection, [text + "\n\n" + "Long words. " * 30 for text in middle]) == frozenset()


def test_versions_of_one_article_count_once(connection):
    recurring = Recurring(connection)
    for _ in range(50):
        recurring.add(article(1, FOOT), 1)
    recurring.write()
    assert recurring.known == frozenset()


def test_rare_paragraph_is_not_boilerplate_and_is_forgotten(connection):
    rare = [article(n, *([FOOT] if n % 150 == 0 else [])) for n in range(4_000)]
    assert learned(connection, rare) == frozenset()
    (rows,) = connection.execute("SELECT count(*) FROM recurring").fetchone()
    assert rows < 10_000


def test_groups_and_reopening_make_no_difference(connection):
    texts = [article(n, *([FOOT] if n % 9 == 0 else []), f"Desk {n % 40}") for n in range(2_500)]
    one = Recurring(connection)
    for number, text in enumerate(texts):
        one.add(text, number)
        if number % 7 == 0:
            one.write()
        if number % 500 == 499:
            one.write()
            one.load()
    one.write()
    again = sqlite3.connect(":memory:", isolation_level=None)
    again.executescript(SCHEMA)
    learned(again, texts)
    everything = "SELECT * FROM recurring ORDER BY key"
    assert connection.execute(everything).fetchall() == again.execute(everything).fetchall()
    assert paragraph_key(FOOT) in one.known
    again.close()
