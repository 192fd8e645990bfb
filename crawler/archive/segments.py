"""Segments: append-only files of JSON lines, ``articles/articles-000001.jsonl`` and so on, rotated by size.

Only the last segment of a family is written to; the others are closed for good. A closed segment is sealed and may be
compressed (:mod:`crawler.archive.sealing`). If a kill came between writing the compressed form and removing the plain
one, both are there, and the plain one counts.
"""

from __future__ import annotations

import errno
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from crawler.archive.files import sync_directory, write_all, write_errors
from crawler.exceptions import CorpusDamaged
from crawler.zstd import zstd

FAMILIES = ("articles", "duplicates")
"""The folders that hold segments; each names its segments after itself."""

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Bytes. Gleaner writes no longer line; one is read in pieces, so that it need not fit in memory."""

_BUFFER_BYTES = 256 * 1024
_SEGMENT_RE = re.compile(r"(articles|duplicates)-(\d{6})\.jsonl(\.gz|\.zst)?", re.ASCII)


class LinePlace(NamedTuple):
    """Where a line is: its segment (``articles-000001.jsonl``, however compressed), byte offset and byte length."""

    segment: str
    offset: int
    length: int


def segment_name(path: Path) -> str:
    """Return the name of the segment in *path*, which compression does not change."""
    return path.name.removesuffix(".gz").removesuffix(".zst")


def is_segment(name: str, family: str) -> bool:
    """Return whether *name* is the name of a file that holds a segment of *family*."""
    match = _SEGMENT_RE.fullmatch(name)
    return match is not None and match[1] == family


def following_names(root: Path, family: str) -> list[str]:
    """Return the names that a segment after the last one of *family* in *root* could have."""
    last = segment_paths(root, family)[-1:]
    number = int(segment_name(last[0])[-12:-6]) + 1 if last else 1
    return [f"{family}-{number:06d}.jsonl{suffix}" for suffix in ("", ".gz", ".zst")]


def segment_paths(root: Path, family: str) -> list[Path]:
    """Return the segments of *family* in the corpus at *root*, in the order in which they were written.

    Each is returned once: the plain file, if there is also a compressed one.
    """
    directory = root / family
    if not directory.is_dir():
        return []
    found = (path for path in directory.iterdir() if is_segment(path.name, family))
    compressed_first = sorted(found, reverse=True)  # so that the plain file of a segment wins below
    return sorted({segment_name(path): path for path in compressed_first}.values())


def all_segments(root: Path) -> list[Path]:
    """Return the segments of all families in the corpus at *root*, as :func:`segment_paths` does."""
    return [path for family in FAMILIES for path in segment_paths(root, family)]


def seal_path(segment: Path) -> Path:
    """Return the path of the seal of *segment*: ``articles-000001.seal.json``, which ``*.jsonl*`` does not match."""
    return segment.with_name(f"{segment_name(segment).removesuffix('.jsonl')}.seal.json")


def is_sealed(segment: Path) -> bool:
    """Return whether nothing may be appended to *segment* or cut off it, even if it is the last of its family."""
    return segment.suffix != ".jsonl" or seal_path(segment).exists()


@contextmanager
def open_segment(path: Path, suffix: str | None = None) -> Iterator[BinaryIO]:
    """Open a segment to read its lines, whether or not it is compressed.

    *suffix* is ``.gz`` or ``.zst`` if the file's own name does not end in it. Raises ``CorpusDamaged`` for a symbolic
    link, and, also during reading, if the file cannot be decompressed.
    """
    try:
        with open(path, "rb", buffering=_BUFFER_BYTES, opener=_open_file) as file:  # Path.open takes no opener
            match suffix or path.suffix:
                case ".gz":
                    with gzip.GzipFile(fileobj=file) as plain:
                        yield cast("BinaryIO", plain)
                case ".zst":
                    with zstd.ZstdFile(file) as plain:
                        yield cast("BinaryIO", plain)
                case _:
                    yield file
    except (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
        raise CorpusDamaged(str(path), f"it cannot be decompressed: {error}") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise CorpusDamaged(str(path), "it is a symbolic link, not a segment") from error
        raise


def _open_file(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def read_lines(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    r"""Yield (byte offset, line) of a segment from the offset *start* on.

    Lines keep their ``\n``. A line without it is the torn last line, or a piece of one beyond :data:`MAX_LINE_BYTES`.
    Raises ``CorpusDamaged`` where the lines cannot be decompressed, or cannot be read from the disk.
    """
    with open_segment(path) as file:
        file.seek(start)
        offset = start
        while line := _next_line(file, path, offset):
            yield offset, line
            offset += len(line)


def _next_line(file: BinaryIO, path: Path, offset: int) -> bytes:
    try:
        return file.readline(MAX_LINE_BYTES)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        raise CorpusDamaged(str(path), f"it cannot be read at {offset} or after it") from error


class SegmentWriter:
    """Appends lines to the last segment of a family, and begins a new one when it is full.

    Lines wait in memory, and reach the file in one ``write`` to a descriptor opened with ``O_APPEND``. They are durable
    after :meth:`sync`, which one thread may call while another appends and writes. A segment is closed when it has
    *max_bytes*; a line is never split over two.
    """

    def __init__(self, root: Path, family: str, max_bytes: int) -> None:
        self._directory = root / family
        self._family = family
        self._max_bytes = max_bytes
        self._descriptor = -1
        self._lines: list[bytes] = []
        self.is_dirty = False
        """Whether lines were written since the last sync began."""
        paths = segment_paths(root, family)
        if paths and not is_sealed(paths[-1]):
            self._begin(paths[-1])
        else:
            self._number = int(segment_name(paths[-1])[-12:-6]) if paths else 0

    def is_full(self, line: bytes) -> bool:
        """Return whether *line* will begin a new segment. No sync of the last one may run when it is appended."""
        return self._descriptor < 0 or bool(self._size and self._size + len(line) > self._max_bytes)

    def append(self, line: bytes) -> LinePlace:
        """Append *line*, which ends in its only newline, and return its future place."""
        if self.is_full(line):
            self._rotate()
        place = LinePlace(self._name, self._size, len(line))
        self._lines.append(line)
        self._size += len(line)
        return place

    def write(self) -> None:
        """Write the appended lines to the file."""
        if self._lines:
            write_all(self._descriptor, b"".join(self._lines))
            self._lines.clear()
            self.is_dirty = True

    def sync(self) -> None:
        """Make written lines durable. After an ``OSError`` here do not use this writer any more."""
        if self.is_dirty:
            self.is_dirty = False  # before the sync: lines written from now on need another one
            os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the segment, without writing or syncing the appended lines."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _rotate(self) -> None:
        self.write()
        self.sync()
        self.close()
        self._directory.mkdir(exist_ok=True)
        self._begin(self._directory / f"{self._family}-{self._number + 1:06d}.jsonl")
        sync_directory(self._directory)
        sync_directory(self._directory.parent)

    def _begin(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        self._size = os.fstat(self._descriptor).st_size
        self._number = int(path.name[-12:-6])
        self._name = path.name


_MAX_UNWRITTEN_BYTES: Final = 1024 * 1024
"""Bytes of lines that wait in memory to be written together."""


class LineAppender:
    """Appends lines to the segments of the corpus at *root*, whose lock the caller holds.

    Everything except the sync itself happens in the caller's thread. After an error (``CorpusError``), also of a sync,
    do not use this appender any more.
    """

    def __init__(self, root: Path, segment_bytes: int) -> None:
        self._root = root
        self._writers = {family: SegmentWriter(root, family, segment_bytes) for family in FAMILIES}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sync")
        self._syncing: Future[None] = Future()
        self._syncing.set_result(None)
        self._unwritten = 0

    def append(self, family: str, line: bytes) -> LinePlace:
        """Append *line*, which ends in its only newline, to the last segment of *family*; return its future place."""
        writer = self._writers[family]
        if writer.is_full(line):
            self._syncing.result()  # do not close a segment while it is being synced
        place = writer.append(line)
        self._unwritten += len(line)
        if self._unwritten > _MAX_UNWRITTEN_BYTES:
            self.write()
        return place

    def write(self) -> None:
        """Write the appended lines to the files, where others can read them; they may not be durable yet."""
        for writer in self._writers.values():
            writer.write()
        self._unwritten = 0

    def sync(self) -> Future[None]:
        """Write the appended lines and begin to sync them, after the previous sync is done; return the future of it.

        So one group of lines can be gathered while another is synced, but not more than one.
        """
        self.write()
        if any(writer.is_dirty for writer in self._writers.values()):
            self._syncing.result()
            self._syncing = self._thread.submit(self._sync)
        return self._syncing

    def _sync(self) -> None:
        with write_errors(self._root):
            for writer in self._writers.values():
                writer.sync()

    def close(self) -> None:
        """Close the segments, without syncing them."""
        self._thread.shutdown()
        for writer in self._writers.values():
            writer.close()
