"""Checking a corpus against its own promises: lines, schema, hashes, seals, manifest, pictures, captures, catalogue.

The work is cut into parts (:mod:`crawler.corpus.fixity.checks`) that processes share when there is much of it.
Nothing is gathered that grows with the corpus but the problems, of which there is a limit.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, nullcontext, suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from crawler.archive import quarantine
from crawler.archive.description import description_problems
from crawler.archive.files import CorpusLock
from crawler.archive.losses import LOSSES_NAME, CapturePlace, of_records, read_losses
from crawler.archive.ownprofile import profile_problems
from crawler.archive.reading import catalogue_of
from crawler.archive.segments import FAMILIES, all_segments, open_segment, seal_path, segment_name
from crawler.archive.warcs import warc_paths
from crawler.batch.pool import BatchPool, open_pool
from crawler.batch.work import JobOutcome, Report, run
from crawler.corpus.fixity.checks import (
    Checked,
    DatabaseCheck,
    Digest,
    LinesCheck,
    Part,
    PicturesCheck,
    Problem,
    SealFile,
    WarcFile,
    check,
    decode_anything,
)
from crawler.corpus.fixity.linecheck import record_validator
from crawler.corpus.fixity.listed import Listed, check_manifest
from crawler.corpus.fixity.warccheck import check_index
from crawler.corpus.fixity.withdrawncheck import withdrawn_problems
from crawler.exceptions import CorpusDamaged, CorpusError

__all__ = ["Problem", "Verification", "record_validator", "verify"]

_PART_BYTES = 8 * 1024 * 1024
_WORTH_PROCESSES = 64 * 1024 * 1024
"""Bytes of a corpus; a smaller one is checked before other processes would have begun."""
_PARTS_AHEAD = 1_000
"""So many parts are checked before the first of them is counted, at most."""
_MAX_UNLISTED_SHOWN = 1_000
_MAX_LOST_SHOWN = 1_000


class Verification(NamedTuple):
    """What was checked: lines, pictures, the problems found, and what the next crawl will mend by itself.

    ``lost_captures`` counts those that ``repair`` recorded as lost: a note each, and no problem any more.
    """

    lines: int
    pictures: int
    problems: list[Problem]
    notes: list[str]
    lost_captures: int = 0


def verify(
    root: Path,
    *,
    at_most: int = 1000,
    processes: int | None = None,
    pool: BatchPool | None = None,
    retries: int = 0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Verification:
    """Check the corpus at *root*; stop after *at_most* problems.

    *pool* does the work, otherwise so many *processes* (None: one for each core, for a corpus that is worth it); a part
    that fails is checked *retries* times more. *on_progress* is called with
    the bytes that are checked and those there are. Raises ``CorpusError`` if there is no corpus, another process
    writes to it, or its catalogue cannot be read.
    """
    list(description_problems(root))  # a corpus of a newer Gleaner is left alone
    with catalogue_of(root):  # a catalogue of another version is rebuilt by the holder of the lock
        pass
    with CorpusLock(root) if os.access(root, os.W_OK) else nullcontext():  # nobody writes to a read-only disk
        return verify_held(
            root, at_most=at_most, processes=processes, pool=pool, retries=retries, on_progress=on_progress
        )


def verify_held(
    root: Path,
    *,
    at_most: int = 1000,
    processes: int | None = None,
    pool: BatchPool | None = None,
    retries: int = 0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Verification:
    """Do what :func:`verify` does for a caller that holds the corpus's lock, and whose catalogue is of this version."""
    described = [Problem(*finding) for finding in (*description_problems(root), *profile_problems(root))]
    with catalogue_of(root) as connection:
        connection.text_factory = decode_anything
        try:
            verifier = _Verifier(root, connection, on_progress)
            withdrawn = withdrawn_problems(root, connection)
            with ExitStack() as stack:
                if pool is None:
                    pool = stack.enter_context(open_pool(f"processes:{verifier.processes(processes)}"))
                problems = list(islice(chain(described, withdrawn, verifier.run(pool, retries)), at_most))
        except UnicodeDecodeError as error:  # SQLite's own message quotes bytes of a damaged schema
            raise CorpusDamaged(str(root), f"its catalogue cannot be read ({error})") from error
    if len(problems) == at_most:
        verifier.notes.append(f"stopped at {at_most} problems")
    return Verification(verifier.lines, verifier.listed.pictures, problems, verifier.notes, verifier.lost_captures)


