"""Folders of parts: on a disk that all workers see, or in an object store. A file in them is whole or not there."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol

from crawler.exceptions import FolderInUse
from crawler.inputs import is_remote
from crawler.inputs.stores import filesystem

_DRAFT_PREFIX = ".tmp-"
_LOCK_NAME = ".lock"
_FILES_AT_ONCE = 1_000


class Folder(Protocol):
    """A folder of parts."""

    @contextmanager
    def draft(self, name: str) -> Iterator[IO[bytes]]:
        """Give a file to write; it gets its *name* at the end of the block, over an older one."""

    def open(self, name: str) -> IO[bytes]:
        """Open the file *name* to read."""

    def read_all(self, under: str) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of each small file in the folder *under*."""

    def sizes(self) -> dict[str, int]:
        """Return the sizes of the files in it by name, not of those in folders in it."""

    def settle(self) -> None:
        """Make durable all that was written. No file is so by itself: a power cut may cut what was not settled."""

    def remove(self, name: str) -> None:
        """Remove the file or folder *name*, if there is one."""

    def discard(self) -> None:
        """Remove it with all that is in it."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder, which is made; sweep what a kill left. Raises ``FolderInUse``."""


def folder_at(place: str) -> Folder:
    """Return the folder at *place*, a path or the URL of an object store."""
    return _Store(place) if is_remote(place) else _Directory(place)


class _Directory:
    def __init__(self, place: str) -> None:
        self._path = Path(place)

    @contextmanager
    def draft(self, name: str) -> Iterator[IO[bytes]]:
        final = self._path / name
        descriptor, temporary = tempfile.mkstemp(prefix=_DRAFT_PREFIX, dir=final.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o644)
                yield file
            Path(temporary).replace(final)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")

    def read_all(self, under: str) -> Iterator[tuple[str, bytes]]:
        for path in sorted((self._path / under).glob("*")):
            yield path.name, path.read_bytes()

    def sizes(self) -> dict[str, int]:
        return {entry.name: entry.stat().st_size for entry in os.scandir(self._path) if entry.is_file()}

    def settle(self) -> None:
        os.sync()

    def remove(self, name: str) -> None:
        path = self._path / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def discard(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        self._path.mkdir(parents=True, exist_ok=True)
        lock = self._path / _LOCK_NAME
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderInUse(f"{self._path}: another command writes these parts; wait for it to end") from error
            except OSError:  # a file system without locks: two commands would make the same parts, no worse
                pass
            if not lock.exists() or not os.path.samestat(lock.stat(), os.fstat(descriptor)):
                raise FolderInUse(f"{self._path}: another command has just removed it; run this again")
            for left in self._path.rglob(f"{_DRAFT_PREFIX}*"):
                left.unlink(missing_ok=True)
            yield
        finally:
            os.close(descriptor)


class _Store:
    """Each part is one upload; what a kill left of one is no file, and goes by the bucket's own rules."""

    def __init__(self, place: str) -> None:
        self._files: Any
        self._files, path = filesystem(place)
        self._path = path.rstrip("/")

    @contextmanager
    def draft(self, name: str) -> Iterator[IO[bytes]]:
        with tempfile.NamedTemporaryFile(prefix="part-") as file:
            yield file
            file.flush()
            self._files.put_file(file.name, f"{self._path}/{name}")

    def open(self, name: str) -> IO[bytes]:
        opened: IO[bytes] = self._files.open(f"{self._path}/{name}", "rb")
        return opened

    def read_all(self, under: str) -> Iterator[tuple[str, bytes]]:
        self._files.invalidate_cache()
        paths = sorted(self._files.find(f"{self._path}/{under}"))
        for first in range(0, len(paths), _FILES_AT_ONCE):
            some = paths[first : first + _FILES_AT_ONCE]
            read = self._files.cat(some)
            yield from ((path.rpartition("/")[2], read[path]) for path in some)

    def sizes(self) -> dict[str, int]:
        self._files.invalidate_cache()
        found = self._files.find(self._path, maxdepth=1, detail=True)
        return {path.rpartition("/")[2]: facts["size"] for path, facts in found.items()}

    def settle(self) -> None:
        pass

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._files.rm(f"{self._path}/{name}", recursive=True)

    def discard(self) -> None:
        with suppress(FileNotFoundError):
            self._files.rm(self._path, recursive=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        yield
