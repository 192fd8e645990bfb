"""Harvests many files at once, each into its own part, and joins the parts in the order of the files.

The parts are made by :mod:`crawler.batch`: on processes of this machine or on a cluster, and none of them twice.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from crawler.batch.parts import PartDone, Parts, PartTask
from crawler.batch.pool import BatchPool, open_pool
from crawler.batch.work import DEFAULT_RETRIES, Partly, Report
from crawler.exceptions import ConfigError, SeedError
from crawler.inputs import InputError, is_remote, shown
from crawler.seeds.containers import STDIN
from crawler.seeds.find import harvest_file
from crawler.seeds.pathlists import list_base, listed_paths
from crawler.seeds.sources import check_paths, expand
from crawler.sites import SiteProfile
from crawler.writable import json_of

ENDING = ".jsonl"
_MAX_ERRORS = 1000
"""The most errors of one file that are reported; further ones are only counted."""
_KILLED = "the process that read it was killed, for want of memory perhaps; nothing of this file is in the output"

Progress = Callable[[int], None]
"""Called at intervals with the number of bytes, as stored on disk, that were read of all files so far."""


@dataclass(slots=True)
class Yield:
    """The result of a harvest. ``errors`` are lines for people, ``more_errors`` counts those that were not kept.

    ``lost`` counts the files whose process was killed or failed, ``unread`` those with nothing of a readable kind,
    ``cut`` those by URL whose transfer failed.
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


@dataclass(slots=True)
class HarvestWork:
    """How a harvest is done: by *pool* (None: *jobs* processes, none for one file), with *retries* for each file.

    The parts stand in the folder *parts* (None: a temporary one); with *keeps* they are the output.
    """

    jobs: int = 1
    pool: BatchPool | None = None
    parts: str | None = None
    keeps: bool = False
    retries: int = DEFAULT_RETRIES


def harvest(
    paths: Sequence[str],
    out: IO[bytes] | None,
    profile: SiteProfile | None = None,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
    base: str | None = None,
    work: HarvestWork | None = None,
) -> Iterator[Yield]:
    """Write the pages with a dump in *paths* to *out*, one JSON line each; yield the result of each file.

    The lines are in the order of the files, wherever the *work* is done (None: by *jobs* processes). With a *profile*
    only pages of its hosts are written. A path may be a list of paths, relative to *base*
    (:mod:`crawler.seeds.pathlists`). Raises SeedError before anything is read if one of *paths* does not exist.
    """
    check_paths(paths)
    work = work or HarvestWork(jobs)
    lists = Yield()
    bases = {path: list_base(path, base) for path in paths}
    files: Iterator[str] = (file for path in paths for file in _files(path, bases[path], lists))
    first = list(islice(files, 2))
    files = chain(first, files)
    with ExitStack() as stack:
        pool = work.pool
        if pool is None:
            count = work.jobs if len(first) > 1 and work.jobs > 1 else 0  # one file is no work for two
            pool = stack.enter_context(open_pool(f"processes:{count}"))
        place = work.parts or stack.enter_context(tempfile.TemporaryDirectory(prefix="harvest-"))
        parts = Parts(place, ENDING, partial(harvest_part, profile))
        stack.enter_context(parts.opened(restart=not work.keeps))
        tasks = (_task(parts, number, file, pool) for number, file in enumerate(files))
        facts: list[dict[str, Any]] = []
        is_whole = True
        for done in parts.make(pool, tasks, retries=work.retries, on_progress=progress or _ignore):
            result = _result(done)
            is_whole = is_whole and done.failed is None
            if done.facts is not None and out is not None:
                parts.copy(done, out)
            if done.facts is not None and work.keeps:
                facts.append(done.facts)
            yield result
        if lists.errors:
            yield lists
        if is_whole and work.keeps:
            parts.finish(facts)
        elif is_whole:
            parts.discard()


def harvest_part(profile: SiteProfile | None, file: str, out: IO[bytes], report: Report) -> dict[str, Any] | Partly:
    """Write the pages with a dump in *file* to *out*; return the facts of a :class:`Yield`."""
    result = Yield(files=1, bytes=_size(file))
    try:
        for find in harvest_file(file, profile, result.report, report):
            out.write(json_of(find.line()) + b"\n")
            result.pages += 1
            result.records += find.records
    except SeedError as error:
        result.report(error)
        result.unread = 1
    return Partly(asdict(result), "its transfer failed") if result.cut else asdict(result)


def _task(parts: Parts, number: int, file: str, pool: BatchPool) -> PartTask:
    """Return the task to harvest *file*; its part is named by the file's state, or for a pipe by its place."""
    if is_remote(file):
        return PartTask(file, parts.name(file), shown(file))
    if file == STDIN or not Path(file).is_file():
        if pool.is_remote:
            raise ConfigError(f"{file}: another machine cannot read it; give files that all workers see")
        return PartTask(file, parts.name("pipe", number, os.getpid()), file, is_read_once=True)
    status = Path(file).stat()
    return PartTask(file, parts.name(file, status.st_size, status.st_mtime_ns), file, status.st_size)


def _result(done: PartDone) -> Yield:
    if done.result is not None:
        return Yield(**done.result)
    result = Yield(files=1, bytes=done.task.bytes, lost=1)
    result.report(SeedError(shown(done.task.input), _KILLED if done.is_killed else str(done.failed)))
    return result


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
