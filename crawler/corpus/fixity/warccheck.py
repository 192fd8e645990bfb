"""Checking the WARC files of a corpus: every record whole and as its digests say, every byte as it was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from crawler.archive.files import comes_of_a_full_disk
from crawler.archive.losses import LOSSES_NAME, Unreadable, read_losses, scan_losses
from crawler.archive.warcs import FOLDER, INDEX_NAME, warc_paths
from crawler.exceptions import DiskFull
from crawler.warc.exchange import target_uri
from crawler.warc.index import CaptureIndex, IndexedCapture, read_back
from crawler.warc.reading import BrokenRecord, read_headers, read_records

_CHUNK_BYTES = 1 << 20


class Finding(NamedTuple):
    """What is wrong with a WARC file: where in it (None: as a whole), and what; a note: what the next run mends."""

    file: str
    offset: int | None
    message: str
    is_note: bool = False


def check_index(root: Path) -> Iterator[Finding]:
    """Yield what the index of the WARC files in the corpus at *root* has read and is not there any more."""
    yield from check_losses(root)
    files_on_disk = {path.relative_to(root).as_posix() for path in warc_paths(root)}
    missing = Finding(INDEX_NAME, None, "the index of the WARC files is missing; the next run rebuilds it")
    if not (root / INDEX_NAME).exists():
        yield from [missing] if files_on_disk else []
        return
    try:
        with closing(CaptureIndex(root / INDEX_NAME, read_only=True)) as index:
            if not index.has_tables:
                yield from [missing] if files_on_disk else []
                return
            for name in sorted(index.files().keys() - files_on_disk):
                yield Finding(name, None, "the index of the WARC files has read this file, but it is gone")
                yield from (_missing(one) for one in index.of_file(name))
    except sqlite3.Error as error:
        yield _unreadable(root, error)


def check_losses(root: Path) -> Iterator[Finding]:
    """Yield the captures that are recorded as lost: as a note, if ``repair`` has reported them."""
    for one in scan_losses(root):
        if isinstance(one, Unreadable):
            yield Finding(LOSSES_NAME, one.offset, "this line is no record of a lost capture")
        elif one.repaired is None:
            yield Finding(
                one.file, one.offset, f"{one.description} is lost ({one.reason}); scrapy corpus repair takes note of it"
            )


def check_warc(root: Path, name: str) -> Iterator[Finding]:
    """Yield what is wrong with the WARC file *name* of the corpus at *root*.

    Damage that no checksum in the file shows (bits that gzip does not use, whole records that are gone from the end)
    shows by what the index knows of the bytes that were written.
    """
    index = _readable_index(root)
    try:
        read, crc = index.files().get(name, (0, 0)) if index else (0, 0)
        found_any = False
        for finding in _check_records(root, name, index, read):
            found_any = found_any or not finding.is_note
            yield finding
        size, found = _measure(root / name, read)
        if size < read:
            yield Finding(name, size, f"it is {read - size} bytes shorter than what was written")
        elif found != crc and not found_any:
            yield Finding(name, None, "its bytes are not those that were written, though each record can be read")
    except sqlite3.Error as error:
        yield _unreadable(root, error)
    finally:
        if index:
            index.close()


def check_coordinates(root: Path, file: str, offset: int, url: str | None) -> str | None:
    """Return what is wrong with a record's saying that its capture, of *url*, lies there; None if it does."""
    path = root / file
    if path.parent != root / FOLDER or path.is_symlink() or not path.is_file():
        return f"its capture is said to lie in {file!r}, which is not a WARC file of this corpus"
    place = f"its capture is said to lie in {file} at {offset}"
    try:
        headers = read_headers(path, offset)
    except (ValueError, OverflowError) as error:
        return f"{place}: {error}"
    if headers["warc-type"] not in {"response", "revisit"}:
        return f"{place}, where there is a {headers['warc-type']!r} record"
    captured = headers.get("warc-target-uri")
    if url is not None and captured != target_uri(url.partition("#")[0]):
        return f"{place}, where there is one of {captured!r}"
    return None


def _check_records(root: Path, name: str, index: CaptureIndex | None, read: int) -> Iterator[Finding]:
    beyond: list[Finding] = []
    indexed = _Indexed(index.of_file(name) if index else iter(()))
    losses = read_losses(root)
    for found in read_records(root / name):
        if isinstance(found, BrokenRecord):
            if (name, found.offset) in losses:
                continue
            finding = Finding(name, found.offset, f"there is no whole record here: {found.reason}")
            if index is not None and found.offset >= read:
                beyond.append(finding)  # what a kill left, if nothing follows
            else:
                yield finding
            continue
        yield from beyond
        beyond.clear()
        if index is None or found.offset + found.length > read:
            continue  # not in the index yet
        capture = read_back(found, name)
        yield from indexed.before(found.offset)
        if (
            capture
            and capture.kind == "revisit"
            and (name, found.offset) not in losses
            and not index.has_original(capture)
        ):
            yield Finding(
                name, found.offset, f"it is a revisit of {capture.refers_to_url}, of which no WARC file has more"
            )
        if capture and capture != indexed.at(found.offset):
            message = "the index of the WARC files does not say what this record says; scrapy corpus repair rebuilds it"
            yield Finding(name, found.offset, message)
    yield from indexed.before(None)
    for finding in beyond:
        yield finding._replace(message=f"{finding.message}; the next run moves it to quarantine/", is_note=True)


class _Indexed:
    """The *captures* of a file, by ascending offset, beside the records that are read from it."""

    def __init__(self, captures: Iterator[IndexedCapture]) -> None:
        self._captures = captures
        self._next = next(captures, None)

    def before(self, offset: int | None) -> Iterator[Finding]:
        """Yield the captures before *offset* (None: all that are left), of which no whole record was read."""
        while self._next is not None and (offset is None or self._next.offset < offset):
            yield _missing(self._next)
            self._next = next(self._captures, None)

    def at(self, offset: int) -> IndexedCapture | None:
        """Return the capture at *offset*, None if there is none."""
        if self._next is None or self._next.offset != offset:
            return None
        found, self._next = self._next, next(self._captures, None)
        return found


def _missing(capture: IndexedCapture) -> Finding:
    what = f"the {capture.kind} of {capture.url}, captured {capture.date}, was written here, and is not here"
    return Finding(capture.file, capture.offset, f"{what}; scrapy corpus repair takes note of it")


def _readable_index(root: Path) -> CaptureIndex | None:
    """Return the index, None if :func:`check_index` reports it as missing or unreadable."""
    try:
        index = CaptureIndex(root / INDEX_NAME, read_only=True)
        if index.has_tables:
            return index
        index.close()
    except sqlite3.Error as error:
        _unreadable(root, error)
    return None


def _unreadable(root: Path, error: sqlite3.Error) -> Finding:
    """Return what to say of an index that cannot be read. Raises DiskFull if it only lacks the room to be opened."""
    if comes_of_a_full_disk(root, error):
        raise DiskFull(str(root), "no room left to read the index of its WARC files") from error
    return Finding(INDEX_NAME, None, f"it cannot be read ({error}); scrapy corpus repair rebuilds it")


def _measure(path: Path, end: int) -> tuple[int, int]:
    """Return the size of the file at *path*, and the CRC-32 of its bytes up to *end*."""
    crc = 0
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        while end > 0 and (chunk := file.read(min(_CHUNK_BYTES, end))):
            crc = crc32(chunk, crc)
            end -= len(chunk)
    return size, crc
