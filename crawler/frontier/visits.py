"""When to request again: the adaptive schedule of articles, and the back-off of failed and gone ones.

A changed article is requested again sooner, an unchanged one later, by factors of two between bounds: the
multiplicative rule that crawlers of news use, after Cho and Garcia-Molina, "Effective page refresh policies for web
crawlers", ACM TODS 28(4), 2003.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any, Literal

from crawler.frontier.local import TARGET_COLUMNS, Database, as_targets
from crawler.frontier.targets import Target, Validators, stub_state, target_id
from crawler.items import Article

HOUR, DAY = 3600.0, 86400.0

Answer = Literal["new", "changed", "unchanged", "gone", "failed"]
"""What a visit found: a first version, another text, the same text, a gone article, or no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Which visited targets to request again at the Unix time *now*: those that are due.

    With *checked_before* (Unix time), instead all that were last requested before it, also those that a pipeline
    dropped.
    """

    now: float
    checked_before: float | None = None


def next_interval(answer: Answer, interval: float | None) -> float:
    """Return after how many seconds to request again, given the result and the *interval* before this visit.

    >>> [next_interval(answer, 4 * DAY) / DAY for answer in ("changed", "unchanged", "gone", "failed")]
    [2.0, 8.0, 30.0, 8.0]
    """
    if answer == "new":
        return DAY
    if answer == "changed":
        return max(6 * HOUR, (interval or DAY) / 2)
    if answer == "unchanged":
        return min(180 * DAY, (interval or DAY) * 2)
    if answer == "gone":
        return min(360 * DAY, max(30 * DAY, (interval or 0) * 2))
    return min(30 * DAY, max(HOUR, (interval or 0) * 2))


class Visits:
    """The visits table of a catalogue. Calls belong inside a transaction of the catalogue's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _execute(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        return self._database.connection.execute(statement, values)

    def interval(self, tid: int) -> float | None:
        """Return after how many seconds *tid* was to be requested again; None before its first visit."""
        row = self._execute("SELECT interval FROM visits WHERE tid = ?", (tid,)).fetchone()
        return row and float(row[0])

    def record(self, tid: int, answer: Answer, checked: float) -> None:
        """Record a visit of the target *tid* at the Unix time *checked*, and when the next one is due."""
        interval = next_interval(answer, self.interval(tid))
        self._execute(
            "INSERT INTO visits (tid, checked, due, interval) VALUES (?, ?, ?, ?) ON CONFLICT (tid) DO UPDATE SET"
            " checked = excluded.checked, due = excluded.due, interval = excluded.interval",
            (tid, checked, checked + interval, interval),
        )

    def validate(self, tid: int, validators: Validators) -> None:
        """Keep the validators of the last response for *tid*, for the next conditional request."""
        self._execute("UPDATE visits SET url = ?, etag = ?, modified = ? WHERE tid = ?", (*validators, tid))

    def retire(self, published_before: str) -> int:
        """Remove articles published before that ISO 8601 date from the schedule; return how many there were."""
        return self._execute(
            "UPDATE visits SET due = NULL WHERE due IS NOT NULL AND tid IN ("
            " SELECT tid FROM records WHERE kind = 'article' AND published < ?)",
            (published_before,),
        ).rowcount

    def lease(self, limit: int, due: Due, *, run: str, until: float) -> list[Target]:
        """Lease up to *limit* targets that are due to *run* until the Unix time *until*, the longest overdue first."""
        states = "'fetched', 'gone', 'failed'"
        if due.checked_before is not None:
            column, bound, states = "checked", due.checked_before, f"{states}, 'dropped'"
            self._execute("CREATE INDEX IF NOT EXISTS visits_checked ON visits (checked)", ())  # rarely needed
        else:
            column, bound = "due", due.now
        rows = self._execute(
            "UPDATE targets SET home = state, state = 'leased', lease_run = ?, lease_until = ?"  # noqa: S608
            " WHERE tid IN (SELECT tid FROM visits JOIN targets USING (tid)"
            f"              WHERE {column} <= ? AND state IN ({states}) ORDER BY {column} LIMIT ?)"
            f" RETURNING {TARGET_COLUMNS}",
            (run, until, bound, limit),
        ).fetchall()
        return [replace(target, validators=self._validators(target)) for target in as_targets(rows)]

    def _validators(self, target: Target) -> Validators | None:
        query = "SELECT url, etag, modified FROM visits WHERE tid = ? AND url IS NOT NULL"
        row = self._execute(query, (target_id(target.key),)).fetchone()
        return row and Validators(*row)


def answer_of(article: Article, fetched: Answer) -> Answer:
    """Return what a visit found, given its record: *fetched*, unless the record is a stub."""
    if article.kind == "stub":
        return "gone" if stub_state(article.capture.status) == "gone" else "failed"
    return fetched
