"""Bringing lines and catalogue back into agreement, after a kill, a power cut, or the loss of the catalogue.

The lines are the truth. Lines that the catalogue has not read are taken in; a torn end is cut off, into
``quarantine/`` and not into nothing; a catalogue that has read more than there is, is made anew.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from zlib import crc32

from crawler.archive.catalogue import Catalogue
from crawler.archive.depths import pass_on_depths
from crawler.archive.diskerrors import comes_of_a_full_disk
from crawler.archive.entries import MANIFEST_NAME
from crawler.archive.files import sync_directory, write_atomically
from crawler.archive.losses import Loss, of_records
from crawler.archive.lostpictures import LostPictures, ask_for_lost
from crawler.archive.places import line_at
from crawler.archive.schema import NO_CRC
from crawler.archive.segments import FAMILIES, Place, is_sealed, read_lines, segment_name, segment_paths
from crawler.archive.warcs import Mended
from crawler.exceptions import CorpusDamaged
from crawler.jsonl import decode
from crawler.text import content_sha256

CATALOGUE_NAME = "catalogue.sqlite"
_LINES_A_COMMIT = 1_000
_NO_RECORD = (
    *(ValueError, TypeError, AttributeError, OverflowError),
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
)
"""What comes of indexing a line that is not a record of the corpus, or one with a number where a text should be."""


@dataclass(slots=True)
class Recovery:
    """What opening a corpus had to mend: nothing, after a clean end."""

    adopted: int = 0
    """Whole lines that the catalogue had not read yet."""
    rebuilt: str | None = None
    """Why the catalogue was made anew."""
    cut: list[Place] = field(default_factory=list)
    """Torn ends that were moved to quarantine/."""
    described: str | None = None
    """Why corpus.json was rebuilt."""
    damaged: list[tuple[Place, str]] = field(default_factory=list)
    """Lines amid others that are not records: left where they are, for ``verify`` to show."""
    manifest: str | None = None
    """Why the manifest was taken away."""
    damaged_pictures: list[str] = field(default_factory=list)
    """Pictures whose bytes were not those of their names, and that were moved to quarantine/."""
    lost_pictures: LostPictures = field(default_factory=LostPictures)
    """Stored pictures whose files are not there, and the keys that are requested again for them."""
    mended: Mended = field(default_factory=Mended)
    """What had to be done to the WARC files."""
    lost: dict[Loss, list[str]] = field(default_factory=dict)
    """Captures that are lost, and of each the records that were made of it."""

    def messages(self) -> Iterator[str]:
        """Yield a line for a person about each thing that was mended."""
        if self.described:
            yield f"corpus.json was rebuilt from what lies beside it: {self.described}"
        if self.rebuilt:
            yield f"the catalogue was rebuilt from the lines: {self.rebuilt}"
        elif self.adopted:
            yield f"{self.adopted} archived lines were taken into the catalogue, which had not read them yet"
        for place in self.cut:
            yield f"{place.segment}: a torn end of {place.length} bytes at {place.offset} was moved to quarantine/"
        for place, reason in self.damaged:
            yield f"{place.segment}: the line at {place.offset} is not a record ({reason}); it is left as it is"
        if self.manifest:
            yield f"{MANIFEST_NAME}: {self.manifest}; it was moved to quarantine/; scrapy corpus seal makes a new one"
        for path in self.damaged_pictures:
            yield f"{path}: its bytes are not those of its name; it was moved to quarantine/"
        paths, keys = self.lost_pictures
        yield from (f"{path}: this picture is lost" for path in paths if path not in self.damaged_pictures)
        if paths:
            yield f"{len(paths)} pictures are requested again by the next crawl, with {len(keys)} articles"
        yield from self.mended.told()
        for loss, records in self.lost.items():
            yield f"{loss}{of_records(records)}"


def open_catalogue(root: Path, *, rebuild: str | None = None) -> tuple[Catalogue, Recovery]:
    """Open the catalogue of the corpus at *root*, in agreement with its lines.

    The caller holds the corpus's lock. *rebuild* is a reason to make it anew whatever its state.
    """
    path = root / CATALOGUE_NAME
    recovery = Recovery()
    if rebuild is None and path.exists():
        opened = _open_as_it_is(root, path, recovery)
        if isinstance(opened, Catalogue):
            return opened, recovery
        rebuild, recovery = opened, Recovery()
    elif rebuild is None and any(segment_paths(root, family) for family in FAMILIES):
        rebuild = "it was missing"
    recovery.rebuilt = rebuild
    return _rebuild(root, path, recovery), recovery


def _open_as_it_is(root: Path, path: Path, recovery: Recovery) -> Catalogue | str:
    """Return the catalogue at *path* with the lines taken in that it lacks, or why it must be made anew."""
    try:
        catalogue = Catalogue(path)
    except sqlite3.DatabaseError as error:
        if comes_of_a_full_disk(root, error):
            raise
        return f"it could not be read ({error})"
    try:
        if reason := _disagreement(root, catalogue):
            catalogue.close()
            return reason
        _take_in_tails(root, catalogue, recovery)
        with catalogue.transaction():
            pass_on_depths(catalogue, partial(line_at, root))
    except BaseException as error:
        catalogue.close()
        if is_malformed(error):
            return f"it could not be read ({error})"
        raise
    return catalogue


def is_malformed(error: BaseException | None) -> bool:
    """Tell whether *error* is SQLite's, of a database whose pages contradict each other."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.DatabaseError) else 0
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def discard_catalogue(root: Path) -> None:
    """Take away the catalogue of the corpus at *root*: who opens it next makes it anew."""
    _remove(root / CATALOGUE_NAME)


