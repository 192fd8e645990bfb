"""Which files a corpus lists: its pictures in the catalogue, and what is final in its manifest."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from crawler.archive.files import sha256_of_file
from crawler.archive.manifest_lines import MANIFEST_NAME, ManifestEntry, manifest_problem, read_manifest
from crawler.archive.repair import CATALOGUE_NAME
from crawler.archive.sealing import read_seal
from crawler.archive.segments import FAMILIES, all_segments, seal_path
from crawler.corpus.fixity.checks import Digest, Problem
from crawler.exceptions import CorpusDamaged

LISTED_BUT_MISSING = "is listed, but missing"
_MAX_SMALL_BYTES = 1024 * 1024
_PICTURE_RE = re.compile(r"images/[0-9a-f]{2}/([0-9a-f]{64})\.[a-z0-9]+")


class Listed:
    """The pictures that the catalogue lists, beside those on disk: both sorted, so neither need fit in memory.

    ``pictures`` counts those on disk, ``unlisted`` are the ones that neither the catalogue nor, so far, a line names.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.pictures = 0
        self.unlisted: list[str] = []
        self._paths = (
            str(path)
            for (path,) in connection.execute(
                "SELECT DISTINCT path FROM pictures WHERE status = 'stored' AND path IS NOT NULL ORDER BY path"
            )
        )
        self._next = next(self._paths, None)

    def folder(self, folder: str, file_names: list[str]) -> Iterator[Problem]:
        """Take in the sorted paths of the pictures in *folder*; yield what the catalogue lists and is missing."""
        self.pictures += len(file_names)
        on_disk = set(file_names)
        yield from self._missing_until(f"{folder}/")
        while self._next is not None and self._next.startswith(f"{folder}/"):
            if self._next in on_disk:
                on_disk.discard(self._next)
            else:
                yield _missing(self._next)
            self._next = next(self._paths, None)
        self.unlisted += sorted(on_disk)

    def rest(self) -> Iterator[Problem]:
        """Yield what the catalogue lists beyond the last folder."""
        while self._next is not None:
            yield _missing(self._next)
            self._next = next(self._paths, None)

    def seen(self, paths: Iterable[str]) -> None:
        """Take note that a line names the pictures at *paths*."""
        if named := set(paths):
            self.unlisted = [path for path in self.unlisted if path not in named]

    def _missing_until(self, folder: str) -> Iterator[Problem]:
        while self._next is not None and self._next < folder:
            yield _missing(self._next)
            self._next = next(self._paths, None)


def _missing(path: str) -> Problem:
    return Problem(CATALOGUE_NAME, None, f"it lists the picture {path}, which is missing")


def check_manifest(root: Path, pictures: int, digests: list[Digest], notes: list[str]) -> Iterator[Problem]:
    """Yield what is wrong with the manifest of the corpus at *root*, which has that many *pictures*.

    What must be read in full to be checked goes to *digests*; files newer than the manifest go to *notes*.
    A picture's bytes are checked against its name elsewhere, a segment's against its seal.
    """
    if problem := manifest_problem(root):
        yield Problem(MANIFEST_NAME, None, f"{problem}; scrapy corpus repair removes it")
    if (root / MANIFEST_NAME).exists():
        yield from _check_entries(root, pictures, digests, notes)


def _check_entries(root: Path, pictures: int, digests: list[Digest], notes: list[str]) -> Iterator[Problem]:
    manifest = root / MANIFEST_NAME
    sealed = _sealed(root)
    listed_pictures, listed_segments = 0, set()
    for offset, entry in read_manifest(manifest):
        message = None
        if entry is None or not _is_safe(entry.path):
            message = "this is no line of a manifest of this corpus"
        elif match := _PICTURE_RE.fullmatch(entry.path):
            listed_pictures += 1
            message = _picture(root, entry, match[1])
        elif entry.path in sealed:
            listed_segments.add(entry.path)
            if sealed[entry.path] not in {None, entry.sha256}:
                message = f"{entry.path} is listed with another hash than its seal has"
        elif not _is_superseded(root, entry.path, sealed, listed_segments):
            message = _hash_problem(root, entry, digests)
        if message:
            yield Problem(MANIFEST_NAME, offset, message)
    newer = max(0, pictures - listed_pictures), max(0, len(sealed) - len(listed_segments))
    if any(newer):
        notes.append(f"{MANIFEST_NAME}: {newer[0]} pictures and {newer[1]} sealed segments are newer than it")


def _sealed(root: Path) -> dict[str, str | None]:
    """Return the sealed segments with the SHA-256 of their files; None where the seal cannot be read."""
    found: dict[str, str | None] = {}
    for path in all_segments(root):
        if seal_path(path).exists():
            try:
                seal = read_seal(seal_path(path))
            except CorpusDamaged:  # reported where the seal itself is checked
                found[path.relative_to(root).as_posix()] = None
            else:
                found[path.relative_to(root).as_posix()] = seal.file_sha256 if seal.file == path.name else None
    return found


def _is_safe(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path


def _picture(root: Path, entry: ManifestEntry, name: str) -> str | None:
    if not (root / entry.path).is_file():
        return f"{entry.path} {LISTED_BUT_MISSING}"
    return None if name == entry.sha256 else f"{entry.path} is listed with the hash of another picture"


def _is_superseded(root: Path, path: str, sealed: dict[str, str | None], listed: set[str]) -> bool:
    """Return whether *path*, in the manifest, is a segment that was compressed since, or the seal it had before that.

    A kill between the compression and the new manifest leaves this. *listed* are the sealed segments that the
    manifest lists as they are, each before its seal.
    """
    name = path.replace(".seal.json", ".jsonl")
    forms = {f"{name}{suffix}" for suffix in ("", ".gz", ".zst")} & set(sealed)
    return (root / path).parent.name in FAMILIES and bool(forms) and not forms & listed


def _hash_problem(root: Path, entry: ManifestEntry, digests: list[Digest]) -> str | None:
    path = root / entry.path
    try:
        if path.is_symlink() or not path.is_file():
            return f"{entry.path} {LISTED_BUT_MISSING}"
        if path.stat().st_size > _MAX_SMALL_BYTES:
            digests.append(Digest(entry.path, entry.sha256))
            return None
        found = sha256_of_file(path)
    except OSError as error:
        return f"{entry.path!r} is listed, but cannot be read: {error.strerror}"
    return None if found == entry.sha256 else f"{entry.path} is listed with another hash than it has"
