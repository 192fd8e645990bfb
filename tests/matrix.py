"""Matrices of tests: some rows each time, all of them by ``make test-whole`` (``GLEANER_TESTS_WHOLE=1``)."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import TypeVar

WHOLE = bool(os.environ.get("GLEANER_TESTS_WHOLE"))

T = TypeVar("T")
U = TypeVar("U")


def rows(all_rows: Sequence[T], usual: Collection[T]) -> list[T]:
    """Return the rows to test: all of them, or the *usual* ones.

    >>> rows([1, 2, 3], {1, 3}) == ([1, 2, 3] if WHOLE else [1, 3])
    True
    """
    assert set(usual) <= set(all_rows)
    return [row for row in all_rows if WHOLE or row in usual]


def partners(first: Sequence[T], second: Sequence[U]) -> dict[T, list[U]]:
    """Return what to combine each of *first* with: all of *second*, or a share of them so that each of *second* has one.

    >>> partners("ab", [1, 2, 3]) == ({"a": [1, 2, 3], "b": [1, 2, 3]} if WHOLE else {"a": [1, 3], "b": [2]})
    True
    """
    return {one: list(second) if WHOLE else list(second[start :: len(first)]) for start, one in enumerate(first)}
