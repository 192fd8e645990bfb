"""Our processes that work for a command: how they begin, and how they end.

A terminal sends Ctrl-C to every process of a command, SIGHUP when it is closed; a service manager sends SIGTERM. What
follows is for the command's own process to decide. So a worker ignores these signals from its first instruction on. It
ends when its pool ends it, or when the process that it works for is gone, however that one died.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from types import TracebackType
from typing import Any

from crawler.processes.interrupts import GROUP_SIGNALS, held_back


def begin(parent: int, exit_now: Callable[[int], None] = os._exit) -> None:
    """Ignore signals to the group, in a process that was started in :func:`held_back`, and end with its parent.

    *parent* is a descriptor that can be read from when the parent is gone.
    """
    for number in GROUP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # which also drops what came meanwhile
    signal.pthread_sigmask(signal.SIG_UNBLOCK, GROUP_SIGNALS)

    def watch() -> None:
        wait([parent])
        exit_now(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def end_all() -> None:
    """End all workers of this process at once."""
    for child in multiprocessing.active_children():
        child.kill()


class Pool(ProcessPoolExecutor):
    """So many *processes*, spawned, that share work. An error that leaves its ``with`` block ends them at once.

    They are spawned, not forked: a forked child would hold the corpus's lock beyond its parent's death.
    """

    def __init__(
        self, processes: int, initializer: Callable[..., object] | None = None, initargs: tuple[Any, ...] = ()
    ) -> None:
        self._context = _Context()
        with held_back():
            # It would be started by the first worker's start, where Python 3.11 then unblocks what is held back.
            resource_tracker.ensure_running()
        super().__init__(processes, self._context, initializer, initargs)

    def end(self, *, wait: bool = True) -> None:
        """End the processes at once. What they do, or was to be done, fails with ``BrokenProcessPool``."""
        for worker in self._context.workers:
            worker.kill()
        self.shutdown(wait)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.shutdown()
        else:
            self.end()


class _Worker(SpawnProcess):
    def start(self) -> None:
        with held_back():
            super().start()

    def run(self) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            begin(parent.sentinel)
        super().run()

    def kill(self) -> None:
        if self.pid is not None:
            super().kill()

    def terminate(self) -> None:
        """End it by the one signal that it does not ignore: executors call this."""
        self.kill()


class _Context(SpawnContext):
    """Makes workers, and knows all that it made: an executor forgets one whose start is interrupted."""

    def __init__(self) -> None:
        super().__init__()
        self.workers: list[_Worker] = []

    def Process(self, *args: Any, **kwargs: Any) -> _Worker:  # type: ignore[override]  # noqa: N802 - its name there
        worker = _Worker(*args, **kwargs)
        self.workers.append(worker)
        return worker
