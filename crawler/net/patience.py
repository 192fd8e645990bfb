"""How long a host that asks for fewer requests gets none. Pure: the caller passes the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawler.net.retry_after import MAX_WAIT
from crawler.net.states import is_within

_FIRST_PAUSE = 5.0
_GROWTH = 2.0
_LONGEST_PAUSE = 300.0
_MAX_UNSAID = 20
"""More pauses in a row than this do not make a pause longer."""
_MAX_SPENT = 1e9


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
            seconds = min(_LONGEST_PAUSE, _FIRST_PAUSE * _GROWTH**self._unsaid)
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
        try:
            until, spent, unsaid = state["until"], state["spent"], state["unsaid"]
        except KeyError:
            return False
        if not (is_within(until, now + max(MAX_WAIT, _LONGEST_PAUSE)) and is_within(spent, _MAX_SPENT)):
            return False
        if type(unsaid) is not int or not 0 <= unsaid <= _MAX_UNSAID:
            return False
        self._until, self._spent, self._unsaid = float(until), float(spent), unsaid
        return True
