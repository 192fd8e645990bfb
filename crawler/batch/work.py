"""Gives the inputs of a job to a pool, in bounded numbers, and tries those again that failed.

A *job* is a function at the top of a module, ``job(input, report) -> value``: it shares nothing, and its result does
not depend on where it runs. ``report`` takes how many bytes of the input were read so far. A job runs in the folder
where the command was given. What goes to a worker and what comes back are pickles: an error that
cannot be pickled is an answer like any other.
"""

from __future__ import annotations

import errno
import faulthandler
import os
import pickle
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from crawler.batch.code import code_hash
from crawler.exceptions import ConfigError, DiskFull, GleanerError

if TYPE_CHECKING:
    from crawler.batch.pool import BatchPool

DEFAULT_RETRIES = 2
"""How many times an input that failed is tried again."""
_TICK_SECONDS = 0.2
FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of the system when there is no space."""
_ONE_AT_A_TIME = threading.Lock()
"""A worker of Dask may have many threads, and a process only one limit on time."""

I = TypeVar("I")  # noqa: E741 - input and value, as in the docs of jobs
V = TypeVar("V")
Report = Callable[[int], None]
"""Receives how many bytes of the input, as stored on disk, were read so far."""


class Partly(NamedTuple):
    """The value of a job that did not get all of its input, and the reason: it is tried again, but better than none."""

    value: Any
    reason: str


class JobOutcome(NamedTuple, Generic[I, V]):
    """What came of *input*: its *value*; if it *failed* each time, the last reason, and a value only if there is one.

    ``is_killed`` says whether the last reason was the end of a worker.
    """

    input: I
    value: V | None
    failed: str | None = None
    is_killed: bool = False


class _Answer(NamedTuple):
    value: Any = None
    failed: str | None = None
    error: GleanerError | None = None


class WorkerKilledError(Exception):
    """The worker that had an input ended: killed, or by a limit on time or memory."""


def attempt(packed: bytes, report: Report) -> bytes:
    """Do, in a worker, what :func:`run` *packed*; return the packed answer. Nothing is raised but signals."""
    try:
        code, folder, job, one, seconds = pickle.loads(packed)  # noqa: S301 - of our own command
        if code is not None and code != code_hash():
            where = f"a worker on {os.uname().nodename} runs other code of Gleaner than this machine"
            answer = _Answer(error=ConfigError(f"{where}: install the same version on both"))
        else:
            with _ONE_AT_A_TIME, chdir(folder), _limited(seconds):
                value = job(one, report)
            answer = _Answer(value.value, value.reason) if isinstance(value, Partly) else _Answer(value)
    except GleanerError as error:
        answer = _Answer(error=error)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in FULL_ERRNOS:
            full = f"no room left to write a part ({reason})"
            answer = _Answer(error=DiskFull(str(error.filename or "disk"), full, is_corpus=False))
        else:
            answer = _Answer(failed=f"{error.filename}: {reason}" if error.filename else reason)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one input of thousands: it is named and left out
        answer = _Answer(failed=_named(error))
    return pickle.dumps(answer)


@contextmanager
def _limited(seconds: float | None) -> Iterator[None]:
    """End this process if the block takes longer; also when a library of C never returns to Python."""
    if seconds is None:
        yield
        return
    with Path(os.devnull).open("wb") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def _named(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"


def run(
    pool: BatchPool,
    job: Callable[[I, Report], V | Partly],
    inputs: Iterable[I],
    *,
    retries: int = DEFAULT_RETRIES,
    seconds: float | None = None,
    ahead: int | None = None,
    weigh: Callable[[I], int] = lambda _input: 1,
    may_retry: Callable[[I], bool] = lambda _input: True,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Iterator[JobOutcome[I, V]]:
    """Yield the outcome of *job* for each of *inputs*, in their order, whatever *pool* does the work.

    Each is tried *retries* times more if it fails and *may_retry* says so. A job that takes longer than *seconds* fails
    with its worker. At most *ahead* inputs are begun before the first of them is yielded (None: any number; choose it
    where values are large). *on_progress* receives the weights of what is done, and the bytes that jobs report.
    Raises the ``GleanerError`` that a job raises, ``ClusterGone`` if the cluster is lost.
    """
    work = _Work(pool, job, inputs, retries, seconds, ahead, may_retry)
    weight = 0

    def tick() -> None:
        on_progress(weight + pool.reported())

    pool.on_report = tick
    for outcome in work.outcomes(tick):
        weight += weigh(outcome.input)
        yield outcome


class _Try(NamedTuple, Generic[I]):
    number: int
    input: I
    left: int
    """How many more tries there are."""


class _Work(Generic[I, V]):
    """The inputs that wait, are with the pool, or are done and wait for their turn."""

    def __init__(
        self,
        pool: BatchPool,
        job: Callable[[I, Report], V | Partly],
        inputs: Iterable[I],
        retries: int,
        seconds: float | None,
        ahead: int | None,
        may_retry: Callable[[I], bool],
    ) -> None:
        self._pool, self._job, self._ahead = pool, job, ahead
        self._seconds = None if pool.is_here else seconds
        self._code = code_hash() if pool.is_remote else None  # processes of this machine have ours
        self._todo = (_Try(number, one, retries if may_retry(one) else 0) for number, one in enumerate(inputs))
        self._again: deque[_Try[I]] = deque()
        self._begun: dict[Future[bytes], _Try[I]] = {}
        self._done: dict[int, JobOutcome[I, V]] = {}

    def outcomes(self, on_tick: Callable[[], None]) -> Iterator[JobOutcome[I, V]]:
        number = 0
        while True:
            self._begin()
            if number in self._done:
                yield self._done.pop(number)
                number += 1
            elif self._begun:
                finished, _ = wait(self._begun, _TICK_SECONDS, FIRST_COMPLETED)
                for future in finished:
                    self._settle(future, self._begun.pop(future))
                on_tick()
            else:
                return

    def _begin(self) -> None:
        while self._pool.has_room():
            if self._again:
                one = self._again.popleft()
            elif self._ahead is not None and len(self._begun) + len(self._done) >= self._ahead:
                return
            else:
                following = next(self._todo, None)
                if following is None:
                    return
                one = following
            packed = pickle.dumps((self._code, os.getcwd(), self._job, one.input, self._seconds))  # noqa: PTH109
            self._begun[self._pool.submit(packed)] = one

    def _settle(self, future: Future[bytes], one: _Try[I]) -> None:
        is_killed = False
        try:
            answer: _Answer = pickle.loads(self._pool.result(future))  # noqa: S301 - of our own worker
        except WorkerKilledError as error:
            answer, is_killed = _Answer(failed=str(error)), True
        if answer.error is not None:
            raise answer.error
        if answer.failed is not None and one.left:
            self._again.append(one._replace(left=one.left - 1))
        else:
            self._done[one.number] = JobOutcome(one.input, answer.value, answer.failed, is_killed)
