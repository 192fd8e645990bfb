"""The lines of ``manifest-sha256.txt``: those of a BagIt manifest (RFC 8493, section 2.1.3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from crawler.archive.files import sha256_of_file, write_pieces_atomically

MANIFEST_NAME = "manifest-sha256.txt"
TAG_NAME = f"tag{MANIFEST_NAME}"
"""Holds the hash of the manifest, so that a cut, empty or missing manifest is found, as with BagIt's tag manifest."""

_HASH_DIGITS = 64
_LINE_RE = re.compile(rb"([0-9a-f]{64})  ([^\r\n]+)\n")


class ManifestEntry(NamedTuple):
    """A line of a manifest: a path, ``/`` between its parts, and the SHA-256 (hex) of the file there."""

    path: str
    sha256: str

    def encode(self) -> bytes:
        """Return the line; characters that would break it are percent-encoded."""
        path = self.path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return f"{self.sha256}  {path}\n".encode()


def read_manifest(path: Path) -> Iterator[tuple[int, ManifestEntry | None]]:
    """Yield (byte offset, entry) for each line of the manifest at *path*; None for an invalid line."""
    offset = 0
    with path.open("rb") as file:
        while line := file.readline(1 << 16):
            entry = None
            if match := _LINE_RE.fullmatch(line):
                name = match[2].decode(errors="surrogateescape")
                for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
                    name = name.replace(code, character)
                entry = ManifestEntry(name, match[1].decode())
            yield offset, entry
            offset += len(line)


def unlist(root: Path, path: str) -> None:
    """Remove the line of *path* from the manifest of the corpus at *root*, before that file changes.

    The other lines stay as they are, byte for byte.
    """
    manifest = root / MANIFEST_NAME
    if manifest.exists() and any(entry is not None and entry.path == path for _, entry in read_manifest(manifest)):
        end = ManifestEntry(path, "").encode()
        is_whole = manifest_problem(root) is None
        with manifest.open("rb") as lines:
            others = (line for line in lines if not line.endswith(end))
            if is_whole:
                replace_manifest(root, others)
            else:  # its hash stays, and still shows that
                write_pieces_atomically(manifest, others)


def relist(root: Path, changes: Mapping[str, str | None]) -> None:
    """Give the listed paths of *changes* new hashes in the manifest of the corpus at *root*; None removes the line.

    It is done before the files change. What is not listed stays so, and the other lines stay byte for byte.
    """
    manifest = root / MANIFEST_NAME
    if not manifest.exists():
        return
    listed = {entry.path: entry for _, entry in read_manifest(manifest) if entry is not None}
    new = {path: sha256 for path, sha256 in changes.items() if path in listed and listed[path].sha256 != sha256}
    if not new:
        return
    ends = {ManifestEntry(path, "").encode(): ManifestEntry(path, sha256 or "") for path, sha256 in new.items()}

    def lines() -> Iterator[bytes]:
        with manifest.open("rb") as file:
            for line in file:
                entry = ends.get(line[_HASH_DIGITS:])
                if entry is None:
                    yield line
                elif entry.sha256:
                    yield entry.encode()

    if manifest_problem(root) is None:
        replace_manifest(root, lines())
    else:  # its hash stays, and still shows that
        write_pieces_atomically(manifest, lines())


def replace_manifest(root: Path, lines: Iterable[bytes]) -> None:
    """Replace the manifest of the corpus at *root* by *lines*, durably, and note its own hash in :data:`TAG_NAME`.

    Meanwhile :data:`TAG_NAME` holds both hashes, the old and the new, so after a kill the manifest fits one of them.
    """
    manifest, digest = root / MANIFEST_NAME, hashlib.sha256()
    before = sha256_of_file(manifest) if manifest.exists() else None

    def pieces() -> Iterator[bytes]:
        for line in lines:
            digest.update(line)
            yield line
        if before is not None:
            _write_tag(root, before, digest.hexdigest())

    write_pieces_atomically(manifest, pieces())
    _write_tag(root, digest.hexdigest())


def manifest_problem(root: Path) -> str | None:
    """Return how the manifest of the corpus at *root* was changed; None if it was not, or no hash was noted."""
    tag = root / TAG_NAME
    if not tag.exists():
        return None
    hashes = {entry.sha256 for _, entry in read_manifest(tag) if entry and entry.path == MANIFEST_NAME}
    if not hashes:
        return f"its hash in {TAG_NAME} cannot be read"
    if not (root / MANIFEST_NAME).exists():
        return "it is missing"
    if (root / MANIFEST_NAME).is_symlink() or sha256_of_file(root / MANIFEST_NAME) not in hashes:
        return f"it is not what was written: {TAG_NAME} has another hash"
    return None


def _write_tag(root: Path, *hashes: str) -> None:
    write_pieces_atomically(
        root / TAG_NAME, (ManifestEntry(MANIFEST_NAME, one).encode() for one in dict.fromkeys(hashes))
    )
