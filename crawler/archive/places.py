"""Reads lines at known places, whether or not their segment is compressed at that moment."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from crawler.archive.intact import parted
from crawler.archive.segments import MAX_LINE_BYTES, LinePlace, open_segment, segment_name, segment_paths
from crawler.exceptions import CorpusDamaged


def lines_from(root: Path, segment: str, start: int, end: int) -> Iterator[tuple[LinePlace, bytes]]:
    """Yield the lines of *segment*, however compressed, from the offset *start* up to *end*.

    If the segment cannot be read up to *end*, the last line yielded is empty.
    """
    offset = start
    try:
        with _opened(root, segment) as file:
            file.seek(start)
            while offset < end and (line := file.readline(MAX_LINE_BYTES)):
                for at, piece in parted(line):
                    yield LinePlace(segment, offset + at, len(piece)), piece
                offset += len(line)
    except (CorpusDamaged, OSError) as error:
        _check_is_damage(error)
    if offset < end:
        yield LinePlace(segment, offset, end - offset), b""


def line_at(root: Path, place: LinePlace) -> bytes:
    """Return the line at *place*; empty if it cannot be read."""
    return next(raw for _, raw in lines_at(root, place.segment, [(place.offset, place.length)]))


def lines_at(root: Path, segment: str, wanted: Iterable[tuple[int, int]]) -> Iterator[tuple[LinePlace, bytes]]:
    """Yield the bytes of *segment* at each of the *wanted* (offset, length), which ascend.

    Where the segment cannot be read, the bytes are cut short or empty.
    """
    waiting = iter(wanted)
    place = None
    try:
        with _opened(root, segment) as file:
            end = 0
            for offset, length in waiting:
                place = LinePlace(segment, offset, length)
                if offset != end:
                    file.seek(offset)
                raw = file.read(length) if 0 < length <= MAX_LINE_BYTES else b""
                end = offset + len(raw)
                yield place, raw
                place = None
    except (CorpusDamaged, OSError) as error:
        _check_is_damage(error)
    if place is not None:
        yield place, b""
    for offset, length in waiting:
        yield LinePlace(segment, offset, length), b""


def _check_is_damage(error: Exception) -> None:
    """Raise *error* again unless it means that the disk or the compressed file cannot be read."""
    if isinstance(error, OSError) and error.errno not in {errno.EIO, errno.EINVAL}:
        raise error


@contextmanager
def _opened(root: Path, segment: str) -> Iterator[BinaryIO]:
    """Open *segment* under its current name: a crawl that closes it may compress it at this very moment."""
    attempts = 3
    while True:
        paths = segment_paths(root, segment.split("-", 1)[0])
        path = next((path for path in paths if segment_name(path) == segment), None)
        if path is None:
            raise CorpusDamaged(str(root), f"{segment}, which the catalogue has read, is gone")
        attempts -= 1
        with ExitStack() as stack:
            try:
                file = stack.enter_context(open_segment(path))
            except FileNotFoundError:
                if not attempts:
                    raise
                continue
            yield file
            return
