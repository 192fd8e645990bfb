"""Harvests many files at once, a process for each core, into one file of JSON lines.

Each process has one file at a time, and shares nothing with the others: if one dies, only its file is lost.
"""

from __future__ import annotations

import ctypes
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import IO, NamedTuple

from crawler.exceptions import SeedError
from crawler.inputs import InputError, shown
from crawler.processes.workers import Pool
from crawler.seeds.containers import STDIN
from crawler.seeds.find import harvest_file
from crawler.seeds.pathlists import list_base, listed_paths
from crawler.seeds.sources import check_paths, expand
from crawler.sites import SiteProfile
from crawler.writable import json_of

_MAX_ERRORS = 1000
"""The most errors of one file that are reported; further ones are only counted."""
_TICK_SECONDS = 0.2
_KILLED = "the process that read it was killed, for want of memory perhaps; nothing of this file is in the output"

Progress = Callable[[int], None]
"""Called at intervals with the number of bytes, as stored on disk, that were read of all files so far."""


@dataclass(slots=True)
class Yield:
    """The result of a harvest. ``errors`` are lines for people, ``more_errors`` counts those that were not kept.

    ``lost`` counts the files whose process was killed, ``unread`` those with nothing of a readable kind, ``cut`` those
    by URL whose transfer failed.
    """

    files: int = 0
    bytes: int = 0
    pages: int = 0
    records: int = 0
    errors: list[str] = field(default_factory=list)
    more_errors: int = 0
    lost: int = 0
    unread: int = 0
    cut: int = 0

    def report(self, error: SeedError) -> None:
        """Keep *error*, or count it."""
        self.cut = self.cut or int(isinstance(error.__cause__, InputError))
        if len(self.errors) < _MAX_ERRORS:
            self.errors.append(str(error))
        else:
            self.more_errors += 1


def harvest(
    paths: Sequence[str],
    out: IO[bytes],
    profile: SiteProfile | None = None,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    base: str | None = None,
) -> Iterator[Yield]:
    """Write the pages with a dump in *paths* to *out*, one JSON line each; yield the result of each file.

    The lines are in the order of the files, whatever *jobs* is. With a *profile* only pages of its hosts are written.
    A path may be a list of paths, relative to *base* (:mod:`crawler.seeds.pathlists`). Raises SeedError before anything
    is read if one of *paths* does not exist.
    """
    check_paths(paths)
    lists = Yield()
    bases = {path: list_base(path, base) for path in paths}
    files: Iterator[str] = (file for path in paths for file in _files(path, bases[path], lists))
    progress = progress or _ignore
    first = list(islice(files, 2))
    files = chain(first, files)
    if jobs <= 1 or len(first) < 2:  # noqa: PLR2004 - one file is no work for two
        done = 0
        for file in files:
            result = _harvest_one(file, out, profile, lambda count, before=done: progress(before + count))  # type: ignore[misc]
            done += result.bytes
            progress(done)
            yield result
    else:
        yield from _harvest_parallel(files, out, profile, jobs, progress)
    if lists.errors:
        yield lists


def _files(path: str, base: str | None, lists: Yield) -> Iterator[str]:
    """Return the files that *path* names; with a *base* it is a list, whose errors go to *lists*."""
    return expand(path, archives=True) if base is None else listed_paths(path, base, lists.report)


def total_size(paths: Sequence[str]) -> int:
    """Return how many bytes the files in *paths* have on disk, 0 for a pipe."""
    return sum(_size(file) for path in paths for file in expand(path, archives=True))


def _size(file: str) -> int:
    return Path(file).stat().st_size if file != STDIN and Path(file).is_file() else 0


def _ignore(_: int) -> None:
    pass


def _harvest_one(file: str, out: IO[bytes], profile: SiteProfile | None, progress: Progress) -> Yield:
    result = Yield(files=1)
    try:
        for find in harvest_file(file, profile, result.report, progress):
            out.write(json_of(find.line()) + b"\n")
            result.pages += 1
            result.records += find.records
    except SeedError as error:
        result.report(error)
        result.unread = 1
    result.bytes = _size(file)
    return result


