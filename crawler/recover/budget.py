"""How often an archive may be asked, and when it is better left alone. Pure: the caller tells the time."""

from __future__ import annotations

_FIRST_PAUSE = 5.0
_GROWTH = 4.0
_LONGEST_PAUSE = 600.0
_FAILURES = 3
"""So many requests in a row without an answer, and the archive counts as down."""


class Budget:
    """One budget of requests to one service of an archive. All times are seconds of one steady clock.

    Requests are *per_minute* apart, evenly. After a failure all pause: as long as the archive asks, else 5, 20, 80
    seconds. An archive that fails three times in a row, or asks for more than *patience* seconds, is down until the
    pause is over: its targets wait for another run, or for the rest of this one.
    """

    def __init__(self, per_minute: float, patience: float) -> None:
        self._interval = 60.0 / per_minute
        self._patience = patience
        self._next = 0.0
        self._down_until = 0.0
        self._failures = 0
        self.asked_to_wait = False
        """Whether the last failure was the archive's asking for fewer requests (429, or a Retry-After)."""

    def wait(self, now: float) -> float:
        """Return how long to wait before the next request may start; 0 if it may now."""
        return max(0.0, self._next - now)

    def take(self, now: float) -> None:
        """Note that a request starts."""
        self._next = max(self._next, now) + self._interval

    def down(self, now: float) -> bool:
        """Tell whether the archive is down, so that nothing is to be asked of it."""
        return now < self._down_until

    def answered(self) -> None:
        """Note an answer of whatever kind that shows the service well."""
        self._failures = 0
        self.asked_to_wait = False

    def failed(self, now: float, retry_after: float | None, *, limited: bool) -> None:
        """Note a request without an answer, or with one that asks to wait *retry_after* seconds (None: not said)."""
        self._failures += 1
        self.asked_to_wait = limited
        pause = retry_after
        if pause is None:
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * _GROWTH ** (self._failures - 1))
        self._next = max(self._next, now + pause)
        if pause > self._patience:
            self._down_until = max(self._down_until, now + pause)
        elif self._failures >= _FAILURES:
            self._down_until = max(self._down_until, now + max(pause, self._patience))
