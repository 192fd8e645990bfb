"""Pictures on disk, named by their SHA-256, so each byte sequence is there once; the pictures of a stored record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crawler.archive.files import sha256_of_file, sync_directory, write_atomically

_STORED_PATH_RE = re.compile(r"images/([0-9a-f]{2})/\1[0-9a-f]{62}\.[a-z0-9]{1,5}", re.ASCII)
PICTURE_PATH_RE = re.compile(r"images/[0-9a-f]{2}/[0-9a-f]{64}\.(?:jpg|png|gif|webp|avif)", re.ASCII)
"""Where a corpus keeps a picture; nothing else is ever opened."""


def is_there(root: Path, path: str | None, size: int | None) -> bool:
    """Return whether the picture at *path* of the corpus at *root* is there, with *size* bytes."""
    if path is None or not _STORED_PATH_RE.fullmatch(path):
        return False
    file = root / path
    return file.is_file() and not file.is_symlink() and size in {None, file.stat().st_size}


def is_whole(path: Path, sha256: str) -> bool:
    """Return whether the file at *path* can be read, and has that SHA-256."""
    try:
        return sha256_of_file(path) == sha256
    except OSError:
        return False


def store(root: Path, data: bytes, extension: str) -> tuple[str, str]:
    """Store *data* in the corpus at *root*, durably; return its path relative to *root* and its SHA-256.

    An incomplete file of that name is replaced. Several threads may call this at once.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    directory = root / "images" / sha256[:2]
    path = directory / f"{sha256}.{extension}"
    if not is_whole(path, sha256):
        if not directory.is_dir():
            directory.mkdir(parents=True, exist_ok=True)
            sync_directory(directory.parent)
        write_atomically(path, data)
    return path.relative_to(root).as_posix(), sha256


def images_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the images of *record*; invalid ones are skipped."""
    images = record.get("images")
    return [image for image in images if isinstance(image, dict)] if isinstance(images, list) else []


def stored_pictures(record: Mapping[str, Any]) -> list[str]:
    """Return the paths, in the corpus, of the pictures of *record* that are stored, each once."""
    paths = (image.get("path") for image in images_of(record) if image.get("status") == "stored")
    return list(dict.fromkeys(p for p in paths if isinstance(p, str) and PICTURE_PATH_RE.fullmatch(p)))


def stored_picture(record: Mapping[str, Any]) -> str | None:
    """Return the path, in the corpus, of the first picture of *record* that is stored; None if it has none."""
    return next(iter(stored_pictures(record)), None)
