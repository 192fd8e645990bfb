"""Where an export goes: a file or a folder that is there when it is whole, and until then not at all."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crawler.archive.files import FULL_ERRNOS, replacing, sync_directory
from crawler.exceptions import ConfigError, CorpusError, DiskFull, GleanerError
from crawler.processes.interrupts import held_back

MARKER = ".gleaner-export"
"""A folder that holds this file was written by us, and may be replaced by us."""
_STDOUT = "-"


class OutputError(GleanerError, OSError):
    """The file or folder to write cannot be written."""


@contextmanager
def output_file(name: str, root: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Open the file *name* to write, ``-`` for standard output. An error inside leaves what was there before.

    *root* is the corpus, in which nothing is written. Raises ``ConfigError`` if the file is there (and not *force*),
    or would be where it must not, ``OutputError`` if it cannot be written.
    """
    if name == _STDOUT:
        if sys.stdout.isatty():
            raise ConfigError("-o - writes bytes that could control a terminal: give a file, or a pipe that reads them")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with output_errors(name, root):
        path = _allowed(name, root)
        if path.is_dir() or (path.exists() and not force):
            raise ConfigError(f"{name} exists already" + ("" if path.is_dir() else ": give --force to replace it"))
        with replacing(path) as file:
            yield file


@contextmanager
def output_folder(name: str, root: Path, *, force: bool) -> Iterator[Path]:
    """Give a new folder that becomes *name* when all went well; as :func:`output_file` in all else.

    Replaced is only an empty folder, or one that was written by this very function.
    """
    if name == _STDOUT:
        raise ConfigError("this format is a folder: give its name after -o")
    with output_errors(name, root):
        path = _allowed(name, root)
        if path.exists():
            _check_replaceable(path, force)
        draft = Path(tempfile.mkdtemp(prefix=".tmp-", dir=path.parent))
        try:
            (draft / MARKER).write_bytes(b"")
            draft.chmod(0o755)
            yield draft
            _replace(draft, path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        sync_directory(path.parent)


def _check_replaceable(path: Path, force: bool) -> None:
    if not force:
        raise ConfigError(f"{path} exists already: give --force to replace it")
    if not path.is_dir() or (any(path.iterdir()) and not (path / MARKER).is_file()):
        raise ConfigError(f"{path} is not the folder of an export: remove it yourself, or give another name")


def _replace(draft: Path, path: Path) -> None:
    if not path.exists():
        draft.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=".tmp-", dir=path.parent))
    with held_back():  # between the two there is nothing of that name
        path.rename(old / "old")
        draft.rename(path)
    shutil.rmtree(old)


def _allowed(name: str, root: Path) -> Path:
    path = Path(name)
    if path.resolve().is_relative_to(root.resolve()):
        raise ConfigError(f"{name} is inside the corpus: give a path outside of {root}")
    if not path.parent.is_dir():
        raise ConfigError(f"{name}: there is no folder {path.parent}")
    return path


@contextmanager
def output_errors(name: str, root: Path) -> Iterator[None]:
    """Turn errors of the disk into ours: of the output *name*, or of reading the corpus at *root*."""
    try:
        yield
    except GleanerError:
        raise
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise DiskFull(name, "no room left to write", is_corpus=False) from error
        if error.filename and Path(error.filename).resolve().is_relative_to(root.resolve()):
            raise CorpusError(str(root), f"cannot be read: {error}") from error
        raise OutputError(f"{name}: cannot be written ({error.strerror or error})") from error
