# ruff: noqa: RUF001 - the letters of other scripts are the subject
"""One form for all the ways of writing a word."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus.search.folding import fold, spans


# (written, written otherwise)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ي", "ی"),
        ("ى", "ی"),
        ("عربي", "عربی"),
        ("كتاب", "کتاب"),
        ("أحمد إسلام آب ٱلله", "احمد اسلام اب الله"),
        ("محمـــد", "محمد"),
        ("مُحَمَّدٌ", "محمد"),
        ("می‌خواهم", "میخواهم"),
        ("١٢٣ ۴۵۶ 789", "123 456 789"),
        ("مدرسة", "مدرسه"),
        ("مسئول", "مسیول"),
        ("ﻻ ﷲ", "لا الله"),
        ("Café", "cafe\u0301"),
        ("STRASSE", "straße"),
        ("Łódź Ørsted", "lodz orsted"),
        ("ＡＢＣ", "abc"),
        ("co\u00adop", "coop"),
        ("İstanbul", "istanbul"),
        ("שָׁלוֹם", "שלום"),
        ("Ёлка", "елка"),
    ],
)
def test_spellings_of_a_word_fold_to_one(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("की", "का"), ("ไม่ใช่", "ไม้ใช่"), ("ساب", "شاب"), ("resume", "resumed")])
def test_different_words_stay_different(one, other):
    assert fold(one) != fold(other)


def test_scripts_without_spaces_are_found_character_by_character():
    assert fold("北京大学です") == "北 京 大 学 て\u3099 す" or fold("北京大学です").startswith("北 京 大 学 ")


def test_every_character_is_folded_once_and_for_all():
    characters = (chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    assert [char for char in characters if fold(fold(char)) != fold(char)] == []


@given(st.text())
def test_folding_twice_changes_nothing_and_its_form_does_not_matter(text):
    once = fold(text)
    assert fold(once) == once
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text)) or "\u3099" in once
    assert '"' not in once


@given(st.text())
def test_the_words_of_a_text_are_those_that_are_indexed(text):
    found = spans(text)
    assert " ".join(word for *_, word in found) == fold(text)
    places = [place for start, end, _ in found for place in (start, end)]
    assert all(0 <= start < end <= len(text) for start, end, _ in found)
    assert [start for start, *_ in found] == sorted(start for start, *_ in found), places


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("เดินทางจากกรุงเทพไปเชียงใหม่", "กรุงเทพ"),
        ("ตลาดเก่าริมแม่น้ำปิดแล้ว", "แม่น้ำ"),
        ("ຕະຫຼາດເກົ່າປິດແລ້ວ", "ຕະຫຼາດເກົ່າ"),
        ("អ្នកលក់នៅផ្សារចាស់", "ផ្សារចាស់"),
        ("မနေ့ကစျေးဟောင်းပိတ်", "စျေးဟောင်း"),
        ("བོད་ཡིག་གི་དེབ", "ཡིག"),
        ("ปี ๒๕๖๐", "2560"),
    ],
)
def test_word_is_found_in_scripts_without_spaces(text, word):
    assert f" {fold(word)} " in f" {fold(text)} "
