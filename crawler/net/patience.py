"""How long a host that asks for fewer requests gets none. Pure: the caller passes the time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

MAX_WAIT_SECONDS = 3600.0
"""The longest wait for a host in seconds, whatever it says."""

_MAX_HEADER_CHARACTERS = 64
_FIRST_PAUSE_SECONDS = 5.0
_PAUSE_FACTOR = 2.0
_MAX_PAUSE_SECONDS = 300.0
_MAX_UNSAID = 20
"""More pauses in a row than this do not make a pause longer."""
_MAX_SPENT_SECONDS = 1e9


class Patience:
    """The pauses of one host. All times are seconds of one monotonic clock.

    A host that names no time gets a pause of 5 seconds, then 10, 20 ... up to 300, until a request succeeds. All its
    pauses together may take *limit* seconds; then patience is exhausted.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._until = 0.0
        self._spent = 0.0
        self._unsaid = 0

    @property
    def is_spent(self) -> bool:
        """Whether the host asked for more time than *limit* allows: it gets no more requests."""
        return self._spent > self._limit

    def wait(self, now: float) -> float:
        """Return how many seconds to wait before the next request to the host; 0 if none."""
        return max(0.0, self._until - now)

    def pause(self, now: float, seconds: float | None) -> float:
        """Pause for *seconds* from *now* (None: the host named no time); return by how much the pause became longer."""
        if seconds is None:
            if self._until > now:
                return 0.0  # answers to requests from before the pause
            seconds = min(_MAX_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * _PAUSE_FACTOR**self._unsaid)
            self._unsaid = min(self._unsaid + 1, _MAX_UNSAID)
        longer = max(0.0, now + seconds - max(self._until, now))
        self._until = max(self._until, now) + longer
        self._spent += longer
        return longer

    def answered(self) -> None:
        """Note an answer that asks for no pause."""
        self._unsaid = 0

    @property
    def is_unsaid(self) -> bool:
        """Whether the host named no time for the last pause, and no request has succeeded since."""
        return self._unsaid > 0

    def save(self) -> dict[str, float | int | bool]:
        """Return the state, for workers that share it."""
        return {"until": self._until, "spent": self._spent, "unsaid": self._unsaid}

    def load(self, state: Mapping[str, Any], now: float) -> bool:
        """Load *state* as :meth:`save` returns it; return False, and change nothing, if it is impossible."""
        latest = now + max(MAX_WAIT_SECONDS, _MAX_PAUSE_SECONDS)
        if not is_possible(state, {"until": latest, "spent": _MAX_SPENT_SECONDS, "unsaid": _MAX_UNSAID}):
            return False
        self._until, self._spent, self._unsaid = float(state["until"]), float(state["spent"]), state["unsaid"]
        return True


def is_possible(state: Mapping[str, Any], limits: Mapping[str, int | float]) -> bool:
    """Return whether the *state* of a budget that another worker saved has all numbers, from 0 to their *limits*.

    A limit that is an ``int`` needs an ``int``.

    >>> is_possible({"until": 7, "n": 2}, {"until": 9.0, "n": 3}), is_possible({"n": 2.0}, {"n": 3})
    (True, False)
    >>> is_possible({"n": True}, {"n": 3}), is_possible({"until": float("nan")}, {"until": 9.0})
    (False, False)
    """
    return all(
        type(state.get(name)) in ({int} if type(limit) is int else {int, float}) and 0 <= state[name] <= limit
        for name, limit in limits.items()
    )


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds from the Unix time *now* that the header *value* asks to wait, 0 to :data:`MAX_WAIT_SECONDS`.

    None if the header is missing or invalid. A date in the past asks for no wait.

    >>> retry_after("120", now=0.0), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=0.0), retry_after("soon", now=0.0)
    (120.0, 60.0, None)
    """
    if value is None or len(value) > _MAX_HEADER_CHARACTERS:
        return None
    value = value.strip()
    try:
        seconds = float(value) if value.isascii() and value[:1].isdigit() else _until(value, now)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return min(max(seconds, 0.0), MAX_WAIT_SECONDS) if not math.isnan(seconds) else None


def _until(date: str, now: float) -> float:
    moment = parsedate_to_datetime(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
