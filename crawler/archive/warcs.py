"""The WARC files of a corpus: one crawl at a time writes them, and they are repaired after a kill.

They are named ``warc/<site>-<run>-00001.warc.gz`` and so on. Each run begins a new file, and another one whenever a
file reaches its size; nothing is ever appended to the file of an earlier run. Their index ``warc.sqlite`` follows from
them.

One ``write`` appends an exchange. It is durable after :meth:`CaptureWriter.make_durable`, which comes before the line
of any record that names it, so no line ever names a missing capture. The index is committed after that, never before.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from zlib import crc32

from crawler.archive.files import comes_of_a_full_disk, sync_directory, write_all
from crawler.archive.losses import (
    CapturePlace,
    Loss,
    captures_named,
    loss_at,
    read_losses,
    record_losses,
    repaired,
)
from crawler.archive.manifest_lines import MANIFEST_NAME, read_manifest
from crawler.archive.quarantine import cut_off
from crawler.archive.tombstones import WithdrawnContentError
from crawler.warc.exchange import Exchange
from crawler.warc.index import CaptureIndex, IndexedCapture, read_back
from crawler.warc.reading import BrokenRecord, Record, read_records
from crawler.warc.writing import Original, encode_exchange, encode_warcinfo, new_record_id

FOLDER = "warc"
WARC_PATTERN = "*.warc.gz"
INDEX_NAME = "warc.sqlite"
_REBUILT_NAME = "warc.rebuild"
_NO_ORIGINAL = "the response that it refers to is lost"
_CHUNK_BYTES = 1 << 20
_OURS_RE = re.compile(r".+-\d{5}\.warc\.gz", re.ASCII | re.DOTALL)


@dataclass(slots=True)
class Mended:
    """What was repaired in the WARC files and their index: nothing, after a clean end."""

    rebuilt: str | None = None
    """Why the index was rebuilt."""
    adopted: int = 0
    """Captures that the index had not read yet."""
    cut: list[tuple[str, int, int]] = field(default_factory=list)
    """Torn ends that were moved to quarantine/: file, offset, bytes."""
    damaged: list[tuple[str, BrokenRecord]] = field(default_factory=list)
    """Bytes between records that are not a record: left in place, and reported by ``verify``."""
    lost: list[Loss] = field(default_factory=list)
    """Captures that the index knew, or that are not records any more, and were not recorded as lost before."""

    def messages(self) -> Iterator[str]:
        """Yield a line for a person about each thing that was repaired, and one about all lost captures."""
        yield from self.repairs()
        if self.lost:
            more = f", and {len(self.lost) - 1} more" if len(self.lost) > 1 else ""
            yield f"{self.lost[0]}{more}; scrapy corpus verify names all, scrapy corpus repair records them"

    def repairs(self) -> Iterator[str]:
        """Yield a line for a person about each thing that was repaired."""
        if self.rebuilt:
            yield f"the index of the WARC files was rebuilt: {self.rebuilt}"
        elif self.adopted:
            yield f"{self.adopted} captures were taken into the index of the WARC files, which had not read them yet"
        for name, offset, length in self.cut:
            yield f"{name}: a torn end of {length} bytes at {offset} was moved to quarantine/"
        for name, broken in self.damaged:
            yield f"{name}: at {broken.offset} there is no whole record ({broken.reason}); it is left as it is"


class CaptureWriter:
    """Writes the exchanges of *run* to the corpus at *root*, whose lock the caller holds.

    *facts* go into each file's ``warcinfo``; a new file is begun once one has *max_bytes*. *refuses* says of which URL
    and body no exchange is kept. One thread may :meth:`write`
    while another calls :meth:`sync`. ``OSError`` and ``sqlite3.Error`` are passed on; after one do not use this writer
    any more.
    """

    def __init__(
        self,
        root: Path,
        site: str,
        run: str,
        *,
        max_bytes: int,
        facts: Mapping[str, str],
        refuses: Callable[[str, bytes], bool] = lambda _url, _body: False,
    ) -> None:
        self._refuses = refuses
        self._root = root
        self._name = f"{site}-{run}"
        self._facts = dict(facts)
        self._max_bytes = max_bytes
        self._index = CaptureIndex(root / INDEX_NAME)
        self._lock = Lock()
        self._descriptor = -1
        self._number = 0
        self._file = ""
        self._size = self._crc = self._synced = 0  # of the current file; earlier ones are durable
        self._dirty = False

    def write(self, exchange: Exchange) -> CapturePlace:
        """Append *exchange*; return where its response begins. A payload that is stored already becomes a revisit.

        Raises ``WithdrawnContentError`` for what may not be kept.
        """
        if self._refuses(exchange.url, exchange.body):
            raise WithdrawnContentError
        with self._lock:
            if self._descriptor < 0 or self._size >= self._max_bytes:
                self._rotate()
            original = self._original(exchange)
        encoded = encode_exchange(exchange, self._info, original)
        with self._lock:
            place = CapturePlace(self._file, self._size)
            self._append(encoded.data)
            _index(self._index, encoded.record._replace(offset=place.offset), self._file)
        return place

    def _original(self, exchange: Exchange) -> Original | None:
        if exchange.status == HTTPStatus.NOT_MODIFIED:
            return self._index.last_answer(exchange.url)
        return self._index.original(sha256(exchange.body).digest()) if exchange.body else None

    def sync(self) -> None:
        """Make everything written so far durable."""
        with self._lock:
            self._sync()

    def make_durable(self, place: CapturePlace) -> None:
        """Make the capture at *place* durable, unless an earlier sync did."""
        with self._lock:
            if place.file == self._file and place.offset >= self._synced:
                self._sync()

    def close(self) -> None:
        """Make everything written durable, and close the files."""
        try:
            self.sync()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the files as they are, after an error."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._index.close()

    def _append(self, data: bytes) -> None:
        self._dirty = True
        write_all(self._descriptor, data)
        self._size += len(data)
        self._crc = crc32(data, self._crc)
        self._index.advance(self._file, self._size, self._crc)

    def _sync(self) -> None:
        if self._dirty:
            os.fdatasync(self._descriptor)
            self._index.commit()
            self._dirty = False
            self._synced = self._size

    def _rotate(self) -> None:
        self._sync()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._number += 1
        path = self._root / FOLDER / f"{self._name}-{self._number:05d}.warc.gz"
        path.parent.mkdir(exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        self._file = path.relative_to(self._root).as_posix()
        self._size = self._crc = self._synced = 0
        self._info = new_record_id()
        self._append(encode_warcinfo(path.name, self._facts, record_id=self._info, date=datetime.now(UTC)))
        sync_directory(path.parent)
        sync_directory(self._root)


def warc_paths(root: Path) -> list[Path]:
    """Return the WARC files of the corpus at *root*."""
    found = (root / FOLDER).glob(WARC_PATTERN)
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def mend_warcs(root: Path, *, rebuild: str | None = None) -> Mended:
    """Bring the WARC files of the corpus at *root* and their index into agreement; the caller holds its lock.

    The files are the truth: the index reads what it has not read yet. A torn end is moved to ``quarantine/``, but never
    that of a file that the manifest lists, or that was not written by Gleaner. *rebuild* is a reason to rebuild the
    index in any state.
    """
    mended = Mended(rebuild)
    paths = warc_paths(root)
    if not paths and not (root / INDEX_NAME).exists():
        return mended
    index = None if rebuild else _open_index(root, mended)
    if index is None:
        _rebuild_index(root, paths, mended)
    else:
        with closing(index):
            _catch_up(root, paths, index, mended)
    return mended


def _catch_up(root: Path, paths: list[Path], index: CaptureIndex, mended: Mended) -> None:
    """Bring *index* up to date with the files: add new captures, and remove those that are gone."""
    known, before = index.files(), list[IndexedCapture]()
    for path in paths:
        name = path.relative_to(root).as_posix()
        read, crc = known.pop(name, (0, 0))
        size = path.stat().st_size
        if size < read:
            before += index.of_file(name)
            index.forget(name)
            read = crc = 0
        if size > read or not size:
            _take_in(root, path, index, read, crc, mended)
    for name in known:
        before += index.of_file(name)
        index.forget(name)
    if before or mended.adopted or mended.damaged:
        _record_losses(root, index, before, mended)
    index.commit()


def _open_index(root: Path, mended: Mended) -> CaptureIndex | None:
    """Return the index as it is; None, with the reason in *mended*, if it must be rebuilt."""
    path = root / INDEX_NAME
    if not path.exists():
        mended.rebuilt = "it was missing"
        return None
    try:
        index = CaptureIndex(path)
        index.files()
    except sqlite3.DatabaseError as error:
        if comes_of_a_full_disk(root, error):
            raise
        mended.rebuilt = f"it could not be read ({error})"
        return None
    return index


def _rebuild_index(root: Path, paths: list[Path], mended: Mended) -> None:
    """Rebuild the index beside the old one, which shows what is lost, as far as it can be read."""
    path, fresh = root / INDEX_NAME, root / _REBUILT_NAME
    _unlink(fresh)
    with closing(CaptureIndex(fresh)) as index:
        for warc in paths:
            _take_in(root, warc, index, 0, 0, mended)
        _record_losses(root, index, _captures_indexed_before(path), mended)
        index.commit()
        index.into_one_file()
    _unlink(path)
    fresh.rename(path)
    sync_directory(root)


def _unlink(path: Path) -> None:
    for leftover in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        leftover.unlink(missing_ok=True)


def _captures_indexed_before(path: Path) -> Iterator[IndexedCapture]:
    """Yield the captures in the index at *path*, as far as it can be read."""
    with suppress(sqlite3.Error), closing(CaptureIndex(path, read_only=True)) as index:
        for name in index.files():
            yield from index.of_file(name)


def _record_losses(root: Path, index: CaptureIndex, before: Iterable[IndexedCapture], mended: Mended) -> None:
    """Record captures of *before* that are not in *index* as lost; remove losses of captures that are back.

    The losses are durable before the new index is, which no longer has those captures.
    """
    losses = {}
    for one in before:
        found = index.at(one.file, one.offset)
        if found is None or found.record_id != one.record_id:
            reason = _loss_reason(root, one)
            losses[one.file, one.offset] = loss_at(
                (one.file, one.offset), reason, kind=one.kind, url=one.url, date=one.date
            )
    for name, broken in mended.damaged:
        losses.setdefault((name, broken.offset), loss_at((name, broken.offset), broken.reason))
    recorded = read_losses(root)
    if losses or recorded or mended.rebuilt:
        for one in index.orphans():
            loss = loss_at((one.file, one.offset), _NO_ORIGINAL, kind=one.kind, url=one.url, date=one.date)
            losses[one.file, one.offset] = loss
    back = [place for place in recorded if place not in losses and index.at(*place)]
    mended.lost = [one for one in losses.values() if one.place not in recorded]
    record_losses(root, losses.values(), back=back)


def _loss_reason(root: Path, capture: IndexedCapture) -> str:
    try:
        size = (root / capture.file).stat().st_size
    except OSError:
        return "the file is gone"
    return "the file ends before it" if capture.offset >= size else "there is no whole record"


def account_for_captures(root: Path) -> dict[Loss, list[str]]:
    """Return the losses of the corpus at *root* that were never reported, and the records made from each.

    Captures that the lines name are checked too, so a loss is found even if the index was lost with it. The caller
    holds the corpus's lock, and has repaired the index. From now on the losses count as repaired.
    """
    recorded, missing, records = read_losses(root), dict[CapturePlace, Loss](), dict[CapturePlace, list[str]]()
    with ExitStack() as stack:
        index = None
        if (root / INDEX_NAME).exists():
            index = stack.enter_context(closing(CaptureIndex(root / INDEX_NAME, read_only=True)))
        for place, url, moment, record in captures_named(root):
            if place not in recorded and not (index and index.at(*place)):
                missing[place] = loss_at(place, "nothing of it is there", kind="response", url=url, date=moment)
            if place in recorded or place in missing:
                records.setdefault(place, []).append(record)
    record_losses(root, missing.values())
    return {one: records.get(one.place, []) for one in repaired(root)}


def _take_in(root: Path, path: Path, index: CaptureIndex, start: int, crc: int, mended: Mended) -> None:
    """Index *path* from *start* on; cut off what follows the last whole record, if that is allowed."""
    name = path.relative_to(root).as_posix()
    end, broken = start, list[BrokenRecord]()
    index.advance(name, start, crc)
    for found in read_records(path, start):
        if isinstance(found, BrokenRecord):
            broken.append(found)
            continue
        mended.damaged += ((name, one) for one in broken)
        broken.clear()
        end = found.offset + found.length
        mended.adopted += _index(index, found, name)
    if broken and not (_OURS_RE.fullmatch(path.name) and not _is_final(root, name)):
        mended.damaged += ((name, one) for one in broken)
        end = path.stat().st_size
    elif broken or (not end and _OURS_RE.fullmatch(path.name)):
        mended.cut.append((name, end, _cut(root, path, end)))
    if path.exists():
        index.advance(name, end, _crc_of(path, start, end, crc))
    else:
        index.forget(name)


def _is_final(root: Path, name: str) -> bool:
    manifest = root / MANIFEST_NAME
    return manifest.exists() and any(entry and entry.path == name for _, entry in read_manifest(manifest))


def _index(index: CaptureIndex, record: Record, name: str) -> bool:
    capture = read_back(record, name)
    if capture:
        index.add(capture)
    return capture is not None


def _crc_of(path: Path, start: int, end: int, crc: int) -> int:
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(_CHUNK_BYTES, end - start))):
            crc = crc32(chunk, crc)
            start += len(chunk)
    return crc


def _cut(root: Path, path: Path, offset: int) -> int:
    """Move the bytes of *path* from *offset* on to quarantine/; remove an empty file. Return its new size."""
    size = cut_off(root, path, offset)
    if not offset:
        path.unlink()
        sync_directory(path.parent)
    return size
