"""The lines of ``manifest-sha256.txt``: those of a BagIt manifest (RFC 8493, section 2.1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from crawler.archive.files import write_pieces_atomically

MANIFEST_NAME = "manifest-sha256.txt"

_LINE_RE = re.compile(rb"([0-9a-f]{64})  ([^\r\n]+)\n")


class Entry(NamedTuple):
    """A line of a manifest: a path, ``/`` between its parts, and the SHA-256 (hex) of the file there."""

    path: str
    sha256: str

    def encode(self) -> bytes:
        """Return the line, with what would break it percent-encoded."""
        path = self.path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return f"{self.sha256}  {path}\n".encode()


def read_manifest(path: Path) -> Iterator[tuple[int, Entry | None]]:
    """Yield (byte offset, entry) for each line of the manifest at *path*; None for a line that is none."""
    offset = 0
    with path.open("rb") as file:
        while line := file.readline(1 << 16):
            entry = None
            if match := _LINE_RE.fullmatch(line):
                name = match[2].decode(errors="surrogateescape")
                for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
                    name = name.replace(code, character)
                entry = Entry(name, match[1].decode())
            yield offset, entry
            offset += len(line)


def unlist(root: Path, path: str) -> None:
    """Take the line of *path* out of the manifest of the corpus at *root*, before that file changes.

    The other lines stay as they are, byte for byte.
    """
    manifest = root / MANIFEST_NAME
    if manifest.exists() and any(entry is not None and entry.path == path for _, entry in read_manifest(manifest)):
        end = Entry(path, "").encode()
        with manifest.open("rb") as lines:
            write_pieces_atomically(manifest, (line for line in lines if not line.endswith(end)))
