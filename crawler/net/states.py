"""Checks of a budget's state that another worker saved: values must be within bounds. Pure."""

from __future__ import annotations

from typing import Any


def is_within(value: Any, most: float) -> bool:
    """Return whether *value* is a number from 0 to *most*.

    >>> is_within(7, most=9), is_within(float("nan"), most=9), is_within(True, most=9), is_within("7", most=9)
    (True, False, False, False)
    """
    return type(value) in {int, float} and 0 <= value <= most
