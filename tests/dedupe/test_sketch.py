# ruff: noqa: RUF001 - the letters of other scripts are the subject
"""How alike two texts are."""

from __future__ import annotations

import random

import pytest

from crawler.dedupe import Sketch, words_of
from crawler.dedupe.shingles import KEYS_PER_TEXT

WORDS = [f"{number}".translate(str.maketrans("0123456789", "abcdefghij")) for number in range(5000)]


def prose(seed: int, words: int = 400) -> list[str]:
    return random.Random(seed).choices(WORDS, k=words)


def similarity(one: str, other: str) -> float:
    return Sketch(words_of(one)).similarity(words_of(other))


def keys(text: str) -> list[int]:
    return Sketch(words_of(text)).keys.tolist()


def find_similar(one: list[str], other: list[str]) -> float:
    return similarity(" ".join(one), " ".join(other))


def test_equal_texts_have_similarity_one_and_different_ones_zero():
    assert find_similar(prose(1), prose(1)) == 1.0
    assert find_similar(prose(1), prose(2)) == 0.0


def test_similarity_is_the_share_of_words_in_both_texts():
    text = prose(1)

    assert find_similar(text, text[:300]) == pytest.approx(600 / 700)
    assert find_similar(text, text[100:] + prose(2, 100)) == pytest.approx(600 / 800, abs=0.01)
    assert find_similar(text, text[200:] + text[:200]) == 1.0


def test_similarity_is_symmetric():
    text = prose(1)
    other = text[50:250] + prose(2, 90)

    assert find_similar(text, other) == find_similar(other, text)


def test_a_word_swapped_for_another_costs_little_more_than_itself():
    text = prose(1)
    swapped = ["another" if at % 10 == 0 else word for at, word in enumerate(text)]

    assert find_similar(text, swapped) == pytest.approx(0.9, abs=0.01)


def test_too_few_words_give_no_similarity():
    assert find_similar(["one", "two"], ["one", "two"]) == 0.0


def test_scripts_without_spaces_need_longer_runs():
    """Five characters: three of them stand in many a text."""
    assert similarity("东京都知事", "东京都议会") == 0.0
    assert similarity("东京都知事说", "东京都知事问") == pytest.approx(10 / 12)


def test_texts_share_as_many_keys_as_they_share_shingles():
    text = prose(1)
    shared = set(keys(" ".join(text))) & set(keys(" ".join(text[:200])))

    assert KEYS_PER_TEXT * 0.3 < len(shared) < KEYS_PER_TEXT * 0.7


def test_keys_are_different_even_if_a_text_repeats_itself():
    found = keys("one two three four five " * 100)

    assert len(found) == len(set(found)) == 5


def test_keys_are_spread_evenly_however_long_texts_are():
    """By their first bits they are found in a run at once."""
    tops = [key >> 62 for seed in range(200) for key in keys(" ".join(prose(seed, 2000)))]

    assert all(800 < tops.count(top) < 1200 for top in range(4))


def report(seed: int, figures: int = 8) -> str:
    """Return a report of one form, with other figures for each *seed*."""
    draw, words = random.Random(seed), iter(prose(0))
    return ". ".join(
        " ".join([*(next(words) for _ in range(5)), str(draw.randrange(10_000)), *(next(words) for _ in range(5))])
        for _ in range(figures)
    )


def is_another_report(one: str, other: str) -> bool:
    sketch, others = Sketch(words_of(one), one), words_of(other)
    return sketch.is_another_report(others, sketch.overlap(others).covered)


def test_reports_of_one_form_with_other_figures_are_no_copies():
    """The weather of two days: nine in ten words are the same, and nothing that either tells."""
    today, tomorrow = report(1), report(2)

    assert similarity(today, tomorrow) > 0.9
    assert is_another_report(today, tomorrow)


def test_a_copy_keeps_its_figures():
    text = report(1)
    swapped = " ".join("another" if at % 7 == 3 else word for at, word in enumerate(text.split()))

    for copy in (text, text[: len(text) // 2], text[len(text) // 4 :], swapped):
        assert not is_another_report(copy, text)
        assert not is_another_report(text, copy)


def test_texts_that_differ_in_nothing_but_a_number_are_no_copies():
    first, second = (" ".join([*prose(1, 30), "number", number, *prose(2, 30)]) for number in ("17", "18"))

    assert is_another_report(first, second)


def test_few_corrected_figures_make_no_other_report():
    text = report(1, figures=6)
    corrected = report(2, figures=2) + text[len(report(1, figures=2)) :]
    reworded = " ".join([*prose(1, 30), "number", "17", *prose(2, 30)])
    other_words = " ".join([*prose(1, 15), "another", *prose(1, 30)[16:], "number", "18", *prose(2, 30)])

    assert not is_another_report(corrected, text)
    assert not is_another_report(reworded, other_words)


def test_figures_in_what_one_text_has_besides_are_no_changed_ones():
    text = " ".join(prose(1))
    table = " ".join(str(number) for number in range(100, 200))

    assert not is_another_report(text + " " + table, text)
    assert not is_another_report(text[:500] + " " + table + " " + text[500:], text)


ROAD = (
    "County road {} was closed on Monday because of repairs to the surface near the county seat of {} County and is"
    " expected to open again within two weeks, the roads office said in its weekly notice."
)
OBITUARY = (
    "The editor, teacher and long-time contributor {} has died after a long illness, the family told this newspaper on"
    " Tuesday. The funeral takes place on Friday at the old cemetery. The editors send their condolences to all."
)
ARABIC_ROAD = (
    "أغلقت البلدية الطريق رقم {} قرب مدينة {} صباح اليوم بسبب أعمال الصيانة في سطحه ومن المتوقع أن يفتح أمام السيارات"
    " من جديد خلال أسبوعين كما جاء في بيان مكتب الطرق الذي يصدر في كل أسبوع عن حال الطرق في المحافظة"
)


@pytest.mark.parametrize(
    ("form", "one", "other"),
    [
        (ROAD, ("1506", "Lamar"), ("1511", "Leon")),
        (ROAD, ("1511", "Leon"), ("1514", "San Jacinto")),
        (OBITUARY, ("Omar Haddad of Basra",), ("Leila Farsi of Shiraz",)),
        (OBITUARY, ("Jan Kowal",), ("Ines Duarte",)),
        (ARABIC_ROAD, ("١٥٠٦", "طرابلس"), ("١٥١١", "صيدا")),
    ],
)
def test_forms_that_differ_in_a_name_and_a_figure_are_other_reports(form, one, other):
    assert is_another_report(form.format(*one), form.format(*other))
    assert is_another_report(form.format(*other), form.format(*one))


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        (OBITUARY.format("Omar Hadad"), OBITUARY.format("Omar Haddad")),  # a misprint put right
        (OBITUARY.format("Omar Haddad"), OBITUARY.format("Omar Haddad").replace("long illness", "short illness")),
        (OBITUARY.format("Omar Haddad"), OBITUARY.format("Omar Haddad") + " Ann Lee, Reuters"),
        (OBITUARY.format("Omar Haddad") + " Ann Lee, Reuters", OBITUARY.format("Omar Haddad")),
        (" ".join([*prose(1, 200), "Kiev", "Kharkov"]), " ".join([*prose(1, 200), "Kyiv", "Kharkiv"])),
    ],
)
def test_copies_with_a_name_put_right_or_added_are_copies(text, copy):
    assert not is_another_report(text, copy)
    assert not is_another_report(copy, text)
