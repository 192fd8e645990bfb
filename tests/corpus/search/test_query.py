"""What a question means, and that none can be more than a question."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus.search.query import Term, expression, parse
from crawler.exceptions import ConfigError


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("Two  words", [Term(("two",), False), Term(("words",), False)]),
        ('"a phrase" word', [Term(("a", "phrase"), False), Term(("word",), False)]),
        ("begin*", [Term(("begin",), True)]),
        ('"holy ci*"', [Term(("holy", "ci"), True)]),
        ('"holy ci"*', [Term(("holy", "ci"), True)]),
        ('"never closed', [Term(("never", "closed"), False)]),
        ("don't", [Term(("don", "t"), False)]),
        ("same same", [Term(("same",), False)]),
        ("title:x", [Term(("title", "x"), False)]),
        ('gaza"strip"', [Term(("gaza",), False), Term(("strip",), False)]),
    ],
)
def test_question_is_parsed_into_terms(question, terms):
    assert parse(question) == terms


@pytest.mark.parametrize("question", ["", " ", '""', "*", "-", "!?", "\x00", "\u200c", " ".join(map(str, range(40)))])
def test_no_word_or_too_many_is_one_clear_error(question):
    with pytest.raises(ConfigError):
        parse(question)


@given(st.text() | st.text(alphabet="\"*^()-+:{}AND OR NOT NEAR,\x00'\\"))
def test_no_question_is_a_syntax_error(question):
    try:
        terms = parse(question)
    except ConfigError:
        return
    with closing(sqlite3.connect(":memory:")) as connection, connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (title, text, content = '', tokenize = 'ascii')")
        assert connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (expression(terms),)).fetchall() == []
    connection.close()
