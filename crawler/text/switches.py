"""Which cleaning rules are switched off: for a while, in this thread or task, by one ``with``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_OFF: ContextVar[frozenset[str]] = ContextVar("cleaning rules that are off", default=frozenset())


def rules_off() -> frozenset[str]:
    """Return the names of the rules that are off here and now."""
    return _OFF.get()


@contextmanager
def without_rules(names: Iterable[str]) -> Iterator[None]:
    """Switch the rules *names* off inside. Reading a page cleans it in many places; all of them obey.

    >>> with without_rules(["bidi"]):
    ...     sorted(rules_off())
    ['bidi']
    >>> sorted(rules_off())
    []
    """
    token = _OFF.set(frozenset(names))
    try:
        yield
    finally:
        _OFF.reset(token)
