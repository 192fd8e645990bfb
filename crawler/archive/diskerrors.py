"""What a disk or SQLite says when it cannot write, in the project's own errors."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.exceptions import CorpusError, DiskFull

_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def write_errors(root: Path) -> Iterator[None]:
    """Turn errors of the disk and of SQLite into ours, which say what happened where."""
    try:
        yield
    except CorpusError:
        raise
    except OSError as error:
        if error.errno in _FULL_ERRNOS:
            raise DiskFull(str(root), f"no room left to write ({error.strerror})") from error
        raise CorpusError(str(root), f"cannot be written: {error}") from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise DiskFull(str(root), "no room left for its catalogue") from error
        raise CorpusError(str(root), f"its catalogue cannot be written: {error}") from error
