"""Reads a corpus without writing to it, also while a crawl writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from crawler.archive.description import describe
from crawler.archive.files import comes_of_a_full_disk
from crawler.archive.inbag import is_in_bag
from crawler.archive.repair import CATALOGUE_NAME
from crawler.archive.schema import STATEMENTS, VERSION
from crawler.archive.segments import all_segments
from crawler.exceptions import CorpusDamaged, DiskFull
from crawler.sqlite import connect_to_read


@contextmanager
def read_catalogue(root: Path) -> Iterator[sqlite3.Connection]:
    """Open the catalogue of the corpus at *root* for reading; raise ``CorpusError`` if there is none.

    A catalogue of another version of Gleaner is rebuilt first, as when the corpus is opened for writing. A corpus whose
    creation was interrupted before its first line (a full disk, a kill) has an empty one.
    """
    describe(root)
    with catalogue_of(root) as connection:
        yield connection


@contextmanager
def catalogue_of(root: Path) -> Iterator[sqlite3.Connection]:
    """Do what :func:`read_catalogue` does, also if corpus.json is missing or damaged."""
    path = root / CATALOGUE_NAME
    try:
        if _is_unmade(root, path):
            with closing(sqlite3.connect(":memory:")) as connection:
                for statement in STATEMENTS:
                    connection.execute(statement)
                yield connection
            return
        if (version := _version(path)) not in {0, VERSION}:
            from crawler.archive.rebuilding import rebuild  # noqa: PLC0415 - rare, and half of the start of a command

            rebuild(root, f"it is of version {version}, this is {VERSION}")
        with closing(connect_to_read(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        if comes_of_a_full_disk(root, error):
            raise DiskFull(str(root), "no room left to read its catalogue") from error
        message = f"its catalogue cannot be read ({error}); scrapy corpus repair rebuilds it"
        raise CorpusDamaged(str(root), message) from error


def has_catalogue(root: Path) -> bool:
    """Return whether the corpus at *root* has a catalogue that can be read as it is; a corpus in a bag has none."""
    try:
        return not is_in_bag(root) and _version(root / CATALOGUE_NAME, leave_no_trace=True) == VERSION
    except sqlite3.Error:
        return False


def _is_unmade(root: Path, path: Path) -> bool:
    """Return whether the corpus at *root* has no line yet, and no complete catalogue at *path*."""
    if all_segments(root):
        return False
    try:
        return not path.exists() or _version(path) == 0
    except sqlite3.OperationalError:  # it cannot be opened or is incomplete; damage is not handled here
        return True


def _version(path: Path, *, leave_no_trace: bool = False) -> int:
    with closing(connect_to_read(path, leave_no_trace=leave_no_trace)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
