"""The working file of a listing: what was asked and what came, so that a listing resumes however it was stopped.

An SQLite database beside the output. A page of captures and the state after it are one transaction. While a listing
runs, its connection holds the file exclusively; the lock dies with the process.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self

import orjson

from crawler.archive.files import comes_of_a_full_disk
from crawler.captures.lines import CaptureLine
from crawler.exceptions import ConfigError, DiskFull, GleanerError
from crawler.warc.dates import plain_digest

ENDING = ".unfinished.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, what TEXT NOT NULL, state TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0, UNIQUE (source, what));
CREATE TABLE IF NOT EXISTS counts (source TEXT, name TEXT, number INTEGER NOT NULL, PRIMARY KEY (source, name))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS captures (
    urlkey TEXT NOT NULL, timestamp TEXT NOT NULL, url TEXT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL,
    filename TEXT NOT NULL, offset INTEGER NOT NULL, mime TEXT, status TEXT, length INTEGER,
    PRIMARY KEY (urlkey, timestamp, url, source, digest, filename, offset)) WITHOUT ROWID;
"""
_INSERT = "INSERT OR IGNORE INTO captures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COUNT = (
    "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT (source, name) DO UPDATE SET number = number + excluded.number"
)
_CACHE_KIB = 32 * 1024
_NO_OFFSET = -1


class ListingBusy(GleanerError):
    """Another process makes the same output."""

    exit_code = 6


class Task(NamedTuple):
    """One part of a listing: ``what`` says what is asked of ``source``, ``state`` how far it is."""

    id: int
    source: str
    what: dict[str, Any]
    state: dict[str, Any]


class WorkingFile:
    """The working file of the listing whose output is *output*; created if it is not there.

    *arguments* are what a listing depends on; a file of other arguments is refused, or, with *replace*, emptied.
    Raises ConfigError, :class:`ListingBusy` or DiskFull.
    """

    def __init__(self, output: Path, arguments: Mapping[str, Any], *, replace: bool = False) -> None:
        self.path = output.with_name(output.name + ENDING)
        self._lock = Lock()
        self._connection = self._open()
        with self._errors():
            self._connection.executescript(_SCHEMA)
            if (earlier := self._arguments()) not in {None, _json(arguments)}:
                if not replace:
                    self.close()
                    raise ConfigError(_other_arguments(self.path, orjson.loads(earlier or "{}"), arguments))
                for table in ("about", "tasks", "counts", "captures"):
                    self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words
                earlier = None
            self.is_resumed = earlier is not None
            self._connection.execute("INSERT OR IGNORE INTO about VALUES ('arguments', ?)", (_json(arguments),))
            self._connection.commit()

    def _open(self) -> sqlite3.Connection:
        with self._errors():
            connection = sqlite3.connect(self.path, timeout=0, check_same_thread=False)
            try:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
                connection.execute("BEGIN EXCLUSIVE")  # the lock is kept after the commit
                connection.commit()
            except BaseException:
                connection.close()
                raise
            return connection

    def _arguments(self) -> str | None:
        row = self._connection.execute("SELECT value FROM about WHERE name = 'arguments'").fetchone()
        return row[0] if row else None

    def add_tasks(self, tasks: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Add *tasks*, pairs of source and query, except those that are there."""
        with self._change() as connection:
            rows = ((source, _json(what), "{}") for source, what in tasks)
            connection.executemany("INSERT OR IGNORE INTO tasks (source, what, state) VALUES (?, ?, ?)", rows)

    def next_task(self, source: str, after: int = 0) -> Task | None:
        """Return the next task of *source* that is not done, with a number above *after*; None if there is none."""
        query = "SELECT id, source, what, state FROM tasks WHERE source = ? AND NOT done AND id > ? ORDER BY id LIMIT 1"
        with self._errors(), self._lock:
            row = self._connection.execute(query, (source, after)).fetchone()
        return Task(row[0], row[1], orjson.loads(row[2]), orjson.loads(row[3])) if row else None

    def keep(
        self,
        task: Task,
        lines: Iterable[CaptureLine],
        state: Mapping[str, Any],
        *,
        done: bool,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Keep *lines* and the *state* of *task* after them, together; add *counts* to those of its source."""
        with self._change() as connection:
            connection.executemany(_INSERT, map(_row, lines))
            connection.execute("UPDATE tasks SET state = ?, done = ? WHERE id = ?", (_json(state), done, task.id))
            connection.executemany(_COUNT, ((task.source, name, n) for name, n in (counts or {}).items() if n))

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the counts of each source, by name."""
        found: dict[str, dict[str, int]] = {}
        with self._errors(), self._lock:
            for source, name, number in self._connection.execute("SELECT * FROM counts ORDER BY source, name"):
                found.setdefault(source, {})[name] = number
        return found

    def months(self) -> Counter[str]:
        """Return how many captures came, by source-independent month (``201302``)."""
        with self._errors(), self._lock:
            rows = self._connection.execute("SELECT substr(timestamp, 1, 6), count(*) FROM captures GROUP BY 1")
            return Counter(dict(rows))

    def captures(self) -> Iterator[CaptureLine]:
        """Yield all captures, sorted by key and time."""
        query = (
            "SELECT urlkey, timestamp, url, mime, status, digest, length, source, filename, offset FROM captures"
            " ORDER BY urlkey, timestamp, url, source, digest, filename, offset"
        )
        with self._errors():
            for row in self._connection.execute(query):
                line = CaptureLine(*row)
                offset = None if line.offset == _NO_OFFSET else line.offset
                yield line._replace(digest=line.digest or None, filename=line.filename or None, offset=offset)

    def close(self) -> None:
        """Close the file and release its lock; what was not kept is lost."""
        self._connection.close()

    def remove(self) -> None:
        """Remove the file: the listing is complete."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._errors(), self._lock, self._connection:
            yield self._connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of SQLite into ours."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise ListingBusy(f"{self.path}: another process is listing to the same output") from error
            if comes_of_a_full_disk(self.path.parent, error):
                raise DiskFull(str(self.path), "no room left to write", is_corpus=False) from error
            raise ConfigError(f"{self.path}: cannot be written or read ({error})") from error
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"{self.path}: not the working file of a listing ({error}); remove it") from error