def _disagreement(root: Path, catalogue: Catalogue) -> str | None:
    """Return how the catalogue is ahead of the lines, None if it is not."""
    sizes = {
        segment_name(path): None if path.suffix != ".jsonl" else path.stat().st_size
        for family in FAMILIES
        for path in segment_paths(root, family)
    }
    for name, (end, _) in catalogue.segments().items():
        if name not in sizes:
            return f"{name}, which it had read, is gone"
        size = sizes[name]
        if size is not None and size < end:
            return f"{name} is {end - size} bytes shorter than what it had read"
    return None


def _take_in_tails(root: Path, catalogue: Catalogue, recovery: Recovery) -> None:
    read = catalogue.segments()
    for family in FAMILIES:
        for path in segment_paths(root, family):
            name = segment_name(path)
            start = read.get(name, (0, 0))[0]
            if (path.suffix == ".jsonl" and path.stat().st_size > start) or name not in read:
                _take_in(root, catalogue, path, start, recovery, keep_damaged=False)


def _rebuild(root: Path, path: Path, recovery: Recovery) -> Catalogue:
    fresh = path.with_suffix(".rebuild")
    _remove(fresh)
    try:
        _fill(root, fresh, recovery)
    except BaseException:
        _remove(fresh)  # it may be what the disk has no room for
        raise
    for old in (Path(f"{path}-wal"), Path(f"{path}-shm")):
        old.unlink(missing_ok=True)
    fresh.rename(path)
    sync_directory(root)
    return Catalogue(path)


def _fill(root: Path, fresh: Path, recovery: Recovery) -> None:
    """Make a catalogue of all lines at *fresh*."""
    catalogue = Catalogue(fresh)
    try:
        for family in FAMILIES:
            for segment in segment_paths(root, family):
                _take_in(root, catalogue, segment, 0, recovery, keep_damaged=True)
        with catalogue.transaction():
            pass_on_depths(catalogue, partial(line_at, root))
            recovery.lost_pictures = ask_for_lost(root, catalogue)
        catalogue.connection.execute("PRAGMA journal_mode = DELETE")  # all in one file, which can be renamed
    finally:
        catalogue.close()


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def _take_in(
    root: Path, catalogue: Catalogue, path: Path, start: int, recovery: Recovery, *, keep_damaged: bool
) -> None:
    """Index the lines of the segment at *path* from the offset *start* on, a few thousand in a transaction.

    Past what the catalogue had read, the first bad line begins the torn end (what follows it was never
    acknowledged either). With *keep_damaged* only bad lines with no good one after them are a torn end. What is sealed
    has no torn end: nothing is ever cut off it.
    """
    name, sealed = segment_name(path), is_sealed(path)
    keep_damaged = keep_damaged or sealed
    bad: list[tuple[Place, str]] = []
    lines = _readable(path, start, recovery)
    end, more = start, True
    while more:
        part = list(islice(lines, _LINES_A_COMMIT))
        more = len(part) == _LINES_A_COMMIT
        count = 0
        with catalogue.transaction():
            for place, reason in _index_all(catalogue, name, part):
                if reason is not None:
                    bad.append((place, reason))
                    if not keep_damaged:
                        more = False
                        break
                    continue
                recovery.damaged += bad
                bad.clear()
                end, count = place.offset + place.length, count + 1
            catalogue.advance(name, end)
        recovery.adopted += count
    if sealed:
        recovery.damaged += bad
    elif bad:
        recovery.cut.append(_cut(root, path, bad[0][0].offset))


def _readable(path: Path, start: int, recovery: Recovery) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a segment as far as it can be decompressed."""
    end = start
    try:
        for offset, line in read_lines(path, start):
            yield offset, line
            end = offset + len(line)
    except CorpusDamaged as error:
        recovery.damaged.append((Place(segment_name(path), end, 0), str(error)))


def _index_all(
    catalogue: Catalogue, segment: str, lines: list[tuple[int, bytes]]
) -> Iterator[tuple[Place, str | None]]:
    """Index *lines* of *segment*; yield for each why it is not a record of this corpus, None if it is.

    They are indexed together. Only if one of them cannot be, are they indexed again one by one, as they are asked for.
    """
    places = [Place(segment, offset, len(line)) for offset, line in lines]
    try:
        with catalogue.savepoint():
            for place, (_, line) in zip(places, lines, strict=True):
                _index(catalogue, line, place)
    except _NO_RECORD:
        for place, (_, line) in zip(places, lines, strict=True):
            try:
                with catalogue.savepoint():
                    _index(catalogue, line, place)
            except _NO_RECORD as error:
                yield place, str(error)
            else:
                yield place, None
    else:
        yield from ((place, None) for place in places)


def _index(catalogue: Catalogue, line: bytes, place: Place) -> None:
    if not line.endswith(b"\n"):
        raise ValueError("it is torn")
    article = decode(line)
    of, rule = article.near_duplicate_of, article.duplicate_rule
    # What a line is when it is read from a file, it may not have been when it was written. A CRC vouches for its text.
    crc = crc32(line) if content_sha256(article.text) == article.content_sha256 else NO_CRC
    catalogue.index(article, place, crc, version=article.version, duplicate_of=of, rule=rule)


def _cut(root: Path, path: Path, offset: int) -> Place:
    """Move what is in *path* from *offset* on to quarantine/."""
    quarantine = root / "quarantine"
    quarantine.mkdir(exist_ok=True)
    with path.open("r+b") as file:
        file.seek(offset)
        torn = file.read()
        number = sum(1 for _ in quarantine.iterdir())
        write_atomically(quarantine / f"{path.name}-{offset}-{number}.torn", torn)
        file.truncate(offset)
        os.fsync(file.fileno())
    return Place(segment_name(path), offset, len(torn))
