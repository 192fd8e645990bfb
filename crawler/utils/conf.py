"""Settings that are numbers or switches, read so that a wrong one ends a run before its first request."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from crawler.exceptions import ConfigError

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_MIB = 1024 * 1024


def number(settings: BaseSettings, name: str, what: str, *, minimum: float = 0, maximum: float = inf) -> float:
    """Return the setting *name*; raise ``ConfigError``, which names *what* to give, for a number out of bounds or none.

    >>> number({"PATIENCE": "soon"}, "PATIENCE", "a number of seconds")
    Traceback (most recent call last):
    ...
    crawler.exceptions.ConfigError: PATIENCE is 'soon': give a number of seconds
    """
    value = settings[name]
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = -inf
    if not (minimum <= found <= maximum):
        raise ConfigError(f"{name} is {value!r}: give {what}")
    return found


def whole(settings: BaseSettings, name: str, *, maximum: int = 10**6) -> int:
    """Return the setting *name* as a whole number from 0 to *maximum*; raise ``ConfigError`` if it is none."""
    what = f"a whole number from 0 to {maximum}"
    found = number(settings, name, what, maximum=maximum)
    if not found.is_integer():
        raise ConfigError(f"{name} is {settings[name]!r}: give {what}")
    return int(found)


def bytes_of(settings: BaseSettings, name: str) -> int:
    """Return the setting *name*, a size in MiB, in bytes; raise ``ConfigError`` if it is none."""
    return int(number(settings, name, "a number of MiB above 0", minimum=1 / _MIB, maximum=2**40) * _MIB)


def switch(settings: BaseSettings, name: str) -> bool:
    """Return whether the setting *name* is on; raise ``ConfigError`` if it is neither on nor off."""
    try:
        return settings.getbool(name)
    except ValueError:
        raise ConfigError(f"{name} is {settings[name]!r}: give True or False") from None
