"""The normalized form and its hash: both are stored in corpora, so neither may change."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.text import content_sha256, normalized
from crawler.text.invisible import _C1_RE, HIDDEN_RE, drop_invisible
from crawler.text.normal import _normalized_slowly

GOLDEN = [
    # (text, normalized form, SHA-256); a changed line here breaks every corpus there is
    ("Hello,\n\nWorld!", "hello, world!", "68e656b251e67e8358bef8483ab0d51c6619f3e7a1a9f0e75838d41ff368f728"),
    (
        "ＨＥＬＬＯ,\u00a0wor\u00adld!",
        "hello, world!",
        "68e656b251e67e8358bef8483ab0d51c6619f3e7a1a9f0e75838d41ff368f728",
    ),
    ("Straße", "strasse", None),
    ("می\u200cخواهم", "میخواهم", None),
    ("", "", None),
    (" \n\t\u200b", "", None),
]


@pytest.mark.parametrize(("text", "form", "digest"), GOLDEN)
def test_normalized_text_and_hash_stay_as_published(text, form, digest):
    assert normalized(text) == form
    if digest or not form:
        assert content_sha256(text) == digest


def test_no_text_has_no_hash():
    assert content_sha256(None) is None


@settings(deadline=None)
@given(st.text())
def test_normalizing_twice_is_normalizing_once(text):
    assert normalized(normalized(text)) == normalized(text)


NEWS = st.text(st.characters(max_codepoint=0x24F) | st.characters(min_codepoint=0x370, max_codepoint=0x20BF))


@settings(max_examples=400)
@given(st.text() | NEWS | st.text(st.sampled_from("aA éİſßΣς\u0301…\xa0\u200c\u200d\u2028\xad\x00\x1cيی\ud800ｶﾞ")))
def test_fast_path_agrees_with_the_full_normalization(text):
    assert normalized(text) == _normalized_slowly(text)


def test_fast_path_is_right_for_every_character_and_every_composing_pair():
    characters = [chr(code) for code in range(0x110000)]
    pairs = [decomposed for one in characters if len(decomposed := unicodedata.normalize("NFD", one)) > 1]
    for context in ("{}", "A{}  {}b"):
        for start in range(0x3000):
            text = context.format(*[characters[start]] * 2)
            assert normalized(text) == _normalized_slowly(text), text
    for pair in pairs:
        assert normalized(pair) == _normalized_slowly(pair), pair
    assert normalized("".join(characters)) == _normalized_slowly("".join(characters))


def test_every_invisible_character_goes_and_no_other():
    everything = [chr(code) for code in range(0x110000)]
    gone = {character for character in everything if not drop_invisible(character)}
    expected = {character for character in everything if HIDDEN_RE.match(character) and not _C1_RE.match(character)}
    assert gone - {"\u200c", "\u200d"} == expected | {"\x81", "\x8d", "\x8f", "\x90", "\x9d"}


@settings(deadline=None)
@given(st.text())
def test_the_hash_sees_neither_case_nor_white_space(text):
    assert content_sha256(text.replace(" ", " \n\n ")) == content_sha256(text)
