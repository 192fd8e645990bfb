"""What a disk or SQLite says when it cannot write, in the project's own errors."""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.exceptions import CorpusError, DiskFull

FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when there is no room: on the disk, within a quota, within a limit of size."""
_PERHAPS_FULL = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_ROOM = 1024 * 1024
"""Bytes that a disk which is not full has left."""


@contextmanager
def write_errors(root: Path, database: str = "catalogue") -> Iterator[None]:
    """Turn errors of the disk and of SQLite, of *database*, into ours, which say what happened where."""
    try:
        yield
    except CorpusError:
        raise
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise DiskFull(str(root), f"no room left to write ({error.strerror})") from error
        raise CorpusError(str(root), f"cannot be written: {error}") from error
    except sqlite3.Error as error:
        if comes_of_a_full_disk(root, error):
            raise DiskFull(str(root), f"no room left for its {database}") from error
        raise CorpusError(str(root), f"its {database} cannot be written or read: {error}") from error


def comes_of_a_full_disk(root: Path, error: BaseException | None) -> bool:
    """Tell whether *error*, of SQLite, means that there is no room where the databases of the corpus at *root* are.

    Of quotas and limits SQLite says only that a write failed, or that a file beside the database cannot be opened.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in _PERHAPS_FULL:
        return bool(code == sqlite3.SQLITE_FULL)
    try:
        largest = max((path.stat().st_size for path in root.glob("*.sqlite*")), default=0)
        with tempfile.TemporaryFile(dir=root, buffering=0) as probe:
            probe.seek(largest)
            return probe.write(bytes(_ROOM)) < _ROOM
    except OSError as reason:
        return reason.errno in FULL_ERRNOS
