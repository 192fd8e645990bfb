"""The database of a catalogue: its transactions, and the rows that wait in memory before they are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crawler.archive.fingerprints import Fingerprints
from crawler.archive.gathering import Gathered
from crawler.archive.recurring import Recurring
from crawler.archive.schema import STATEMENTS, VERSION

CHECKPOINT_PAGES = 4_000
"""Pages of 4 KiB. With more of them, a page that many groups change is more often written once for all of them."""
MAX_UNCOMMITTED_LINES = 1_000
"""With more of them each costs less: common targets are merged, and a shared page is written once."""


class CatalogueDatabase:
    """An open database of a catalogue. One thread at a time uses its one connection; other processes may read it.

    ``synchronous=NORMAL`` in WAL mode: a commit survives any death of the process. A power cut may undo the last
    commits, but the lines are synced first, so opening the corpus restores what they held.

    Rows that follow from lines are gathered (:mod:`crawler.archive.gathering`). :meth:`flush` writes them, at the
    latest before the commit and before anything else reads them.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        self.gathered = Gathered()
        self.fingerprints = Fingerprints(self._connection)
        self.recurring = Recurring(self._connection)
        self.uncommitted = 0
        """How many lines were indexed since the last commit. May be read in any thread."""
        self._asked = False
        self.flushes = 0
        """How often gathered rows were written or discarded; values read before that may be out of date."""
        try:
            self._prepare()
            self.fingerprints.load()
            self.recurring.load()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute("PRAGMA cache_size = -32000")
        execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        execute("PRAGMA temp_store = MEMORY")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self._connection:  # not transaction(): after an error it would read the tables
                execute("BEGIN IMMEDIATE")
                for statement in STATEMENTS:
                    execute(statement)
                execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"catalogue of version {version}, this is {VERSION}")

    @property
    def connection(self) -> sqlite3.Connection:
        """The database, after writing all rows gathered so far.

        A caller may change data that follows from no line, so :attr:`wants_commit` is true from then on.
        """
        self._asked = True
        self.flush()
        return self._connection

    def run(self, statement: str, values: Sequence[Any] = (), *, of: int | None = None) -> sqlite3.Cursor:
        """Run *statement*; first write the gathered rows, unless none of them belongs to the target *of*.

        The statement only reads, or changes data that follows from the lines.
        """
        if of is None or of in self.gathered.tids:
            self.flush()
        return self.read_written(statement, values)

    def read_written(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run *statement*, which only reads; it does not see gathered rows that are not written yet."""
        return self._connection.execute(statement, values)

    def close(self) -> None:
        """Close the connection; uncommitted changes are lost."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything done inside, or none of it."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def begin(self) -> None:
        """Begin a transaction, unless one is open."""
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit everything since :meth:`begin`, including gathered rows."""
        self.flush()
        self._connection.execute("COMMIT")
        self.uncommitted, self._asked = 0, False

    def rollback(self) -> None:
        """Undo everything since :meth:`begin`, and discard gathered rows."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self.uncommitted, self._asked = 0, False
        self._forget()

    @property
    def wants_commit(self) -> bool:
        """Whether a commit is due: much is uncommitted, or data that the lines cannot restore; also if nothing is."""
        return self._asked or not 0 < self.uncommitted < MAX_UNCOMMITTED_LINES

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Keep everything done inside, or none of it; for use inside a transaction."""
        self.flush()
        self._connection.execute("SAVEPOINT part")
        try:
            yield
            self.flush()
        except BaseException:
            self._connection.execute("ROLLBACK TO part")
            self._forget()
            raise
        finally:
            self._connection.execute("RELEASE part")

    def flush(self) -> None:
        """Write the gathered rows to the database, without a commit."""
        self.flushes += 1
        if self.gathered:
            self.gathered.write(self._connection)
            self.gathered = Gathered()
            self.fingerprints.write()
            self.recurring.write()

    def _forget(self) -> None:
        """Discard gathered rows, and all that is in memory from a transaction that was undone."""
        self.flushes += 1
        self.gathered = Gathered()
        self.fingerprints.load()
        self.recurring.load()
