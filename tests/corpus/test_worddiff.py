"""What changed between two texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus import worddiff
from crawler.corpus.worddiff import Change, shortened, word_diff
from tests.waiting import grows_linearly


def test_words_that_went_and_came():
    assert word_diff("It rained in the old city.\n\nThe end.", "It snowed in the city.\n\nReally.\n\nThe end.") == [
        Change("equal", "It"),
        Change("removed", "rained"),
        Change("added", "snowed"),
        Change("equal", "in the"),
        Change("removed", "old"),
        Change("equal", "city."),
        Change("added", "\n\nReally."),
        Change("equal", "\n\nThe end."),
    ]


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("", "", []),
        ("a", "a", ["equal"]),
        ("", "a b", ["added"]),
        ("a b", "", ["removed"]),
        ("a", "b", ["removed", "added"]),
    ],
)
def test_changes_at_both_ends_are_found(old, new, kinds):
    assert [change.kind for change in word_diff(old, new)] == kinds


WORDS = st.lists(st.sampled_from(["a", "b", "c", "\n\n", "d."]), max_size=30).map(worddiff._joined)


@pytest.mark.parametrize("most", [400_000_000, 20, 0])
@given(WORDS, WORDS)
def test_both_texts_are_in_it_whole(most, old, new):
    def words(*kinds):
        return " ".join(change.text for change in changes if change.kind in kinds).split()

    limit, worddiff._MAX_WORD_PAIRS = worddiff._MAX_WORD_PAIRS, most
    try:
        changes = word_diff(old, new)
    finally:
        worddiff._MAX_WORD_PAIRS = limit
    assert words("equal", "removed") == old.split()
    assert words("equal", "added") == new.split()


def test_long_texts_take_bounded_time():
    def repeated(times):
        word_diff("a b " * 4 * times, "b a c " * 3 * times)

    def reversed_(words):
        word_diff(" ".join(map(str, range(words))), " ".join(map(str, range(words, 0, -1))))

    assert grows_linearly(repeated, 25_000, 50_000)
    assert grows_linearly(reversed_, 7_500, 15_000)


def test_shortened_keeps_both_ends_and_paragraphs():
    assert shortened("a b\n\nc d e f g\n\nh", 3) == "a b\n\n … g\n\nh"
    assert shortened("a b c", 1) == "a b c"
