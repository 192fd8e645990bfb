"""The parts of an output, one for each input, and what is known of them: what is done is not done again.

The name of a part follows from its input and from the job: its code, options and profile. Beside the parts stands, in
``_done/``, what is known of each: it is written after its part, so a part without it is not done. When all are there,
one manifest takes the place of ``_done/``: a line of JSON for each part, in the order of the inputs.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from crawler.batch.code import code_hash
from crawler.batch.folders import Folder, folder_at
from crawler.batch.pool import BatchPool
from crawler.batch.work import DEFAULT_RETRIES, FULL_ERRNOS, JobOutcome, Partly, Report, run
from crawler.exceptions import ConfigError, DiskFull, GleanerError
from crawler.inputs import is_remote
from crawler.writable import json_of

MANIFEST_NAME = "parts.manifest"
_JOB_NAME = "job.json"
_DONE_NAME = "_done"
_NAME_CHARACTERS = 32
_CHUNK_BYTES = 1 << 20

WritePart = partial[Any]
"""A job that writes the part of an input: ``job(input, out, report) -> facts``, which JSON can hold, or ``Partly``.

It is a ``partial`` of a function at the top of a module: what is bound are the job's options.
"""


class PartTask(NamedTuple):
    """An input, the name of its part, and what to call it; *bytes* is its size as stored, 0 if unknown."""

    input: Any
    name: str
    shown: str
    bytes: int = 0
    is_read_once: bool = False
    """Whether it is a pipe: it cannot be tried again, and nothing of it is kept for another run."""


class PartDone(NamedTuple):
    """What came of a part: its *facts*, or None if there is no part; why it *failed*, at least in part."""

    task: PartTask
    facts: dict[str, Any] | None
    failed: str | None
    is_killed: bool = False

    @property
    def result(self) -> Any:
        """What the job returned."""
        return self.facts["result"] if self.facts else None


def write_part(place: str, job: WritePart, task: PartTask, report: Report) -> dict[str, Any] | Partly:
    """Write the part of *task* in the folder *place*, in a worker: whole, then what is known of it. Return that."""
    try:
        return _write_part(folder_at(place), job, task, report)
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise DiskFull(place, f"no space left to write parts ({error.strerror})", is_corpus=False) from error
        raise


def _write_part(folder: Folder, job: WritePart, task: PartTask, report: Report) -> dict[str, Any] | Partly:
    with folder.draft(task.name) as file:
        out = _HashedFile(file)
        value = job(task.input, out, report)
    partly = value.reason if isinstance(value, Partly) else None
    facts = {
        "part": task.name,
        "input": task.shown,
        "bytes": out.bytes,
        "sha256": out.digest.hexdigest(),
        "result": value.value if isinstance(value, Partly) else value,
        "failed": partly,
    }
    with folder.draft(f"{_DONE_NAME}/{task.name}.json") as file:
        file.write(json_of(facts))
    return Partly(facts, partly) if partly is not None else facts


class _HashedFile:
    """A file that counts what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.bytes = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.bytes += len(data)
        return self._file.write(data)


