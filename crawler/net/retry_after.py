"""The header Retry-After (RFC 9110, section 10.2.3): seconds, or a date."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime

MAX_WAIT = 3600.0
"""The longest wait for a host in seconds, whatever it says."""

_MAX_LENGTH = 64


def retry_after(value: str | None, now: float) -> float | None:
    """Return for how many seconds from the Unix time *now* the header *value* asks to wait, 0 to :data:`MAX_WAIT`.

    None if the header is missing or invalid. A date in the past asks for no wait.

    >>> retry_after("120", now=0.0), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=0.0), retry_after("soon", now=0.0)
    (120.0, 60.0, None)
    """
    if value is None or len(value) > _MAX_LENGTH:
        return None
    value = value.strip()
    try:
        seconds = float(value) if value.isascii() and value[:1].isdigit() else _until(value, now)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return min(max(seconds, 0.0), MAX_WAIT) if not math.isnan(seconds) else None


def _until(date: str, now: float) -> float:
    moment = parsedate_to_datetime(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
