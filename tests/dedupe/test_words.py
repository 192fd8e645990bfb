# ruff: noqa: RUF001 - the letters of other scripts are the subject
"""A text as a row of word hashes: what makes no difference, and what does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.dedupe.words import SPACELESS, words_of

SAME = {
    "case and punctuation": ("“Peace,” he said.", "peace he SAID"),
    "diacritics, composed or not": ("café naïve", "cafe\u0301 naive"),
    "Arabic vowel signs and tatweel": ("كِتابٌ عـربي", "كتاب عربي"),
    "Arabic and Persian letters": ("كتاب يک", "کتاب یک"),
    "digits of any script": ("١٢٣ ۴۵", "123 45"),
    "joiners": ("کتاب‌ها", "کتابها"),
    "soft hyphens": ("news\u00adpaper", "newspaper"),
    "presentation forms": ("ﻡﺪﻴﻨﺔ", "مدينه"),
    "wide forms": ("ＡＴＬＡＮＴＡ", "atlanta"),
    "an emoji": ("rain 🌧 again", "rain again"),
    "white space": ("one\n\ntwo\u00a0three", "one two three"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_ways_of_writing_one_text_give_the_same_words(one, other):
    assert words_of(one).tolist() == words_of(other).tolist()


@pytest.mark.parametrize(("one", "other"), [("dam", "dams"), ("12", "21"), ("а", "a"), ("东", "西"), ("국", "군")])
def test_different_words_have_different_hashes(one, other):
    assert words_of(one).tolist() != words_of(other).tolist()


def test_place_of_a_word_does_not_change_its_hash():
    first, _, third = words_of("river, muddy river").tolist()

    assert first == third


@pytest.mark.parametrize("text", ["东京都", "ไทย", "かな字"])
def test_scripts_without_spaces_are_read_by_the_character(text):
    words = words_of(text)

    assert len(words) == 3
    assert all(words & SPACELESS)


@pytest.mark.parametrize("text", ["", " ", "… — !", "🌧🌧", "\U00020000", "\u200d"])
def test_text_without_words_has_no_hashes(text):
    assert not len(words_of(text))


@given(st.text(), st.text())
def test_words_of_two_texts_are_the_words_of_both(one, other):
    """Nothing that stands beside a word changes it, whatever characters there are; a lone surrogate is no word."""
    assert words_of(f"{one}\n{other}").tolist() == words_of(one).tolist() + words_of(other).tolist()
