"""The file operations that make writes durable (see https://danluu.com/file-consistency/)."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from crawler.archive.inbag import refuse_bag
from crawler.exceptions import CorpusError, CorpusLocked, DiskFull


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of *data*; one system call unless the kernel cuts it short."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])


def sync_directory(directory: Path) -> None:
    """Make the names in *directory* durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, data: bytes) -> None:
    """Write *data* to *path*, durably. An existing file is never missing, empty or cut short at any instant."""
    write_pieces_atomically(path, (data,))


def write_pieces_atomically(path: Path, pieces: Iterable[bytes]) -> None:
    """Write *pieces* as :func:`write_atomically` does; they need not fit in memory together."""
    with replacing(path) as file:
        for piece in pieces:
            write_all(file.fileno(), piece)


@contextmanager
def replacing(path: Path, check: Callable[[Path], None] = lambda _written: None) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces *path*, durably, at the end of the block; after an error *path* is as before.

    *check* receives the path of the complete temporary file, and raises if it is not what it should be.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            yield file
            file.flush()
            os.fsync(descriptor)
        check(Path(temporary))
        os.rename(temporary, path)  # noqa: PTH104 - beside the other calls of os, where tests inject crashes
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of the file at *path*, in hexadecimal digits; raise ``OSError`` for a symbolic link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # neither out of the corpus nor for ever
    with os.fdopen(descriptor, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class CorpusLock:
    """An exclusive ``flock`` on *directory*'s ``.lock`` file, held from construction until :meth:`release`.

    As a context manager it is released at the end of the block.

    No process id is stored: a killed holder leaves nothing to clean up. The descriptor is not inherited by
    child processes (PEP 446), so a surviving worker cannot hold the corpus of a dead crawl.

    Raises :class:`~crawler.exceptions.CorpusLocked` at once if another process holds it, ``ConfigError`` if
    *directory* is in a bag: every writer takes the lock, so nothing is ever written to a bag.
    """

    def __init__(self, directory: Path) -> None:
        refuse_bag(directory)
        self._descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise CorpusLocked(str(directory), "another crawl holds it; wait for it to end") from error
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)


FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of the system when there is no space: on the disk, within a quota, within a limit on file size."""
_PERHAPS_FULL = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_PROBE_BYTES = 1024 * 1024
"""Bytes. A disk that cannot take that much more counts as full."""


@contextmanager
def write_errors(root: Path, database: str = "catalogue") -> Iterator[None]:
    """Turn errors of the disk and of SQLite (about *database*) into our own, which say what happened where."""
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
    """Return whether SQLite's *error* means that the disk with the databases of the corpus at *root* is full.

    For quotas and limits SQLite only reports that a write failed, or that a file beside the database cannot be opened.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in _PERHAPS_FULL:
        return bool(code == sqlite3.SQLITE_FULL)
    try:
        largest = max((path.stat().st_size for path in root.glob("*.sqlite*")), default=0)
        with tempfile.TemporaryFile(dir=root, buffering=0) as probe:
            probe.seek(largest)
            return probe.write(bytes(_PROBE_BYTES)) < _PROBE_BYTES
    except OSError as reason:
        return reason.errno in FULL_ERRNOS