_read: ctypes.Array[ctypes.c_longlong] | None = None
"""In a worker: the bytes that each worker has read; without a lock, which a killed worker would hold forever."""
_slot = 0
"""In a worker: the index of its own count."""


def _start_worker(read: ctypes.Array[ctypes.c_longlong], slot: int) -> None:
    global _read, _slot
    _read, _slot = read, slot


def _work(file: str, part: str, profile: SiteProfile | None) -> Yield:
    before = _read[_slot] if _read is not None else 0

    def progress(count: int) -> None:
        if _read is not None:
            _read[_slot] = before + count

    with Path(part).open("wb") as out:
        result = _harvest_one(file, out, profile, progress)
    progress(result.bytes)
    return result


class _Job(NamedTuple):
    """A file that is being harvested into its *part*."""

    file: str
    part: Path
    future: Future[Yield]

    def result(self, out: IO[bytes]) -> Yield:
        """Write the part to *out*, and return its result."""
        try:
            result = self.future.result()
        except BrokenProcessPool:
            result = Yield(files=1, bytes=_size(self.file), lost=1)
            result.report(SeedError(shown(self.file), _KILLED))
        else:
            with self.part.open("rb") as lines:
                shutil.copyfileobj(lines, out)
        self.part.unlink(missing_ok=True)
        return result


class _Crew:
    """Workers that have one job each at a time; one that dies is replaced."""

    def __init__(self, jobs: int, profile: SiteProfile | None, parts: Path, stack: ExitStack) -> None:
        self.read = RawArray(ctypes.c_longlong, jobs)
        self._profile, self._parts, self._stack = profile, parts, stack
        self._idle = deque(range(jobs))
        self._pools = {slot: self._pool(slot) for slot in self._idle}
        self._busy: dict[Future[Yield], int] = {}
        self._begun = 0

    def _pool(self, slot: int) -> Pool:
        return self._stack.enter_context(Pool(1, _start_worker, (self.read, slot)))

    @property
    def is_idle(self) -> bool:
        """Whether a worker is idle."""
        return bool(self._idle)

    def begin(self, file: str) -> _Job:
        """Let an idle worker harvest *file*."""
        slot, part = self._idle.popleft(), self._parts / str(self._begun)
        self._begun += 1
        try:
            future = self._pools[slot].submit(_work, file, str(part), self._profile)
        except BrokenProcessPool:  # the worker died, during its last job or when idle
            self._pools[slot] = self._pool(slot)
            future = self._pools[slot].submit(_work, file, str(part), self._profile)
        self._busy[future] = slot
        return _Job(file, part, future)

    def wait(self) -> None:
        """Wait a short time, or until a worker is done or dead."""
        wait(self._busy, _TICK_SECONDS, FIRST_COMPLETED)

    def settle(self) -> None:
        """Mark workers that are done or dead as idle."""
        for future in [one for one in self._busy if one.done()]:
            self._idle.append(self._busy.pop(future))


def _harvest_parallel(
    files: Iterable[str], out: IO[bytes], profile: SiteProfile | None, jobs: int, progress: Progress
) -> Iterator[Yield]:
    """Harvest each file into its own part, and join the parts in the order of the files."""
    todo = iter(files)
    with tempfile.TemporaryDirectory(prefix="harvest-") as parts, ExitStack() as stack:
        crew = _Crew(jobs, profile, Path(parts), stack)
        begun: deque[_Job] = deque()
        while True:
            crew.settle()
            while crew.is_idle and len(begun) < 2 * jobs and (file := next(todo, None)) is not None:
                begun.append(crew.begin(file))
            if not begun:
                return
            if begun[0].future.done():
                yield begun.popleft().result(out)
            else:
                crew.wait()
                progress(sum(crew.read))
