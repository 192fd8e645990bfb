"""The segments of a corpus while it is written: lines are appended, and synced in a thread of their own."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from crawler.archive.diskerrors import write_errors
from crawler.archive.segments import FAMILIES, Place, SegmentWriter

_MOST_UNWRITTEN: Final = 1024 * 1024
"""Bytes of lines that are held back, to be written at once."""


class LineAppender:
    """Appends lines to the segments of the corpus at *root*, whose lock the caller holds.

    All but the sync itself happens in the caller's thread. After an error (``CorpusError``), also of a sync, nothing
    more may be trusted to this appender.
    """

    def __init__(self, root: Path, segment_bytes: int) -> None:
        self._root = root
        self._writers = {family: SegmentWriter(root, family, segment_bytes) for family in FAMILIES}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sync")
        self._syncing: Future[None] = Future()
        self._syncing.set_result(None)
        self._unwritten = 0

    def append(self, family: str, line: bytes) -> Place:
        """Append *line*, which ends in its only newline, to the last segment of *family*; return where it is to be."""
        writer = self._writers[family]
        if writer.is_full(line):
            self._syncing.result()  # a segment is not closed under who syncs it
        place = writer.append(line)
        self._unwritten += len(line)
        if self._unwritten > _MOST_UNWRITTEN:
            self.write()
        return place

    def write(self) -> None:
        """Write what was appended to the files, where others can read it; it may not be durable yet."""
        for writer in self._writers.values():
            writer.write()
        self._unwritten = 0

    def sync(self) -> Future[None]:
        """Write what was appended and begin to sync it, once the sync before is done; return what tells of its end.

        So one group of lines can be gathered while another is synced, but none runs far ahead of the disk.
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
        """Let go of the segments, without syncing them."""
        self._thread.shutdown()
        for writer in self._writers.values():
            writer.close()
