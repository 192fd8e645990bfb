"""Takes withdrawn captures out of WARC files: a blank record stands in the place of each, so no other one moves.

A capture is withdrawn if its URL is one of a withdrawn article, or its body is that of a capture from which a withdrawn
record was made, or a withdrawn picture. Two kinds stay: one that a remaining line names, and a body that other pages
have, too, such as an error page, unless it is one of those bodies.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from crawler.archive.files import replacing
from crawler.archive.losses import CapturePlace, read_losses, record_losses
from crawler.archive.manifest_lines import relist
from crawler.archive.segments import all_segments, read_lines
from crawler.archive.tombstones import FOREIGN_SUFFIXES, Withdrawn
from crawler.archive.warcs import INDEX_NAME, mend_warcs, warc_paths
from crawler.exceptions import CorpusError
from crawler.warc.blanks import blank_record, is_blank
from crawler.warc.index import CaptureIndex, IndexedCapture
from crawler.warc.reading import Record, read_record

_CHUNK_BYTES = 1 << 20
_PLACE_RE = re.compile(rb'"warc_file":"(warc/[^"\\]+)","warc_offset":(\d{1,18})[,}]')


def blank_withdrawn(root: Path, withdrawn: Withdrawn) -> int:
    """Blank the withdrawn captures in the WARC files of the corpus at *root*, whose lock the caller holds.

    Return how many captures there were. For each file: a copy is made durable, then its hash in the manifest, then
    the copy is renamed, then the index follows. A kill in between leaves what the next call does again.
    """
    if not warc_paths(root) and not (root / INDEX_NAME).exists():
        return 0
    mend_warcs(root)
    with closing(CaptureIndex(root / INDEX_NAME)) as index:
        by_file: dict[str, list[IndexedCapture]] = defaultdict(list)
        for one in withdrawn_captures(root, index, withdrawn):
            by_file[one.file].append(one)
        for file, captures in by_file.items():
            _blank(root, index, file, captures)
        if by_file:
            index.vacuum()
        places = {(one.file, one.offset) for captures in by_file.values() for one in captures}
    _forget_losses(root, withdrawn, places)
    return len(places)


def withdrawn_captures(root: Path, index: CaptureIndex, withdrawn: Withdrawn) -> list[IndexedCapture]:
    """Return the captures of *index* that may not be in the corpus at *root*."""
    payloads = {bytes.fromhex(one) for one in withdrawn.payloads}
    digests = {one.digest for one in index.all() if one.sha256 in payloads and one.digest}
    by_url: list[IndexedCapture] = []
    by_body: list[IndexedCapture] = []
    foreign: set[str | None] = set()
    for one in index.all():
        if one.digest in digests or one.sha256 in payloads:
            by_body.append(one)
        elif withdrawn.names(one.url) or _names_inside(root, one, withdrawn):
            by_url.append(one)
    urls = {one.digest for one in by_url if one.digest}
    if urls:
        found = {(one.file, one.offset) for one in by_url}
        foreign = {one.digest for one in index.all() if one.digest in urls and (one.file, one.offset) not in found}
    chosen = by_body + [one for one in by_url if one.digest is None or one.digest not in foreign]
    return _without_named(root, index, chosen) if chosen else []


def _names_inside(root: Path, capture: IndexedCapture, withdrawn: Withdrawn) -> bool:
    """Return whether *capture* is a part of a foreign WARC file, as Common Crawl gives it, with a withdrawn page."""
    if not capture.url.partition("?")[0].endswith(FOREIGN_SUFFIXES):
        return False
    with suppress(ValueError, OSError):
        record = read_record(root / capture.file, capture.offset)
        if is_blank(record.headers, f"{capture.file}:{capture.offset}"):
            return True  # the index did not follow, as a kill came
        return withdrawn.names_within(record.payload)
    return False


def _without_named(root: Path, index: CaptureIndex, chosen: list[IndexedCapture]) -> list[IndexedCapture]:
    """Return *chosen* without the captures that lines name, and those that have the same bodies."""
    places = {(one.file, one.offset): one for one in chosen}
    kept: set[tuple[str, int]] = set()
    digests: set[str | None] = set()
    bodies = {one.digest for one in chosen if one.digest}
    for place in _places_named(root):
        one = places.get(place) or (index.at(*place) if bodies else None)
        if one is not None and (place in places or one.digest in bodies):
            kept.add(place)
            digests.add(one.digest)
    digests.discard(None)
    return [one for place, one in places.items() if place not in kept and one.digest not in digests]


def _places_named(root: Path) -> Iterator[tuple[str, int]]:
    for path in all_segments(root):
        for _, line in read_lines(path):
            for file, offset in _PLACE_RE.findall(line):
                yield file.decode(errors="surrogateescape"), int(offset)


def _blank(root: Path, index: CaptureIndex, file: str, captures: list[IndexedCapture]) -> None:
    path = root / file
    members = sorted(
        {(one.offset, one.length, one.headers["warc-date"]) for c in captures for one in _records(path, c)}
    )
    digest, crc, size = hashlib.sha256(), 0, 0
    with (
        path.open("rb") as source,
        replacing(path, lambda _written: relist(root, {file: digest.hexdigest()})) as new,
    ):
        for piece in _pieces(source, file, members):
            new.write(piece)
            digest.update(piece)
            crc = crc32(piece, crc)
            size += len(piece)
    for one in captures:
        index.remove(one.file, one.offset)
    read, _ = index.files()[file]
    index.advance(file, read, crc if read == size else _crc(path, read))
    index.commit()


def _records(path: Path, capture: IndexedCapture) -> Iterator[Record]:
    """Yield the record of *capture* and the requests that follow it; a blank one that stands there already, too."""
    try:
        first = read_record(path, capture.offset)
    except ValueError as error:
        raise CorpusError(str(path), f"the withdrawn record at {capture.offset} cannot be read: {error}") from error
    yield first
    end = path.stat().st_size
    offset = first.offset + first.length
    own = first.headers["warc-record-id"]
    while offset < end:
        try:
            found = read_record(path, offset)
        except ValueError:
            return
        is_done = found.kind == "metadata" and is_blank(found.headers, f"{capture.file}:{offset}")
        if found.headers.get("warc-concurrent-to") != own and not is_done:
            return
        yield found
        offset += found.length


def _pieces(source: BinaryIO, file: str, members: list[tuple[int, int, str]]) -> Iterator[bytes]:
    place = 0
    for offset, length, date in members:
        yield from _read(source, offset - place)
        try:
            yield blank_record(length, f"{file}:{offset}", date)
        except ValueError as error:
            raise CorpusError(file, f"the withdrawn record at {offset} cannot be blanked: {error}") from error
        place = source.seek(offset + length)
    yield from _read(source, None)


def _read(source: BinaryIO, count: int | None) -> Iterator[bytes]:
    while count is None or count:
        chunk = source.read(_CHUNK_BYTES if count is None else min(count, _CHUNK_BYTES))
        if not chunk:
            return
        if count is not None:
            count -= len(chunk)
        yield chunk


def _crc(path: Path, end: int) -> int:
    crc = 0
    with path.open("rb") as source:
        for chunk in _read(source, end):
            crc = crc32(chunk, crc)
    return crc


def _forget_losses(root: Path, withdrawn: Withdrawn, blanked: set[tuple[str, int]]) -> None:
    """Remove withdrawn captures from the list of lost ones."""
    lost = read_losses(root)
    gone = [CapturePlace(*p) for p, one in lost.items() if p in blanked or (one.url and withdrawn.names(one.url))]
    if gone:
        record_losses(root, (), back=gone)
