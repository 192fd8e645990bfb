"""Budgets that all workers share: what Redis holds of one is JSON, and what comes out of it is checked.

The rules are those of one worker alone (:mod:`crawler.recover.budget`, :mod:`crawler.net.patience`). A state is
read, changed by them, and put in the place of what was read if that is still there; else all of it is done again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import orjson

MAX_STATE_BYTES = 1024
"""A longer value is not looked at."""


class State(Protocol):
    """What a budget holds besides its limits."""

    def save(self) -> dict[str, float | int | bool]:
        """Return it by names."""

    def load(self, state: Mapping[str, Any], now: float) -> bool:
        """Take *state* as :meth:`save` gave it; return False, and take nothing, if it cannot be one at *now*."""


S = TypeVar("S", bound=State)
R = TypeVar("R")


def changed(value: bytes, now: float, make: Callable[[], S], act: Callable[[S, float], R]) -> tuple[bytes, R, bool]:
    """Return what *value* is after *act* at the time *now*, what *act* returned, and whether *value* was believed.

    *make* makes the budget of a new run, which *act* is done to if *value* is empty or cannot be a state.
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
