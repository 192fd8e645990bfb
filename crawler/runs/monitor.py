"""Whether a run got far fewer answers than those before it: a site that changed its pages, or shut us out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

Stats = Mapping[str, Any]

_FEWEST_ASKED, _FEWEST_RUNS = 20, 3
"""A share of fewer targets, or a comparison with fewer runs, says nothing."""


def answer_rate(stats: Stats) -> float | None:
    """Return which share of the targets that a run asked for was answered with an article; None if it asked for few.

    >>> answer_rate({"gleaner/asked": 200, "gleaner/answered": 150})
    0.75
    """
    asked, answered = (stats.get(f"gleaner/{name}", 0) for name in ("asked", "answered"))
    if not isinstance(asked, int) or not isinstance(answered, int) or asked < _FEWEST_ASKED:
        return None
    return answered / asked


def collapse(stats: Stats, earlier: Sequence[Stats], least: float) -> str | None:
    """Return how far a run with these *stats* fell below *earlier* ones; None if it did not.

    It did if its answer rate is less than *least* (0 to 1; 0: never) of their median.
    """
    rate = answer_rate(stats)
    rates = [known for one in earlier if (known := answer_rate(one)) is not None]
    if rate is None or len(rates) < _FEWEST_RUNS:
        return None
    usual = median(rates)
    if rate >= least * usual:
        return None
    shown = f"only {rate:.0%} of what was asked for was answered with an article"
    return f"{shown}; in the {len(rates)} runs before, {usual:.0%}"
