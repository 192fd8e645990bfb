"""The database of a catalogue: its transactions, and the rows that are gathered before they are written."""

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
"""Of 4 KiB. The more, the more often a page that many groups change is written once for all of them."""
MAX_UNCOMMITTED_LINES = 1_000
"""The more, the cheaper each: what they list in common is merged, and a page that they share is written once."""


class CatalogueDatabase:
    """An open database of a catalogue. One connection, used by one thread at a time; other processes may read beside.

    ``synchronous=NORMAL`` in WAL mode: a commit survives any death of the process; a power cut may undo the last
    ones, but never those that the lines, synced first, do not make good when the corpus is next opened.

    Rows that follow from lines are gathered (:mod:`crawler.archive.gathering`) and written by :meth:`flush`: at the
    latest before the commit, and before anything else that reads them.
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
        """How often gathered rows were written or forgotten: what was read before may be out of date."""
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
            with self._connection:  # no transaction(), which would ask for its tables after an error
                execute("BEGIN IMMEDIATE")
                for statement in STATEMENTS:
                    execute(statement)
                execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"catalogue of version {version}, this is {VERSION}")

    @property
    def connection(self) -> sqlite3.Connection:
        """The database, with all written to it that was gathered so far.

        Who asks for it may change what follows from no line, so :attr:`wants_commit` is true from then on.
        """
        self._asked = True
        self.flush()
        return self._connection

    def run(self, statement: str, values: Sequence[Any] = (), *, of: int | None = None) -> sqlite3.Cursor:
        """Run *statement* after writing the rows that were gathered, unless those are of other targets than *of*.

        It reads, or changes what follows from the lines.
        """
        if of is None or of in self.gathered.tids:
            self.flush()
        return self.read_written(statement, values)

    def read_written(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run *statement*, which reads; it sees no row that is only gathered."""
        return self._connection.execute(statement, values)

    def close(self) -> None:
        """Close the connection; what is not committed is lost."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is done inside, or nothing of it."""
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
        """Commit all since :meth:`begin`, what was gathered too."""
        self.flush()
        self._connection.execute("COMMIT")
        self.uncommitted, self._asked = 0, False

    def rollback(self) -> None:
        """Undo and forget all since :meth:`begin`."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self.uncommitted, self._asked = 0, False
        self._forget()

    @property
    def wants_commit(self) -> bool:
        """Whether much is uncommitted, or anything that the lines alone would not bring back, or nothing is."""
        return self._asked or not 0 < self.uncommitted < MAX_UNCOMMITTED_LINES

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Inside a transaction, keep all that is done inside, or nothing of it."""
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
        """Write what was gathered to the database; it is still to be committed."""
        self.flushes += 1
        if self.gathered:
            self.gathered.write(self._connection)
            self.gathered = Gathered()
            self.fingerprints.write()
            self.recurring.write()

    def _forget(self) -> None:
        """Forget what was gathered, and all that is held in memory of a transaction that was undone."""
        self.flushes += 1
        self.gathered = Gathered()
        self.fingerprints.load()
        self.recurring.load()
