"""A sample of distinct values in bounded memory: those with the smallest hashes, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Generic, TypeVar

T = TypeVar("T")

_HASH_BYTES = 8
_HASHES = 1 << (8 * _HASH_BYTES)


def hash_of(value: str) -> int:
    """Return the hash by which values are sampled; two samples therefore take the same of their common values."""
    return int.from_bytes(blake2b(value.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest())


class BottomK(Generic[T]):
    """The *size* distinct values with the smallest hashes of all that were added, and what is known of each.

    Source: Bar-Yossef and others, Counting distinct elements in a data stream (2002).
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._limit = _HASHES
        self._held: dict[str, tuple[int, T]] = {}

    def get(self, value: str) -> T | None:
        """Return what is known of *value*, None if it is not in the sample."""
        held = self._held.get(value)
        return held and held[1]

    def put(self, value: str, fact: T) -> None:
        """Add *value*, or replace what is known of it."""
        hashed = hash_of(value)
        if hashed < self._limit:
            self._held[value] = hashed, fact
            if len(self._held) > 2 * self._size:
                self._prune()

    def _prune(self) -> None:
        kept = sorted(self._held.items(), key=lambda item: item[1][0])[: self._size]
        self._limit = kept[-1][1][0]
        self._held = dict(kept[:-1])

    @property
    def count(self) -> int:
        """How many distinct values were added; exact while all are held, else estimated to a few percent."""
        held = len(self._held)
        return held if self.is_whole else round(held * _HASHES / self._limit)

    @property
    def is_whole(self) -> bool:
        """Whether all values are held."""
        return self._limit == _HASHES

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield the sampled values by their hashes, with what is known of each."""
        for value, (_, fact) in sorted(self._held.items(), key=lambda item: item[1][0]):
            yield value, fact
