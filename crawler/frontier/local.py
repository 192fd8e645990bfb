"""The frontier: which targets wait, which are leased to a run, and how each ended.

A target is ``pending``, ``leased`` (by a run, until a time), ``fetched``, ``gone`` (the site has nothing), ``failed``
(worth another try) or ``dropped`` (it was fetched, and a pipeline of the user's did not want it). It becomes
``fetched`` in the transaction that indexes its line (:meth:`crawler.archive.catalogue.Catalogue.index`), so what counts
as done is what is archived.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from crawler.frontier.targets import WITHDRAWN, KnownTarget, Target, target_id

TARGET_COLUMNS = "tid, key, id, depth, title, pic, attempts"


class TargetFacts(Protocol):
    """What is known about a target that is to be requested again."""

    @property
    def depth(self) -> int | None: ...
    @property
    def title(self) -> str | None: ...
    @property
    def pic(self) -> str | None: ...


class Database(Protocol):
    """The owner of a catalogue's connection; it writes all pending changes before it gives the connection out."""

    @property
    def connection(self) -> sqlite3.Connection:
        """The open database."""


class Frontier:
    """The targets of a catalogue. Calls belong inside a transaction of the catalogue's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _execute(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        return self._database.connection.execute(statement, values)

    def lease(self, limit: int, *, max_depth: int, run: str, until: float) -> list[Target]:
        """Lease up to *limit* pending targets to *run* until the Unix time *until*; nearest to the seeds first."""
        rows = self._execute(
            "UPDATE targets SET home = state, state = 'leased', lease_run = ?, lease_until = ?,"  # noqa: S608 - a constant
            " attempts = attempts + 1"
            " WHERE tid IN (SELECT tid FROM targets WHERE state = 'pending' AND depth <= ?"
            "               ORDER BY depth, tid LIMIT ?)"
            f" RETURNING {TARGET_COLUMNS}",
            (run, until, max_depth, limit),
        ).fetchall()
        return as_targets(rows)

    def end(self, key: str, *, state: str | None, reason: str | None) -> None:
        """End the lease of *key* without a new line, in *state* (None: the one before), with a *reason*."""
        self._execute(
            "UPDATE targets SET state = coalesce(?, home), reason = ?,"
            " lease_run = NULL, lease_until = NULL, home = NULL WHERE tid = ? AND state = 'leased'",
            (state, reason, target_id(key)),
        )

    def drop(self, key: str, reason: str) -> None:
        """End the lease of *key*, whose record a pipeline dropped: as ``fetched`` if an article of it is archived."""
        self._execute(
            "UPDATE targets SET reason = ?, lease_run = NULL, lease_until = NULL, home = NULL, state = CASE"
            " WHEN EXISTS (SELECT 1 FROM records r WHERE r.tid = targets.tid AND r.kind = 'article') THEN 'fetched'"
            " ELSE 'dropped' END WHERE tid = ? AND state = 'leased'",
            (reason, target_id(key)),
        )

    def release(self, *, now: float, run: str | None = None) -> int:
        """Release expired leases and those of other runs than *run* (None: all); return how many there were."""
        return self._execute(
            "UPDATE targets SET state = home, lease_run = NULL, lease_until = NULL, home = NULL"
            " WHERE state = 'leased' AND (? IS NULL OR lease_run IS NOT ? OR lease_until < ?)",
            (run, run, now),
        ).rowcount

    def retry_failed(self) -> int:
        """Make failed targets pending again, for a new run to try; return how many there were."""
        return self._execute("UPDATE targets SET state = 'pending' WHERE state = 'failed'").rowcount

    def retry_dropped(self) -> int:
        """Make dropped targets pending again, as the pipeline that dropped them has changed; return how many."""
        return self._execute(
            "UPDATE targets SET state = 'pending', reason = NULL WHERE state = 'dropped' AND reason IS NOT ?",
            (WITHDRAWN,),
        ).rowcount

    def request_again(self, keys: Iterable[str], facts: Mapping[str, TargetFacts] = MappingProxyType({})) -> int:
        """Make *keys* pending, whatever is archived of them; return how many there are that can be requested.

        They are requested unconditionally, so that the answer cannot be a 304. *facts* gives depth, title and pic of
        keys that may be unknown here. A key of unknown depth counts as listed by a seed. A seed of unknown id has no
        page to request.
        """
        asked = 0
        for key in keys:
            tid, article_id, one = target_id(key), key.rpartition("/")[2], facts.get(key)
            if not (article_id.isascii() and article_id.isdigit()):
                continue
            depth, title, pic = (one.depth, one.title, one.pic) if one else (None, None, None)
            self._execute(
                "INSERT INTO targets (tid, key, id, state, depth, title, pic) VALUES (?, ?, ?, 'pending', ?, ?, ?)"
                " ON CONFLICT (tid) DO UPDATE SET state = 'pending', depth = min(depth, coalesce(?, depth)),"
                " title = coalesce(title, excluded.title), pic = coalesce(pic, excluded.pic),"
                " attempts = 0, reason = NULL, lease_run = NULL, lease_until = NULL, home = NULL"
                " WHERE reason IS NOT ?",
                (tid, key, article_id, 1 if depth is None else depth, title, pic, depth, WITHDRAWN),
            )
            self._execute("UPDATE visits SET url = NULL, etag = NULL, modified = NULL WHERE tid = ?", (tid,))
            asked += 1
        return asked

    def want(self, targets: Sequence[Target]) -> int:
        """Make *targets* pending that are new or known only as seeds; return how many were new.

        A known one is brought as near to the seeds as it is here, and gets a title and a pic if it has none. No line
        holds these targets, so a rebuilt catalogue knows them only when they are wanted again.
        """
        if not targets:
            return 0
        connection = self._database.connection
        rows = [(target_id(one.key), one.key, one.id, one.depth, one.title, one.pic) for one in targets]
        new = connection.executemany(
            "INSERT INTO targets (tid, key, id, state, depth, title, pic) VALUES (?, ?, ?, 'pending', ?, ?, ?)"
            " ON CONFLICT (tid) DO NOTHING",
            rows,
        ).rowcount
        connection.executemany(
            "UPDATE targets SET depth = min(depth, :depth), title = coalesce(title, :title), pic = coalesce(pic, :pic),"
            " state = CASE state WHEN 'seed' THEN 'pending' ELSE state END"
            " WHERE tid = :tid AND reason IS NOT :withdrawn"
            " AND (depth > :depth OR state = 'seed' OR (title IS NULL AND :title IS NOT NULL)"
            " OR (pic IS NULL AND :pic IS NOT NULL))",
            [
                {**dict(zip(("tid", "key", "id", "depth", "title", "pic"), row, strict=True)), "withdrawn": WITHDRAWN}
                for row in rows
            ],
        )
        return new

    def known(self, after: int, limit: int) -> list[KnownTarget]:
        """Return up to *limit* targets in the order of their numbers, starting after *after*."""
        rows = self._execute(
            "SELECT tid, key, state, depth, title, pic FROM targets WHERE tid > ? ORDER BY tid LIMIT ?", (after, limit)
        )
        return [KnownTarget(*row) for row in rows]

    def max_requested_depth(self) -> int:
        """Return the greatest distance from the seeds of any requested target; 0 if none was requested."""
        (depth,) = self._execute("SELECT max(depth) FROM targets WHERE state NOT IN ('pending', 'seed')").fetchone()
        return depth or 0

    def counts(self) -> dict[str, int]:
        """Return the number of targets in each state."""
        return dict(self._execute("SELECT state, count(*) FROM targets GROUP BY state").fetchall())

    def pending(self, *, max_depth: int, at_most: int) -> int:
        """Return how many targets wait within *max_depth* of the seeds; the count stops at *at_most*."""
        row = self._execute(
            "SELECT count(*) FROM (SELECT 1 FROM targets WHERE state = 'pending' AND depth <= ? LIMIT ?)",
            (max_depth, at_most),
        )
        return int(row.fetchone()[0])


def as_targets(rows: list[tuple[Any, ...]]) -> list[Target]:
    """Return rows of :data:`TARGET_COLUMNS` as targets, nearest to the seeds first."""
    rows.sort(key=lambda row: (row[3], row[0]))
    names = ("key", "id", "depth", "title", "pic", "attempts")
    return [Target(**dict(zip(names, row[1:], strict=True))) for row in rows]
