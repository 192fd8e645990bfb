"""Pictures that show the same: grouped, and the best first."""

from hypothesis import given
from hypothesis import strategies as st

from crawler.items import Image
from crawler.pages.likeness import MAX_DIFFERING_BITS, best_first, groups

SAME, SAME_TOO, OTHER = "ff00ff00ff00ff00", "ff00ff00ff00ff07", "0123456789abcdef"


def test_the_best_copy_of_the_lead_leads():
    small = Image(pic="/small.jpg", phash=SAME, width=100, height=75, bytes=9_000)
    large = Image(pic="/large.jpg", phash=SAME_TOO, width=400, height=300, bytes=5_000)
    other = Image(pic="/other.jpg", phash=OTHER, width=900, height=900)
    missing = Image(pic="/missing.jpg")
    assert best_first([small, missing, other, large]) == (large, small, missing, other)


def test_of_copies_of_one_size_the_one_with_most_bytes_comes_first():
    coarse, fine = (Image(pic=f"/{size}.jpg", phash=SAME, width=4, height=3, bytes=size) for size in (10, 20))
    assert best_first([coarse, fine]) == (fine, coarse)


def test_groups_are_of_two_or_more():
    assert groups([SAME, OTHER, SAME_TOO]) == [[0, 2]]
    assert groups([SAME, SAME]) == [[0, 1]]
    assert groups([]) == groups([OTHER]) == []


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.data())
def test_groups_are_those_that_comparing_all_pairs_finds(hashes, data):
    for known in list(hashes):
        flips = data.draw(st.lists(st.integers(0, 63), max_size=6))
        hashes.append(known ^ sum(1 << bit for bit in set(flips)))
    expected = list(range(len(hashes)))
    for one in range(len(hashes)):
        for other in range(len(hashes)):
            if (hashes[one] ^ hashes[other]).bit_count() <= MAX_DIFFERING_BITS:
                low, high = sorted((expected[one], expected[other]))
                expected = [low if head == high else head for head in expected]
    together = {head: [n for n, mine in enumerate(expected) if mine == head] for head in expected}
    found = groups(f"{known:016x}" for known in hashes)
    assert sorted(found) == sorted(group for group in together.values() if len(group) > 1)
