"""Which pictures show the same (resized, re-encoded or slightly cropped), by their perceptual hashes.

The hash is pHash, 64 bits, as the package ImageHash computes it (:mod:`crawler.pages.pictures`): copies of a picture,
down to a quarter of its size or a JPEG quality of 25, differ by at most 4 bits, other pictures by 10 and more
(``benchmarks/pictures.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from crawler.items import Image

MAX_DIFFERING_BITS = 4
"""The most bits by which the hashes of two pictures that show the same may differ."""

_HASH_BITS = 64
_ROWS_AT_ONCE = 512
_Hashes = NDArray[np.uint64]


def look_the_same(one: str | None, other: str | None) -> bool:
    """Return whether two hashes belong to pictures that show the same; False if one is unknown.

    >>> look_the_same("ff00ff00ff00ff00", "ff00ff00ff00ff0f"), look_the_same("ff00ff00ff00ff00", "00ff00ff00ff00ff")
    (True, False)
    """
    return one is not None and other is not None and (int(one, 16) ^ int(other, 16)).bit_count() <= MAX_DIFFERING_BITS


def best_first(images: Sequence[Image]) -> tuple[Image, ...]:
    """Return *images* with those that show the same next to each other, the one with most pixels (then bytes) first.

    A group takes the place of its first picture, so the lead picture stays first, as its best copy.
    """
    groups: list[list[Image]] = []
    for image in images:
        group = next(
            (group for group in groups if any(look_the_same(image.phash, other.phash) for other in group)), None
        )
        if group is None:
            groups.append([image])
        else:
            group.append(image)
    return tuple(image for group in groups for image in sorted(group, key=_size, reverse=True))


def _size(image: Image) -> tuple[int, int]:
    return (image.width or 0) * (image.height or 0), image.bytes or 0


def groups(hashes: Iterable[str]) -> list[list[int]]:
    """Return the groups of two or more of *hashes* (16 hex digits each) that are alike, as their numbers.

    Two hashes that are both similar to a third are in one group. Hashes that differ by at most 4 bits agree in one of
    five bands of bits, so only hashes that agree in a band are compared.
    """
    places: dict[int, list[int]] = {}
    for number, digits in enumerate(hashes):
        places.setdefault(int(digits, 16), []).append(number)
    distinct = np.array(list(places), dtype=np.uint64)
    head = list(range(len(distinct)))
    for one, other in _similar_pairs(distinct):
        _join(head, one, other)
    found: dict[int, list[int]] = {}
    for place, numbers in enumerate(places.values()):
        found.setdefault(_find(head, place), []).extend(numbers)
    return [sorted(group) for group in found.values() if len(group) > 1]


def _similar_pairs(hashes: _Hashes) -> Iterator[tuple[int, int]]:
    """Yield the pairs of indexes whose hashes differ by at most :data:`MAX_DIFFERING_BITS` bits."""
    edges = [_HASH_BITS * band // (MAX_DIFFERING_BITS + 1) for band in range(MAX_DIFFERING_BITS + 2)]
    for low, high in pairwise(edges):
        band = (hashes >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.diff(band[order], prepend=np.uint64(2**63)))
        for bucket in np.split(order, starts[1:] if len(starts) else []):
            for start in range(0, len(bucket), _ROWS_AT_ONCE):
                rows = bucket[start : start + _ROWS_AT_ONCE]
                differing = np.bitwise_count(hashes[rows][:, None] ^ hashes[bucket][None, :])
                for row, column in np.argwhere(differing <= MAX_DIFFERING_BITS).tolist():
                    if rows[row] < bucket[column]:
                        yield int(rows[row]), int(bucket[column])


def _find(head: list[int], place: int) -> int:
    while head[place] != place:
        head[place] = head[head[place]]
        place = head[place]
    return place


def _join(head: list[int], one: int, other: int) -> None:
    first, second = sorted((_find(head, one), _find(head, other)))
    head[second] = first
