"""Counts with the keys behind them: each group counts everything and keeps the first few entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.archive.segments import LinePlace


class KeyEntry(NamedTuple):
    """A key behind a number. ``title``: from dumps; ``note``: why it is listed; ``place``: of its line."""

    key: str
    title: str | None = None
    url: str | None = None
    note: str | None = None
    place: LinePlace | None = None


@dataclass(slots=True)
class Group:
    """A number of the report: its name for ``--keys``, its title, and its first entries."""

    name: str
    title: str
    count: int = 0
    entries: list[KeyEntry] = field(default_factory=list)


class Tally:
    """The groups of a report, by name. *max_entries* entries of each are kept; *on_entry* receives all, by group."""

    def __init__(self, max_entries: int = 20, on_entry: Callable[[str, KeyEntry], None] | None = None) -> None:
        self.max_entries = max_entries
        self._on_entry = on_entry
        self.groups: dict[str, Group] = {}

    def group(self, name: str, title: str) -> Group:
        """Return the group *name* for :meth:`count`, created with *title* if needed."""
        group = self.groups.get(name)
        if group is None:
            group = self.groups[name] = Group(name, title)
        return group

    def count(self, groups: Sequence[Group], entry: Callable[[], KeyEntry]) -> None:
        """Count one thing in all of *groups*, and :meth:`keep` its *entry*."""
        self.add(groups, 1)
        self.keep(groups, entry)

    def add(self, groups: Iterable[Group], number: int) -> None:
        """Count so many things in all of *groups*."""
        for group in groups:
            group.count += number

    def keep(self, groups: Iterable[Group], entry: Callable[[], KeyEntry]) -> None:
        """Keep the result of *entry* in those of *groups* that need more, and pass it on; call it only if needed."""
        made: KeyEntry | None = None
        for group in groups:
            if len(group.entries) < self.max_entries:
                made = made or entry()
                group.entries.append(made)
            if self._on_entry is not None:
                made = made or entry()
                self._on_entry(group.name, made)

    def get(self, name: str, title: str = "") -> Group:
        """Return the group *name*; one that counts nothing if there is none."""
        return self.groups.get(name) or Group(name, title)

    def under(self, prefix: str) -> list[Group]:
        """Return the groups whose names begin with *prefix*, the greatest first."""
        found = [group for name, group in self.groups.items() if name.startswith(prefix)]
        return sorted(found, key=lambda group: (-group.count, group.name))


class Spread:
    """At most *max_entries* entries, spread evenly over all that are offered, however many those are."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._stride = 1
        self._offered = 0
        self.entries: list[KeyEntry] = []

    def offer(self, entry: Callable[[], KeyEntry]) -> None:
        """Keep the result of *entry* if its turn has come."""
        if self._offered % self._stride == 0:
            if len(self.entries) == self._max_entries:
                self.entries = self.entries[::2]
                self._stride *= 2
            if self._offered % self._stride == 0:
                self.entries.append(entry())
        self._offered += 1
