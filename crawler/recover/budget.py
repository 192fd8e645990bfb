"""How often requests may go to an archive, and when to stop them. Pure: the caller passes the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawler.net.patience import MAX_WAIT_SECONDS, is_possible

_FIRST_PAUSE_SECONDS = 5.0
_PAUSE_FACTOR = 4.0
_MAX_PAUSE_SECONDS = 600.0
_MAX_COUNTED_FAILURES = 20
"""More failures than this do not make a pause longer."""
_FAILURES_UNTIL_DOWN = 3
"""An archive counts as down after so many requests in a row without an answer."""


class Budget:
    """One budget of requests to one service of an archive. All times are seconds of one monotonic clock.

    Requests are spread evenly, *per_minute* of them. After a failure all pause: as long as the archive asks, else 5,
    20, 80 seconds. An archive that fails three times in a row, or asks for more than *patience* seconds, is down until
    the pause is over: its targets wait for another run, or for the rest of this one.
    """

    def __init__(self, per_minute: float, patience: float) -> None:
        self._interval = 60.0 / per_minute
        self._patience = patience
        self._next = 0.0
        self._down_until = 0.0
        self._failures = 0
        self.asked_to_wait = False
        """Whether in the last failure the archive asked for fewer requests (429, or a Retry-After)."""

    def wait(self, now: float) -> float:
        """Return how long to wait before the next request may start; 0 if it may now."""
        return max(0.0, self._next - now)

    def take(self, now: float) -> None:
        """Note that a request starts."""
        self._next = max(self._next, now) + self._interval

    def down(self, now: float) -> bool:
        """Return whether the archive is down, so that nothing may be requested from it."""
        return now < self._down_until

    def answered(self) -> None:
        """Note any answer that shows that the service works."""
        self._failures = 0
        self.asked_to_wait = False

    def failed(self, now: float, retry_after: float | None, *, limited: bool) -> None:
        """Note a request that failed, or whose answer asks to wait *retry_after* seconds (None: no time named)."""
        self._failures = min(self._failures + 1, _MAX_COUNTED_FAILURES)
        self.asked_to_wait = limited
        pause = retry_after
        if pause is None:
            pause = min(_MAX_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * _PAUSE_FACTOR ** (self._failures - 1))
        self._next = max(self._next, now + pause)
        if pause > self._patience:
            self._down_until = max(self._down_until, now + pause)
        elif self._failures >= _FAILURES_UNTIL_DOWN:
            self._down_until = max(self._down_until, now + max(pause, self._patience))

    def save(self) -> dict[str, float | int | bool]:
        """Return the state, for workers that share it."""
        return {
            "next": self._next,
            "down_until": self._down_until,
            "failures": self._failures,
            "asked_to_wait": self.asked_to_wait,
        }

    def load(self, state: Mapping[str, Any], now: float) -> bool:
        """Load *state* as :meth:`save` returns it; return False, and change nothing, if it is impossible."""
        latest = now + self._interval + max(self._patience, MAX_WAIT_SECONDS, _MAX_PAUSE_SECONDS)
        asked_to_wait = state.get("asked_to_wait")
        limits = {"next": latest, "down_until": latest, "failures": _MAX_COUNTED_FAILURES}
        if type(asked_to_wait) is not bool or not is_possible(state, limits):
            return False
        self._next, self._down_until = float(state["next"]), float(state["down_until"])
        self._failures, self.asked_to_wait = state["failures"], asked_to_wait
        return True
