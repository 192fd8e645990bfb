"""``quarantine/``: bytes that were moved out of a corpus, unchanged, and ``repairs.jsonl``, which describes each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from crawler.archive.files import sync_directory, write_all, write_atomically, write_pieces_atomically

FOLDER = "quarantine"
LOG_NAME = "repairs.jsonl"
CHUNK_BYTES = 1 << 20


def keep_bytes(root: Path, name: str, content: bytes) -> str:
    """Keep *content* in the quarantine of the corpus at *root*; return its path, which equal content shares."""
    path = _folder(root) / f"{name}-{crc32(content):08x}"
    if not path.exists():
        write_atomically(path, content)
    return path.relative_to(root).as_posix()


def keep_file(root: Path, source: Path) -> str:
    """Keep a copy of *source* in the quarantine, and *source* itself where it is; return the path of the copy."""
    found = source.stat()
    path = _folder(root) / f"{source.name}-{found.st_mtime_ns:x}-{found.st_size}"
    if not path.exists():
        try:
            os.link(source, path, follow_symlinks=False)
        except OSError:  # a file system without hard links
            shutil.copyfile(source, path)
        sync_directory(path.parent)
    return path.relative_to(root).as_posix()


def cut_off(root: Path, path: Path, offset: int) -> int:
    """Move the bytes of *path* from *offset* on to the quarantine of the corpus at *root*; return how many."""
    size = path.stat().st_size - offset
    with path.open("r+b") as file:
        if size:
            file.seek(offset)
            folder = _folder(root)
            torn = folder / f"{path.name}-{offset}-{sum(1 for _ in folder.iterdir())}.torn"
            write_pieces_atomically(torn, iter(partial(file.read, CHUNK_BYTES), b""))
        file.truncate(offset)
        os.fsync(file.fileno())
    return size


def note_repairs(root: Path, repairs: Sequence[dict[str, Any]]) -> None:
    """Append *repairs* to the log, durably."""
    path = _folder(root) / LOG_NAME
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lines = b"".join(orjson.dumps({"repaired": now, **facts}) + b"\n" for facts in repairs)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        write_all(descriptor, b"\n" * (not _ends_a_line(path)) + lines)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_directory(path.parent)


def noted_repairs(root: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of the log; a line that a kill cut short is skipped."""
    path = root / FOLDER / LOG_NAME
    if not path.is_file():
        return
    for line in path.read_bytes().splitlines():
        try:
            facts = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(facts, dict):
            yield facts


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        return size == 0 or (file.seek(size - 1) == size - 1 and file.read(1) == b"\n")


def _folder(root: Path) -> Path:
    folder = root / FOLDER
    if not folder.is_dir():
        folder.mkdir()
        sync_directory(root)
    return folder
