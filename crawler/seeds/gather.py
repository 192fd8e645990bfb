"""Harvests many files at once, a process for each core, into one file of JSON lines."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import IO

import orjson

from crawler.exceptions import SeedError
from crawler.seeds.harvest import harvest_file
from crawler.seeds.sources import check_paths, expand
from crawler.seeds.streams import STDIN
from crawler.sites import SiteProfile

_MAX_ERRORS = 1000
"""Of one file; what is broken oftener is only counted."""
_TICK = 0.2

Progress = Callable[[int], None]
"""Called now and then with the number of bytes, as they lie on the disk, that were read of all files so far."""


@dataclass(slots=True)
class Yield:
    """What a harvest brought. ``errors`` are lines for a person, ``more_errors`` counts those that were not kept."""

    files: int = 0
    bytes: int = 0
    pages: int = 0
    records: int = 0
    errors: list[str] = field(default_factory=list)
    more_errors: int = 0

    def report(self, error: SeedError) -> None:
        """Keep *error*, or count it."""
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
) -> Iterator[Yield]:
    """Write the pages with a dump in *paths* to *out*, one JSON line each; yield what each file brought.

    The lines come in the order of the files, whatever *jobs* is. With a *profile* only pages of its hosts are taken.
    Raises SeedError before anything is read if one of *paths* does not exist.
    """
    check_paths(paths)
    files: Iterator[str] = (file for path in paths for file in expand(path, archives=True))
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


def total_size(paths: Sequence[str]) -> int:
    """Return how many bytes the files in *paths* have on the disk, 0 for a pipe."""
    return sum(_size(file) for path in paths for file in expand(path, archives=True))


def _size(file: str) -> int:
    return Path(file).stat().st_size if file != STDIN and Path(file).is_file() else 0


def _ignore(_: int) -> None:
    pass


def _harvest_one(file: str, out: IO[bytes], profile: SiteProfile | None, progress: Progress) -> Yield:
    result = Yield(files=1)
    try:
        for find in harvest_file(file, profile, result.report, progress):
            # A lone surrogate cannot be in what was decoded from bytes, but an escape of one can be in JSON.
            out.write(orjson.dumps(find.line()) + b"\n")
            result.pages += 1
            result.records += find.records
    except SeedError as error:
        result.report(error)
    result.bytes = _size(file)
    return result


_counter: Synchronized[int] | None = None
"""In a worker: the bytes that all workers have read."""


def _start_worker(counter: Synchronized[int]) -> None:
    global _counter  # noqa: PLW0603 - the one way to hand a shared value to the workers of a pool
    _counter = counter


def _work(file: str, part: str, profile: SiteProfile | None) -> Yield:
    told = 0

    def progress(count: int) -> None:
        nonlocal told
        if _counter is not None:
            with _counter.get_lock():
                _counter.value += count - told
        told = count

    with Path(part).open("wb") as out:
        result = _harvest_one(file, out, profile, progress)
    progress(result.bytes)
    return result


def _harvest_parallel(
    files: Iterable[str], out: IO[bytes], profile: SiteProfile | None, jobs: int, progress: Progress
) -> Iterator[Yield]:
    """Let each file be harvested into a part of its own, and put the parts together in the order of the files."""
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    with (
        tempfile.TemporaryDirectory(prefix="harvest-") as parts,
        ProcessPoolExecutor(jobs, context, _start_worker, (counter,)) as pool,
    ):
        todo = ((file, os.path.join(parts, str(number))) for number, file in enumerate(files))  # noqa: PTH118
        running: deque[tuple[str, Future[Yield]]] = deque()
        try:
            while True:
                for file, part in islice(todo, 2 * jobs - len(running)):
                    running.append((part, pool.submit(_work, file, part, profile)))
                if not running:
                    return
                part, future = running.popleft()
                while not future.done():
                    progress(counter.value)
                    time.sleep(_TICK)
                with Path(part).open("rb") as lines:
                    shutil.copyfileobj(lines, out)
                Path(part).unlink()
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
