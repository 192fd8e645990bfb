"""What is shown of a text that was found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus.search.query import parse
from crawler.corpus.search.snippets import snippet
from tests.waiting import grows_linearly


def marked(text, question, words=8):
    shown = snippet(text, parse(question), words)
    return [shown.text[start:end] for start, end in shown.marks], shown.text


def test_the_original_is_shown_where_the_folded_was_found():
    assert marked("He said: Café-Bar, ١٢!", '"cafe bar" 12') == (["Café-Bar", "١٢"], "He said: Café-Bar, ١٢!")
    assert marked("کتاب‌های عربي", "کتابهای عربی")[0] == ["کتاب‌های", "عربي"]


def test_the_window_has_the_most_different_words():
    text = "one one one. " + "filler " * 30 + "here one meets two. " + "filler " * 30
    hits, shown = marked(text, "one two")
    assert hits == ["one", "two"]
    assert shown.startswith("… ")
    assert shown.endswith(" …")


def test_snippet_is_one_line():
    assert marked("A first\n\nparagraph\tand more", '"first paragraph"') == (
        ["first paragraph"],
        "A first paragraph and more",
    )


def test_beginnings_and_phrases():
    assert marked("gazelles in Gaza", "gaz*")[0] == ["gazelles", "Gaza"]
    assert marked("the city, the holy city of", '"the holy ci*"')[0] == ["the holy city"]


def test_a_text_without_the_words_shows_its_beginning():
    assert marked("a b c d e f g h i j", "zebra") == ([], "a b c d e f g h …")
    assert marked("", "zebra") == ([], "")


@given(st.text(), st.text(min_size=1, max_size=3), st.integers(1, 9))
def test_marks_are_inside_the_snippet(text, word, words):
    shown = snippet(text, parse(f"x {word}"), words)
    assert all(0 <= start < end <= len(shown.text) for start, end in shown.marks)


def test_a_huge_text_takes_no_time():
    assert grows_linearly(lambda text: snippet(text, parse("the")), "the " * 1_000_000, "the " * 2_000_000)
