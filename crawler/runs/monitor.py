"""Detects a run with far fewer answers than earlier ones: the site may have changed or blocked the crawler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

Stats = Mapping[str, Any]

MIN_TARGETS, MIN_RUNS = 20, 3
"""A share of fewer targets, or a comparison with fewer runs, is not significant."""


def answer_rate(stats: Stats) -> float | None:
    """Return the share of a run's requested targets that were answered with an article; None if there were too few.

    >>> answer_rate({"gleaner/asked": 200, "gleaner/answered": 150})
    0.75
    """
    asked, answered = (stats.get(f"gleaner/{name}", 0) for name in ("asked", "answered"))
    if not isinstance(asked, int) or not isinstance(answered, int) or asked < MIN_TARGETS:
        return None
    return answered / asked


def collapse(stats: Stats, earlier: Sequence[Stats], min_share: float) -> str | None:
    """Return a message if the answer rate of a run fell far below that of *earlier* runs, otherwise None.

    Far below means less than *min_share* (0 to 1; 0: never) of their median.
    """
    rate = answer_rate(stats)
    rates = [known for one in earlier if (known := answer_rate(one)) is not None]
    if rate is None or len(rates) < MIN_RUNS:
        return None
    usual = median(rates)
    if rate >= min_share * usual:
        return None
    return f"only {rate:.0%} of the targets were answered with an article; {usual:.0%} in the {len(rates)} earlier runs"
