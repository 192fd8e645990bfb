"""Reading lines where they are known to be, whatever form their segment has at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crawler.archive.segments import Place, read_lines, segment_name, segment_paths
from crawler.exceptions import CorpusDamaged


def lines_from(root: Path, segment: str, start: int, end: int) -> Iterator[tuple[Place, bytes]]:
    """Yield the lines of *segment*, however compressed, from the offset *start* up to *end*."""
    if start >= end:
        return
    for offset, line in _open(root, segment, start):
        if offset >= end:
            return
        yield Place(segment, offset, len(line)), line


def line_at(root: Path, place: Place) -> bytes:
    """Return the line at *place*."""
    return next((raw for _, raw in lines_at(root, place.segment, iter([(place.offset, place.length)]))), b"")


def lines_at(root: Path, segment: str, wanted: Iterator[tuple[int, int]]) -> Iterator[tuple[Place, bytes]]:
    """Yield the lines of *segment* at the *wanted* (offset, length), which ascend."""
    place = next(wanted, None)
    if place is None:
        return
    for offset, line in _open(root, segment, place[0]):
        if offset < place[0]:
            continue
        if (offset, len(line)) != place:
            raise CorpusDamaged(
                str(root), f"{segment} has no line of {place[1]} bytes at {place[0]}; scrapy corpus verify tells more"
            )
        yield Place(segment, *place), line
        place = next(wanted, None)
        if place is None:
            return
    raise CorpusDamaged(str(root), f"{segment} ends before {place[0]}, which the catalogue has read")


def _open(root: Path, segment: str, start: int) -> Iterator[tuple[int, bytes]]:
    """Read *segment* under whatever name it has now: a crawl that closes it may compress it at this very moment."""
    for attempt in range(3):
        paths = segment_paths(root, segment.split("-", 1)[0])
        path = next((path for path in paths if segment_name(path) == segment), None)
        if path is None:
            break
        lines = read_lines(path, start)
        try:
            first = next(lines, None)
        except FileNotFoundError:
            if attempt == 2:  # noqa: PLR2004 - the last one
                raise
            continue
        if first is not None:
            yield first
            yield from lines
        return
    raise CorpusDamaged(str(root), f"{segment}, which the catalogue has read, is gone")
