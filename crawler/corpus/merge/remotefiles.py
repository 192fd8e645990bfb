"""The files of a corpus behind a URL, fetched one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlsplit

from crawler.archive.files import write_pieces_atomically
from crawler.exceptions import CorpusError
from crawler.inputs import expand_input, open_input, shown
from crawler.inputs.names import is_http
from crawler.inputs.retries import Refused

_CHUNK_BYTES = 1 << 20


class RemoteFiles:
    """The files in the folder *url*, by their paths in it.

    ``Refused`` is raised if the server refuses a file or has none, and ``CorpusError``, which names the URL, for
    everything else that keeps it from being read.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.name = shown(url)
        self.lists = not is_http(url)
        """Whether the server lists its files."""

    def inside(self, folder: str) -> RemoteFiles:
        """Return the files in *folder* of these."""
        return RemoteFiles(self._url_of(folder))

    def listed(self, folder: str) -> Iterator[str]:
        """Yield the paths of the files in *folder*, which has them itself."""
        start = f"{self._url_of(folder)}/"
        for url, is_found in expand_input(start):
            name = url.rpartition("/")[2]
            if is_found and url == start + name:
                yield f"{folder}/{name}"

    def read(self, path: str, max_bytes: int) -> bytes:
        """Return the file *path*, but no more than about *max_bytes*."""
        data = bytearray()
        with closing(self._open(path)) as file:
            for piece in self._pieces(path, file):
                data += piece
                if len(data) > max_bytes:
                    break
        return bytes(data)

    def begins_with(self, path: str, starts: tuple[bytes, ...]) -> bool:
        """Return whether there is a file *path* that begins with one of *starts*."""
        try:
            return self.read(path, 0).startswith(starts)
        except Refused:
            return False

    def fetch(self, path: str, target: Path, max_bytes: int | None = None) -> str:
        """Write the file *path* to *target*, whole or not at all; return its SHA-256 in hexadecimal digits.

        Raises ``OSError`` if it cannot be written.
        """
        digest, size = hashlib.sha256(), 0

        def pieces() -> Iterator[bytes]:
            nonlocal size
            for piece in self._pieces(path, file):
                size += len(piece)
                if max_bytes is not None and size > max_bytes:
                    raise CorpusError(self.name, f"{path} is longer than {max_bytes:,} bytes")
                digest.update(piece)
                yield piece

        with closing(self._open(path)) as file:
            target.parent.mkdir(exist_ok=True)
            write_pieces_atomically(target, pieces())
        return digest.hexdigest()

    def _open(self, path: str) -> IO[bytes]:
        try:
            return open_input(self._url_of(path))
        except Refused:
            raise
        except OSError as error:
            raise self._unreadable(path, error) from error

    def _pieces(self, path: str, file: IO[bytes]) -> Iterator[bytes]:
        try:
            while piece := file.read(_CHUNK_BYTES):
                yield piece
        except OSError as error:
            raise self._unreadable(path, error) from error

    def _unreadable(self, path: str, error: OSError) -> CorpusError:
        return CorpusError(self.name, f"{path}: {error.strerror or error}; run the same command again")

    def _url_of(self, path: str) -> str:
        """Return the URL of the file or folder *path*; a query, such as that of a signed URL, stays."""
        if self.lists:
            return f"{self._url.rstrip('/')}/{path}"
        parts = urlsplit(self._url)
        return parts._replace(path=f"{parts.path.rstrip('/')}/{quote(path)}", fragment="").geturl()
