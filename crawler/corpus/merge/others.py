"""The corpora that a merge reads: what is asked of one, and the usual one, a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from crawler.archive.warcs import FOLDER, warc_paths


class OtherWarc(NamedTuple):
    """A WARC file of another corpus: its name, and its SHA-256 in hexadecimal digits if the corpus says it."""

    name: str
    sha256: str | None


class OtherCorpus:
    """The corpus in the folder *root*, which is only read.

    ``name`` is how messages call it. ``flaws`` are sentences about files that are not what the corpus says of them.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)
        self.flaws: list[str] = []

    def picture(self, path: str, max_bytes: int) -> bytes | None:
        """Return the file *path*, but no more than *max_bytes* and one; None if there is none.

        No link out of the corpus is followed.
        """
        source = self.root.resolve()
        if not (source / path).resolve().is_relative_to(source):
            return None
        try:
            descriptor = os.open(source / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                return file.read(max_bytes + 1)
        except OSError:
            return None

    def warcs(self) -> Iterator[OtherWarc]:
        """Yield the WARC files of the corpus."""
        source = self.root.resolve()
        if (source / FOLDER).resolve() == source / FOLDER:  # a link may lead out of the corpus
            for path in warc_paths(source):
                yield OtherWarc(path.name, None)

    @contextmanager
    def warc(self, warc: OtherWarc) -> Iterator[Path]:
        """Give a local path of the content of *warc*."""
        yield self.root.resolve() / FOLDER / warc.name
