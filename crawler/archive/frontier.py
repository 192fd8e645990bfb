"""The frontier: which targets wait, which are leased to a run, and how each ended.

A target is ``pending``, ``leased`` (by a run, until a time), ``fetched``, ``gone`` (the site has nothing) or
``failed`` (worth another try). It becomes ``fetched`` in the transaction that indexes its line
(:meth:`crawler.archive.catalogue.Catalogue.index`), so what counts as done is what is archived.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from crawler.archive.catalogue import target_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An article to fetch: its key, its id, its distance from the seeds, and what dumps told of it."""

    key: str
    id: str
    depth: int
    title: str | None = None
    pic: str | None = None
    attempts: int = 0


class Frontier:
    """The targets of a catalogue. Calls belong inside a transaction of the catalogue's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def lease(self, limit: int, *, max_depth: int, run: str, until: float) -> list[Target]:
        """Lease up to *limit* pending targets to *run* until the Unix time *until*; nearest to the seeds first."""
        rows = self._execute(
            "UPDATE targets SET state = 'leased', lease_run = ?, lease_until = ?, attempts = attempts + 1"
            " WHERE tid IN (SELECT tid FROM targets WHERE state = 'pending' AND depth <= ?"
            "               ORDER BY depth, tid LIMIT ?)"
            " RETURNING tid, key, id, depth, title, pic, attempts",
            (run, until, max_depth, limit),
        ).fetchall()
        rows.sort(key=lambda row: (row[3], row[0]))
        names = ("key", "id", "depth", "title", "pic", "attempts")
        return [Target(**dict(zip(names, row[1:], strict=True))) for row in rows]

    def end(self, key: str, *, state: str, reason: str) -> None:
        """End the lease of *key* without a new line: how, and why."""
        self._execute(
            "UPDATE targets SET state = ?, reason = ?, lease_run = NULL, lease_until = NULL"
            " WHERE tid = ? AND state = 'leased'",
            (state, reason, target_id(key)),
        )

    def release(self, *, now: float, run: str | None = None) -> int:
        """Give back expired leases and those of other runs than *run* (None: all); return how many there were."""
        return self._execute(
            "UPDATE targets SET state = 'pending', lease_run = NULL, lease_until = NULL"
            " WHERE state = 'leased' AND (lease_until < ? OR lease_run IS NOT ?)",
            (now, run),
        ).rowcount

    def retry_failed(self) -> int:
        """Make failed targets pending again, for a new run to try; return how many there were."""
        return self._execute("UPDATE targets SET state = 'pending' WHERE state = 'failed'").rowcount

    def counts(self) -> dict[str, int]:
        """Return the number of targets in each state."""
        return dict(self._execute("SELECT state, count(*) FROM targets GROUP BY state").fetchall())

    def pending(self, *, max_depth: int, at_most: int) -> int:
        """Return how many targets wait within *max_depth* of the seeds, counting no further than *at_most*."""
        row = self._execute(
            "SELECT count(*) FROM (SELECT 1 FROM targets WHERE state = 'pending' AND depth <= ? LIMIT ?)",
            (max_depth, at_most),
        )
        return int(row.fetchone()[0])