class Parts:
    """The parts of one job in the folder at *place*, which :meth:`opened` holds.

    The names of parts follow from *job*, its options, and the code of this package.
    """

    def __init__(self, place: str, ending: str, job: WritePart) -> None:
        self.place = place
        self._ending, self._job = ending, job
        self.fingerprint = _hash(code_hash(), job.func.__qualname__, repr((job.args, job.keywords)))
        self._folder: Folder = folder_at(place)
        self._known: dict[str, dict[str, Any]] = {}

    @contextmanager
    def opened(self, *, restart: bool) -> Iterator[None]:
        """Hold the folder and look what is done in it. Raises ``FolderInUse``.

        Parts of another job are removed with *restart*, otherwise they are a ``ConfigError``.
        """
        with self._folder.held():
            stamp = orjson.dumps({"job": self.fingerprint})
            names = self._folder.sizes()
            held = self._read(_JOB_NAME) if _JOB_NAME in names else None
            if held != stamp and self._own(names):
                if not restart:
                    what = "it holds parts of another job, of other options or of another version of Gleaner"
                    raise ConfigError(f"{self.place}: {what}: remove it, or give another folder")
                self._clear(names)
                names = {}
            if not is_remote(self.place):
                (Path(self.place) / _DONE_NAME).mkdir(exist_ok=True)
            if held != stamp:
                with self._folder.draft(_JOB_NAME) as file:
                    file.write(stamp)
            self._look(names)
            yield

    def _own(self, names: Iterable[str]) -> list[str]:
        """Return those of *names* that are ours."""
        pattern = re.compile(rf"[0-9a-f]{{{_NAME_CHARACTERS}}}{re.escape(self._ending)}")
        return [name for name in names if pattern.fullmatch(name) or name in {MANIFEST_NAME, _JOB_NAME}]

    def _clear(self, names: Iterable[str]) -> None:
        for name in (MANIFEST_NAME, _DONE_NAME, *self._own(names)):
            self._folder.remove(name)

    def _read(self, name: str) -> bytes:
        with self._folder.open(name) as file:
            return file.read()

    def _look(self, names: dict[str, int]) -> None:
        """Note what is known of the parts that are there."""
        lines = self._read(MANIFEST_NAME).splitlines() if MANIFEST_NAME in names else []
        for line in (*lines, *(content for _, content in self._folder.read_all(_DONE_NAME))):
            try:
                facts = orjson.loads(line)
                if names.get(facts["part"]) == facts["bytes"] and facts["failed"] is None:
                    self._known[facts["part"]] = facts
            except (ValueError, KeyError, TypeError):  # cut by a power failure: the part is made again
                continue

    @property
    def known_count(self) -> int:
        """How many parts were done when the folder was opened."""
        return len(self._known)

    def name(self, *identity: object) -> str:
        """Return the name of the part of the input that *identity* tells from all others."""
        return _hash(self.fingerprint, *map(str, identity))[:_NAME_CHARACTERS] + self._ending

    def make(
        self,
        pool: BatchPool,
        tasks: Iterable[PartTask],
        *,
        retries: int = DEFAULT_RETRIES,
        on_progress: Callable[[int], None] = lambda _done: None,
    ) -> Iterator[PartDone]:
        """Yield what came of each of *tasks*, in their order; only those that are not done are given to *pool*."""
        waiting: deque[tuple[PartTask, dict[str, Any] | None]] = deque()  # taken from tasks, not yielded yet
        weight = 0

        def missing() -> Iterator[PartTask]:
            for task in tasks:
                facts = None if task.is_read_once else self._known.get(task.name)
                waiting.append((task, facts))
                if facts is None:
                    yield task

        def known() -> Iterator[PartDone]:
            while waiting and waiting[0][1] is not None:
                task, facts = waiting.popleft()
                yield PartDone(task, facts, None)

        outcomes: Iterator[JobOutcome[PartTask, dict[str, Any]]] = run(
            pool,
            partial(write_part, self.place, self._job),
            missing(),
            retries=retries,
            weigh=lambda task: task.bytes,
            may_retry=lambda task: not task.is_read_once,
            on_progress=lambda done: on_progress(weight + done),
        )
        for outcome in outcomes:
            for done in known():
                weight += done.task.bytes
                yield done
            waiting.popleft()
            yield PartDone(outcome.input, outcome.value, outcome.failed, outcome.is_killed)
        yield from known()

    def copy(self, done: PartDone, out: IO[bytes]) -> None:
        """Write the part to *out*. Raises ``GleanerError`` if it is not what was made; the next run makes it again."""
        digest = hashlib.sha256()
        with self._folder.open(done.task.name) as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                out.write(chunk)
        if done.facts is None or digest.hexdigest() != done.facts["sha256"]:
            self._folder.remove(f"{_DONE_NAME}/{done.task.name}.json")
            raise GleanerError(f"{self.place}/{done.task.name}: this part is damaged; run the same command again")

    def open(self, done: PartDone) -> IO[bytes]:
        """Open the part to read."""
        return self._folder.open(done.task.name)

    def finish(self, done: Iterable[dict[str, Any]]) -> None:
        """Write the manifest of all parts, whose facts *done* are in the order of inputs; sweep what is no part."""
        names = {MANIFEST_NAME, _JOB_NAME}
        self._folder.settle()
        with self._folder.draft(MANIFEST_NAME) as file:
            for facts in done:
                names.add(facts["part"])
                file.write(json_of(facts) + b"\n")
        for name in set(self._own(self._folder.sizes())) - names:
            self._folder.remove(name)
        self._folder.remove(_DONE_NAME)

    def discard(self) -> None:
        """Remove the folder: its parts are in the output."""
        self._folder.discard()


def _hash(*values: str) -> str:
    return hashlib.sha256("\0".join(values).encode("utf-8", "surrogateescape")).hexdigest()
