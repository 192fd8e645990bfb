"""Numbers that look random and follow from a key alone, on every machine and every Python."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from hashlib import blake2b, shake_128
from itertools import count
from typing import TypeVar

T = TypeVar("T")

Pattern = tuple[str, tuple[tuple[str, ...], ...]]
"""A text with a ``%s`` for each slot, and the options of each."""

_BLOCK = struct.Struct("<84I")  # 336 bytes: what SHAKE-128 gives in two steps
_NUMBER_RANGE = 2**32


def number(*key: int | str) -> int:
    """Return one number below 2**64 for *key*.

    >>> number(1, "title", 7) == number(1, "title", 7) != number(1, "title", 8)
    True
    """
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "little")


def chance(share: float, *key: int | str) -> bool:
    """Return whether *key* is among the *share* (0 to 1) of all keys that are chosen."""
    return number(*key) < share * 2**64


class Draw:
    """An endless row of choices that follows from its key.

    Not :mod:`random`: its ``choice`` may change between versions of Python, and its start costs more than
    a whole article here.
    """

    __slots__ = ("numbers",)

    def __init__(self, *key: int | str) -> None:
        self.numbers = _numbers(repr(key))

    def below(self, limit: int) -> int:
        """Return a number from 0 to *limit* - 1; *limit* is far below 2**32, so the bias does not show."""
        return next(self.numbers) % limit

    def choice(self, options: Sequence[T]) -> T:
        """Return one of *options*."""
        return options[next(self.numbers) % len(options)]

    def chance(self, share: float) -> bool:
        """Return True in *share* (0 to 1) of all calls."""
        return next(self.numbers) < share * _NUMBER_RANGE

    def fill(self, pattern: Pattern) -> str:
        """Return the text of *pattern* with an option in each of its slots."""
        text, slots = pattern
        return text % tuple([slot[drawn % len(slot)] for slot, drawn in zip(slots, self.numbers, strict=False)])


def _numbers(key: str) -> Iterator[int]:
    for block in count():
        yield from _BLOCK.unpack(shake_128(f"{key}{block}".encode()).digest(_BLOCK.size))