def has_working_file(output: Path) -> bool:
    """Return whether there is a working file for *output*."""
    return output.with_name(output.name + ENDING).exists()


def distinct(lines: Iterable[CaptureLine], sources: tuple[str, ...]) -> Iterator[CaptureLine]:
    """Yield of *lines*, sorted by key and time, the earliest with each digest of a key.

    Lines without a digest are left out only if another one has the same URL and time. Of several lines of one time,
    that of the source named earlier in *sources* is kept.
    """
    ranks = {name: rank for rank, name in enumerate(sources)}

    def best_first(line: CaptureLine) -> tuple[bool, int, str]:
        return line.digest is None, ranks.get(line.source, len(ranks)), line.url

    for _, of_key in groupby(lines, attrgetter("urlkey")):
        digests: set[str] = set()
        for _, of_moment in groupby(of_key, attrgetter("timestamp")):
            urls: set[str] = set()
            for line in sorted(of_moment, key=best_first):
                digest = plain_digest(line.digest)
                is_known = digest in digests if digest else line.url in urls
                urls.add(line.url)
                if digest:
                    digests.add(digest)
                if not is_known:
                    yield line


def _row(line: CaptureLine) -> tuple[Any, ...]:
    offset = _NO_OFFSET if line.offset is None else line.offset
    place = (line.digest or "", line.filename or "", offset)
    return (line.urlkey, line.timestamp, line.url, line.source, *place, line.mime, line.status, line.length)


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _other_arguments(path: Path, earlier: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    names = sorted(name for name in earlier.keys() | given.keys() if earlier.get(name) != given.get(name))
    return (
        f"{path} holds an unfinished listing with other arguments ({', '.join(names)}): "
        "give the same ones to resume it, another -o, or --force to begin again"
    )
