"""How long tests wait: for what happens, however long that takes on a machine that is busy.

No test may depend on the machine's speed. A time-out here ends a hang, and is far longer than anything should take;
what a test measures is counted, or compared with something that was measured beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

HANG_SECONDS = 900
"""Past that, whatever is waited for hangs. Less than pytest's own time-out of a test (pyproject.toml)."""
_POLL_SECONDS = 0.02
_TRIES = 3

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str = "") -> T:
    """Wait until *condition*, which nobody tells of, holds, and return what it returned; fail if it hangs."""
    end = time.monotonic() + HANG_SECONDS
    while not (found := condition()):
        assert time.monotonic() < end, f"it hangs: {what or condition}"
        time.sleep(_POLL_SECONDS)
    return found


def grows_linearly(work: Callable[[T], object], part: T, whole: T, worth_seconds: float = 1.0) -> bool:
    """Tell whether *work* takes at most 3.5 times the CPU time for *whole* that it takes for *part*, half of it.

    What is quadratic takes four times as long. Measured is the least of several, side by side; what takes less than
    *worth_seconds* is not worth it: where time is wasted these take many times as long.
    """
    if _cpu_seconds(work, whole) < worth_seconds:
        return True
    for _ in range(_TRIES):
        if min(_cpu_seconds(work, whole) for _ in range(2)) < 3.5 * min(_cpu_seconds(work, part) for _ in range(2)):
            return True
    return False


def _cpu_seconds(work: Callable[[T], object], piece: T) -> float:
    began = time.process_time()
    work(piece)
    return time.process_time() - began
