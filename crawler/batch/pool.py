"""Where jobs run: in this process, in processes of this machine, or on a Dask cluster.

The one module that knows Dask (``distributed``). Another engine would be one more class with these five methods.
"""

from __future__ import annotations

import ctypes
import json
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import Any, Protocol

from crawler.batch.work import WorkerKilledError, attempt
from crawler.exceptions import ClusterGone, ConfigError
from crawler.processes.workers import Pool

_CONNECT_SECONDS = 15
_CLOSE_SECONDS = 2
_RESULT_SECONDS = 60
"""So long a result that is ready may take to come."""
_REPORT_SECONDS = 1.0
"""A job on a cluster reports its progress no more often."""
_LOOK_SECONDS = 5.0
"""So often the workers of a cluster are counted."""
_REMIND_SECONDS = 60.0
_QUEUED_PER_WORKER = 2
_KILLED = "its process was killed, for want of memory perhaps"
_FORMS = "give processes:N, dask:ADDRESS (such as dask:tcp://127.0.0.1:8786) or dask-file:PATH"


class BatchPool(Protocol):
    """Something that runs jobs."""

    is_remote: bool
    """Whether other machines may do the work, which see only files that all share."""
    is_here: bool
    """Whether this process does the work, so that no limit on time can end a job."""
    on_report: Callable[[], None]
    """Called when a job that is done here reports; other pools are asked at intervals."""

    def has_room(self) -> bool:
        """Return whether a job would begin soon if it was submitted now."""

    def submit(self, packed: bytes) -> Future[bytes]:
        """Begin :func:`crawler.batch.work.attempt` of *packed*."""

    def result(self, future: Future[bytes]) -> bytes:
        """Return what a *future* that is done has. Raises WorkerKilledError, ``ClusterGone``, ``ConfigError``."""

    def reported(self) -> int:
        """Return how many bytes were read of the inputs that are begun and not done."""

    def close(self, *, at_once: bool) -> None:
        """End what is begun, *at_once* or in order."""


@contextmanager
def open_pool(cluster: str, remark: Callable[[str], None] = lambda _text: None) -> Iterator[BatchPool]:
    """Open the pool that *cluster* names: ``processes:N`` (0: this process), ``dask:ADDRESS``, ``dask-file:PATH``.

    *remark* receives lines for people, such as that no worker has joined yet. Raises ``ConfigError``.
    """
    pool = _pool(cluster, remark)
    try:
        yield pool
    except BaseException:
        pool.close(at_once=True)
        raise
    pool.close(at_once=False)


def _pool(cluster: str, remark: Callable[[str], None]) -> BatchPool:
    kind, _, value = cluster.partition(":")
    if kind == "processes" and value.isdecimal():
        return _Processes(int(value)) if int(value) else _ThisProcess()
    if kind == "dask" and value:
        return _DaskPool({"address": value}, value, remark)
    if kind == "dask-file" and value:
        if not Path(value).is_file():  # Dask would wait for it
            raise ConfigError(f"--cluster {cluster}: there is no such file; the scheduler writes it when it starts")
        return _DaskPool({"scheduler_file": value}, value, remark)
    raise ConfigError(f"--cluster {cluster}: {_FORMS}")


def _ignore() -> None:
    pass


class _ThisProcess:
    """One job at a time, here: for so little work that other processes would begin later."""

    is_remote, is_here = False, True

    def __init__(self) -> None:
        self.on_report: Callable[[], None] = _ignore
        self._read = 0
        self._is_idle = True

    def has_room(self) -> bool:
        return self._is_idle

    def submit(self, packed: bytes) -> Future[bytes]:
        self._is_idle = False
        future: Future[bytes] = Future()
        future.set_result(attempt(packed, self._report))
        self._read = 0
        return future

    def result(self, future: Future[bytes]) -> bytes:
        self._is_idle = True
        return future.result()

    def reported(self) -> int:
        return self._read

    def close(self, *, at_once: bool) -> None:
        pass

    def _report(self, count: int) -> None:
        self._read = count
        self.on_report()


_read: ctypes.Array[ctypes.c_longlong] | None = None
"""In a process of :class:`_Processes`: what each has read; without a lock, which a killed one would hold forever."""
_slot = 0
"""In such a process: the index of its own count."""


def _start_process(read: ctypes.Array[ctypes.c_longlong], slot: int) -> None:
    global _read, _slot
    _read, _slot = read, slot


def _report_here(count: int) -> None:
    if _read is not None:
        _read[_slot] = count


def _attempt_here(packed: bytes) -> bytes:
    return attempt(packed, _report_here)


class _Processes:
    """Processes with one job each at a time; one that dies loses this job alone, and is replaced."""

    is_remote = is_here = False

    def __init__(self, count: int) -> None:
        self.on_report: Callable[[], None] = _ignore
        self._read = RawArray(ctypes.c_longlong, count)
        self._stack = ExitStack()
        self._idle = deque(range(count))
        self._pools: dict[int, Pool] = {}
        self._busy: dict[Future[bytes], int] = {}

    def has_room(self) -> bool:
        return bool(self._idle)

    def submit(self, packed: bytes) -> Future[bytes]:
        slot = self._idle.popleft()
        try:
            future = self._pool(slot).submit(_attempt_here, packed)
        except BrokenProcessPool:  # it died during its last job, or when idle
            del self._pools[slot]
            future = self._pool(slot).submit(_attempt_here, packed)
        self._busy[future] = slot
        return future

    def _pool(self, slot: int) -> Pool:
        if slot not in self._pools:
            self._pools[slot] = self._stack.enter_context(Pool(1, _start_process, (self._read, slot)))
        return self._pools[slot]

    def result(self, future: Future[bytes]) -> bytes:
        slot = self._busy.pop(future)
        self._idle.append(slot)
        self._read[slot] = 0
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise WorkerKilledError(_KILLED) from error

    def reported(self) -> int:
        return sum(self._read)

    def close(self, *, at_once: bool) -> None:
        if at_once:
            for pool in self._pools.values():
                pool.end(wait=False)
        self._stack.close()


