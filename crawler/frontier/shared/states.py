"""Budgets that all workers share: Redis holds each as JSON, and what is read back is checked.

The rules are those of a single worker (:mod:`crawler.recover.budget`, :mod:`crawler.net.patience`). A state is read and
changed by them, and replaces the state that was read if that is still there; otherwise the steps are repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import orjson

MAX_STATE_BYTES = 1024
"""Longer values are not parsed."""


class State(Protocol):
    """The state of a budget, without its limits."""

    def save(self) -> dict[str, float | int | bool]:
        """Return the state as values by name."""

    def load(self, state: Mapping[str, Any], now: float) -> bool:
        """Load *state* as :meth:`save` returned it; return False, and change nothing, if it is impossible at *now*."""


S = TypeVar("S", bound=State)
R = TypeVar("R")


def changed(value: bytes, now: float, make: Callable[[], S], act: Callable[[S, float], R]) -> tuple[bytes, R, bool]:
    """Return the new value after *act* at the time *now*, the result of *act*, and whether *value* was valid.

    *make* creates the budget of a new run; *act* applies to it if *value* is empty or invalid.
    """
    budget = make()
    facts = _facts(value)
    is_ours = not value or (facts is not None and budget.load(facts, now))
    before = budget.save()
    result = act(budget, now)
    after = budget.save()
    return (value if is_ours and after == before else orjson.dumps(after)), result, is_ours


def _facts(value: bytes) -> dict[str, Any] | None:
    if not value or len(value) > MAX_STATE_BYTES:
        return None
    try:
        facts = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return facts if isinstance(facts, dict) else None
