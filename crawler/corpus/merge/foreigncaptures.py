"""Copies the WARC files of another corpus beside the corpus's own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from crawler.archive.files import sha256_of_file, write_pieces_atomically
from crawler.archive.warcs import FOLDER, INDEX_NAME
from crawler.corpus.merge.others import OtherCorpus
from crawler.items import Capture
from crawler.warc.index import CaptureIndex

_CHUNK_BYTES = 1024 * 1024


class Captures:
    """Copies the WARC files of the corpus *source*; ``copied`` counts them."""

    def __init__(self, source: OtherCorpus) -> None:
        self._source = source
        self._names: dict[str, tuple[str, int]] = {}
        self.copied = 0

    def copy_files(self, root: Path) -> None:
        """Copy every file to the corpus at *root*, each completely or not at all; files that it already has stay.

        If a different file has the same name there, the first digits of the SHA-256 are put before the name.
        """
        for warc in self._source.warcs():
            if not (warc.sha256 and self._is_here(root, warc.name, warc.sha256)):
                with self._source.warc(warc) as path:
                    self._copy(root, warc.name, path)

    def _is_here(self, root: Path, name: str, digest: str) -> bool:
        """Note the place of a file in *root*, and return whether it is there."""
        here = root / FOLDER / name
        if here.exists() and sha256_of_file(here) != digest:
            here = root / FOLDER / f"{digest[:12]}-{name}"
        if not here.exists():
            return False
        self._names[f"{FOLDER}/{name}"] = f"{FOLDER}/{here.name}", here.stat().st_size
        return True

    def _copy(self, root: Path, name: str, path: Path) -> None:
        digest = sha256_of_file(path)
        if self._is_here(root, name, digest):
            return
        if not (root / INDEX_NAME).exists():  # a stopped merge must not leave files without any index: damage
            CaptureIndex(root / INDEX_NAME).close()
        (root / FOLDER).mkdir(exist_ok=True)
        here = root / FOLDER / name
        if here.exists():
            here = root / FOLDER / f"{digest[:12]}-{name}"
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            write_pieces_atomically(here, iter(lambda: file.read(_CHUNK_BYTES), b""))
        self._names[f"{FOLDER}/{name}"] = f"{FOLDER}/{here.name}", here.stat().st_size
        self.copied += 1

    def placed(self, capture: Capture) -> Capture:
        """Return *capture* with its place in the copied files; without a place if they end before it."""
        if not capture.warc_file or not capture.warc_file.startswith(f"{FOLDER}/"):
            return capture
        name, size = self._names.get(capture.warc_file, (None, 0))
        if (capture.warc_offset or 0) >= size:
            name = None
        if name == capture.warc_file:
            return capture
        return replace(capture, warc_file=name, warc_offset=capture.warc_offset if name else None)