def _attempt_on_cluster(packed: bytes, topic: str, number: int) -> bytes:
    worker = import_module("distributed").get_worker()
    last = time.monotonic()

    def report(count: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _REPORT_SECONDS:
            last = time.monotonic()
            worker.loop.add_callback(worker.log_event, topic, [number, count])

    return attempt(packed, report)


class _DaskPool:
    """The workers of a Dask scheduler. What they are asked for ends with this client, however it ends."""

    is_remote, is_here = True, False

    def __init__(self, place: dict[str, str], name: str, remark: Callable[[str], None]) -> None:
        try:
            distributed: Any = import_module("distributed")  # an extra
        except ImportError as error:
            raise ConfigError(
                "--cluster needs the package distributed: pip install 'scrapy-gleaner[cluster]'"
            ) from error
        for chatty in ("distributed", "tornado", "asyncio"):  # what they say of lost connections, we say in one line
            logging.getLogger(chatty).setLevel(logging.CRITICAL + 1)
        self.on_report: Callable[[], None] = _ignore
        self._distributed = distributed
        self._name, self._remark = name, remark
        try:
            _knock(distributed, place)
            self._client: Any = distributed.Client(**place, timeout=_CONNECT_SECONDS, set_as_default=False)
        except OSError as error:
            raise ClusterGone(name, f"no scheduler answers ({_first_line(error)})") from error
        except (ValueError, KeyError, RuntimeError) as error:
            raise ConfigError(f"{name} is not the address of a Dask scheduler: {_first_line(error)}") from error
        self._topic = f"gleaner-{self._client.id}"
        self._begun = 0
        self._tasks: dict[Future[bytes], tuple[int, Any]] = {}
        """Also holds the futures of Dask: a task of which nobody holds one is dropped."""
        self._counts: dict[int, int] = {}
        self._lock = threading.Lock()
        self._workers, self._looked = 0, float("-inf")
        self._alone_since: float | None = None
        self._client.subscribe_topic(self._topic, self._take_report)

    def has_room(self) -> bool:
        if time.monotonic() - self._looked > _LOOK_SECONDS or (not self._workers and not self._tasks):
            self._look()
        return len(self._tasks) < max(_QUEUED_PER_WORKER * self._workers, 1)

    def submit(self, packed: bytes) -> Future[bytes]:
        self._begun += 1
        number = self._begun
        future: Future[bytes] = Future()
        with self._lost():
            task = self._client.submit(
                _attempt_on_cluster, packed, self._topic, number, key=f"{self._topic}-{number}", pure=False
            )
        self._tasks[future] = number, task
        task.add_done_callback(lambda done: _hand_over(done, future))
        return future

    def result(self, future: Future[bytes]) -> bytes:
        number, _task = self._tasks.pop(future)
        with self._lock:
            self._counts.pop(number, None)
        with self._lost():
            try:
                return future.result()
            except self._distributed.KilledWorker as error:
                raise WorkerKilledError(f"{_KILLED}, on {error.allowed_failures + 1} workers") from error
            except (ImportError, AttributeError) as error:
                raise ConfigError(f"a worker of {self._name} has no Gleaner of this version: {error}") from error

    def reported(self) -> int:
        if self._client.status != "running":
            raise ClusterGone(self._name, "connection lost")
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self._look()
        with self._lock:
            return sum(self._counts.values())

    def close(self, *, at_once: bool) -> None:
        with suppress(Exception):  # of a cluster that may be gone; the scheduler forgets a client that has left
            if at_once and self._client.status == "running":
                self._client.cancel([task for _, task in self._tasks.values()])
            self._client.close(timeout=_CLOSE_SECONDS)

    def _take_report(self, event: tuple[float, list[int]]) -> None:
        number, count = event[1]
        with self._lock:
            self._counts[number] = count

    def _look(self) -> None:
        """Count the workers; remark at intervals that there are none."""
        with self._lost():
            self._workers = len(self._client.nthreads())
        self._looked = now = time.monotonic()
        if self._workers:
            self._alone_since = None
        elif self._alone_since is None or now - self._alone_since > _REMIND_SECONDS:
            self._alone_since = now
            self._remark(f"the cluster at {self._name} has no worker: waiting for one")

    @contextmanager
    def _lost(self) -> Iterator[None]:
        """Turn what Dask raises when it has lost its scheduler into ``ClusterGone``."""
        try:
            yield
        except (CancelledError, OSError, TimeoutError) as error:
            raise ClusterGone(self._name, _first_line(error)) from error
        except (RuntimeError, AttributeError) as error:  # of a client that has closed itself
            if self._client.status == "running":
                raise
            raise ClusterGone(self._name, "connection lost") from error


def _knock(distributed: Any, place: dict[str, str]) -> None:
    """Raise ``OSError`` if nothing listens at *place*: a client of Dask would print a traceback when it is deleted."""
    address = place.get("address") or json.loads(Path(place["scheduler_file"]).read_bytes())["address"]
    host, port = distributed.comm.get_address_host_port(distributed.comm.normalize_address(address))
    socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else "connection lost"


def _hand_over(done: Any, future: Future[bytes]) -> None:
    """Give *future* what *done*, a future of Dask, has; called in a thread of Dask's."""
    try:
        future.set_result(done.result(timeout=_RESULT_SECONDS))
    except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
        future.set_exception(error)
