"""Cleaning of lines and paragraphs."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.text import clean_line, clean_text

TRICKY = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("a \t\n\r\x0b\x85\xa0\u2028\u2029\u200b\u200c\u200d\u202e\u2066\xad\ufeffÃ©â€™م\u0301👩\ud800"),
    )
)

CASES = [
    # (what a page holds, the line that is kept)
    ("  a \t b\u00a0\n c ", "a b c"),
    ("cafe\u0301", "café"),
    ("&amp;amp;", "&amp;amp;"),
    ("co\u00adop\u200bera\ufefftion", "cooperation"),
    ("\u202eevil\u202c \u2066x\u2069", "evil x"),
    ("می\u200cخواهم", "می\u200cخواهم"),
    ("می\u200c\u200cخواهم \u200c\u200c\u200cخانه\u200c\u200d\u200cها", "می\u200cخواهم خانه\u200cها"),
    ("می\u200c\u200b\u200cخواهم", "می\u200cخواهم"),
    ("a\u200c\u200cb \u200c", "ab"),
    ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
    ("bell\x07 nul\x00 esc\x1b[31m", "bell nul esc[31m"),
    ("lone \ud800 surrogate", "lone surrogate"),
    ("\x93quoted\x94", "“quoted”"),
    ("5\u0660\u06dd", "5\u0660\u06dd"),
]


@pytest.mark.parametrize(("raw", "clean"), CASES)
def test_line_is_cleaned(raw, clean):
    assert clean_line(raw) == clean


@settings(deadline=None)
@given(TRICKY)
def test_line_cleaned_twice_is_cleaned_once(raw):
    once = clean_line(raw)
    assert clean_line(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once.encode("utf-8").decode("utf-8") == once
    assert once == " ".join(once.split())


@settings(deadline=None)
@given(TRICKY)
def test_text_cleaned_twice_is_cleaned_once(raw):
    once = clean_text(raw)
    assert clean_text(once) == once
    assert "\n\n\n" not in once
    assert all(paragraph == clean_line(paragraph) for paragraph in once.split("\n\n"))


def test_blank_lines_part_paragraphs_and_single_line_ends_do_not():
    assert clean_text("One\r\ntwo.\r\n\t\r\n\n Three.\u2029Four.\n") == "One two.\n\nThree.\n\nFour."


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("Itâ€™s", "It’s"),
        ("FranÃ§ois", "François"),
        ("Ø§Ù„Ø¹Ø§Ù„Ù…", "العالم"),
        ("l’été à la plage", "l’été à la plage"),
        ("العالم - سوريا", "العالم - سوريا"),
        ("Âge d’or", "Âge d’or"),
    ],
)
def test_mojibake_is_mended_only_where_it_is_certain(broken, mended):
    assert clean_text(broken) == mended


def test_a_long_text_without_line_ends_takes_no_quadratic_time():
    assert len(clean_text("é" * 1_000_000 + "Ã©" * 10)) > 1_000_000