class _Verifier:
    def __init__(
        self,
        root: Path,
        connection: sqlite3.Connection,
        on_progress: Callable[[int, int], None],
    ) -> None:
        self.lines = self.lost_captures = 0
        self.notes: list[str] = []
        self.listed = Listed(connection)
        self._known = 0
        self._lost: dict[CapturePlace, list[str]] = {}
        self._sizes: dict[str, int] = {}
        self._root = root
        self._query = connection.execute
        self._on_progress = on_progress
        self._done = 0
        self._ends = dict(self._query("SELECT name, CAST(bytes AS INTEGER) FROM segments").fetchall())
        self._segments = all_segments(root)
        self._folders = sorted(path for path in (root / "images").glob("??") if path.is_dir())
        self._weights: dict[Part, int] = {
            PicturesCheck(self._name(folder)): _bytes_in(folder) for folder in self._folders
        }
        for path in warc_paths(root):
            self._weights[WarcFile(self._name(path))] = path.stat().st_size
        lines = sum(path.stat().st_size for path in self._segments)
        self._total = lines + sum(self._weights.values())
        self._total += sum(path.stat().st_size for path in self._segments if seal_path(path).exists())

    def processes(self, wanted: int | None) -> int:
        """Return how many processes check: *wanted*, or what the corpus is worth; 0 for this one alone."""
        count = wanted or (os.cpu_count() or 1 if self._total > _WORTH_PROCESSES else 1)
        return count if count > 1 else 0

    def run(self, pool: BatchPool, retries: int) -> Iterator[Problem]:
        """Yield every problem; ``lines``, ``notes`` and ``listed`` are complete when it ends."""
        self._pool, self._retries = pool, retries
        first: list[Part] = [DatabaseCheck(), *(PicturesCheck(self._name(folder)) for folder in self._folders)]
        for done in self._shared(first, frozenset()):
            yield from done.problems
            if isinstance(done.part, PicturesCheck):
                yield from self.listed.folder(done.part.file, done.pictures)
        yield from self.listed.rest()
        yield from (Problem(*finding[:3]) for finding in check_index(self._root))
        digests: list[Digest] = []
        yield from check_manifest(self._root, self.listed.pictures, digests, self.notes)
        unlisted = frozenset(self.listed.unlisted[:_MAX_UNLISTED_SHOWN])
        warcs = [part for part in self._weights if isinstance(part, WarcFile)]
        for done in self._shared([*self._seals(), *digests, *warcs, *self._line_parts()], unlisted):
            yield from done.problems
            self._count(done)
        self._note_unlisted()
        self._note_quarantine()
        self._note_losses()
        yield from self._ends_agree()
        (records,) = self._query("SELECT count(*) FROM records").fetchone()
        if records != self._known:
            yield from self._records_without_line()

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()

    def _seals(self) -> Iterator[SealFile]:
        for family in FAMILIES:
            for path in sorted((self._root / family).glob("*.seal.json")):
                part = SealFile(self._name(path))
                segment = path.with_name(path.name.replace(".seal.json", ".jsonl"))
                self._weights[part] = next((one.stat().st_size for one in self._segments if one == segment), 0)
                yield part

    def _line_parts(self) -> Iterator[LinesCheck]:
        """Yield the segments in pieces of a few MiB; one that is compressed can only be read as a whole."""
        for path in self._segments:
            name, read, size = self._name(path), self._ends.get(segment_name(path), 0), path.stat().st_size
            if path.suffix != ".jsonl":
                self._weights[part := LinesCheck(name, 0, None, read)] = size
                yield part
                continue
            for start in range(0, size, _PART_BYTES):
                last = start + _PART_BYTES >= size
                part = LinesCheck(name, start, None if last else start + _PART_BYTES, read)
                self._weights[part] = min(_PART_BYTES, size - start)
                yield part

    def _shared(self, parts: Iterable[Part], unlisted: frozenset[str]) -> Iterator[Checked]:
        """Yield what comes of *parts*, in their order."""
        job = partial(_check_part, self._root.absolute(), unlisted)
        outcomes: Iterator[JobOutcome[Part, Checked | sqlite3.Error]] = run(
            self._pool, job, parts, retries=self._retries, ahead=_PARTS_AHEAD
        )
        for outcome in outcomes:
            if outcome.value is None:
                why = "a process that checked it was killed, for want of memory perhaps" if outcome.is_killed else ""
                raise CorpusError(str(self._root), f"{why or outcome.failed}: it is not checked; run this again")
            if isinstance(outcome.value, sqlite3.Error):
                raise outcome.value
            done = outcome.value
            self._done += self._weights.get(done.part, 0)
            self._on_progress(min(self._done, self._total), self._total)
            yield done

    def _count(self, done: Checked) -> None:
        self.lines += done.lines
        self.notes += done.notes
        self._known += done.known
        self.listed.seen(done.seen)
        for place, records in done.lost.items():
            self._lost.setdefault(place, []).extend(records)
        if isinstance(done.part, LinesCheck):
            file = done.part.file
            self._sizes[file] = max(self._sizes.get(file, 0), done.size)
            if done.beyond:
                new = f"{file}: {done.beyond} lines from {done.part.read} on are not in the catalogue"
                self.notes.append(f"{new}; the next run takes them in")

    def _note_unlisted(self) -> None:
        unlisted = self.listed.unlisted
        if unlisted:
            self.notes.append(f"{unlisted[0]}: no record names this picture, nor {len(unlisted) - 1} others")

    def _note_losses(self) -> None:
        """Note the captures that were recorded as lost, and the records that were made of them."""
        recorded = [one for one in read_losses(self._root).values() if one.repaired]
        self.lost_captures = len(recorded)
        self.notes += (f"{one}{of_records(self._lost.get(one.place, []))}" for one in recorded[:_MAX_LOST_SHOWN])
        if len(recorded) > _MAX_LOST_SHOWN:
            self.notes.append(f"{LOSSES_NAME}: {len(recorded) - _MAX_LOST_SHOWN} more captures are recorded as lost")

    def _note_quarantine(self) -> None:
        kept = [path for path in (self._root / quarantine.FOLDER).glob("*") if path.name != quarantine.LOG_NAME]
        if kept:
            taken = f"{quarantine.FOLDER}/: {len(kept)} files were taken out of this corpus"
            self.notes.append(f"{taken}; {quarantine.LOG_NAME} in it says what a repair took and why")

    def _ends_agree(self) -> Iterator[Problem]:
        """Yield what the catalogue has read of segments that is not there."""
        files = {segment_name(path): self._name(path) for path in self._segments}
        for name, end in self._ends.items():
            size = self._sizes.get(files.get(name, ""), 0)
            if name not in files:
                yield Problem(name, None, "the catalogue has read this segment, but it is gone")
            elif size < end:
                yield Problem(files[name], size, f"it is {end - size} bytes shorter than what the catalogue has read")

    def _records_without_line(self) -> Iterator[Problem]:
        """Yield where the catalogue has records whose lines are not there; of some that lie together the first."""
        for path in self._segments:
            missing, begun = 0, (0, "")
            rows = self._query(
                "SELECT offset, length, crc, key || ' version ' || version FROM records JOIN targets USING (tid)"
                " WHERE segment = ? ORDER BY offset",
                (segment_name(path),),
            )
            for offset, key, is_there in _looked_up(path, rows):
                if is_there and missing:
                    yield _missing(self._name(path), *begun, missing)
                if not is_there and not missing:
                    begun = offset, key
                missing = 0 if is_there else missing + 1
            if missing:
                yield _missing(self._name(path), *begun, missing)


def _check_part(root: Path, unlisted: frozenset[str], part: Part, _report: Report) -> Checked | sqlite3.Error:
    """Check *part*, anywhere; an error of SQLite is for the one who has the catalogue open."""
    try:
        return check(root, part, unlisted)
    except sqlite3.Error as error:
        return error


def _looked_up(path: Path, rows: Iterable[tuple[int, int, int, str]]) -> Iterator[tuple[int, str, bool]]:
    """Yield (offset, key, whether the line is there) for each (offset, length, CRC, key), by ascending offset."""
    waiting = iter(rows)
    with suppress(CorpusDamaged, OSError, ValueError, TypeError), open_segment(path) as file:
        for offset, length, crc, key in waiting:
            yield offset, key, file.seek(offset) == offset and crc32(file.read(length)) == crc
    for offset, _, _, key in waiting:  # what cannot be read further has none of these
        yield offset, key, False


def _missing(file: str, offset: int, key: str, count: int) -> Problem:
    more = f", and {count - 1} more that follow it in the catalogue" if count > 1 else ""
    return Problem(file, offset, f"{key} was written here, and is not here{more}")


def _bytes_in(folder: Path) -> int:
    return sum(entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder))
