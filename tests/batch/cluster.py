"""A Dask cluster of the tests' own on loopback: a scheduler and workers, each a process that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.crawling import REPOSITORY
from tests.waiting import HANG_SECONDS, wait_for

LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard")


class DaskCluster:
    """The scheduler writes its address into ``file``; each worker has a nanny, which starts it again."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self.file = folder / "scheduler.json"
        self._folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self.start_scheduler()
        for _ in range(workers):
            self.start_worker()

    @property
    def option(self) -> str:
        return f"dask-file:{self.file}"

    def start_scheduler(self) -> None:
        self.file.unlink(missing_ok=True)
        self.scheduler = self._start("scheduler", *LOOPBACK, "--port", "0")
        wait_for(self.file.exists, "the file of the scheduler")

    def start_worker(self) -> None:
        number = len(self.workers)
        options = ("--nthreads", "1", "--local-directory", str(self._folder / f"worker-{number}"))
        self.workers.append(self._start("worker", *LOOPBACK, *options))

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{what}"
        command = [sys.executable, "-W", "ignore", "-m", module, "--scheduler-file", str(self.file), *options]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        with (self._folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder, env=environment, start_new_session=True
            )

    def worker_processes(self) -> list[int]:
        """Return the processes in which workers work; their nannies are ``workers``."""
        found = []
        for nanny in self.workers:
            with suppress(OSError):
                children = Path(f"/proc/{nanny.pid}/task/{nanny.pid}/children").read_text(encoding="ascii").split()
                found += [int(child) for child in children if _is_worker(int(child))]
        return found

    def kill_with_its_nanny(self, number: int) -> None:
        """End a worker and its nanny as a machine that loses power does."""
        with suppress(ProcessLookupError):
            os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers.pop(number).wait()

    def kill_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler.wait()

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(HANG_SECONDS)
        self.workers = []


def _is_worker(process: int) -> bool:
    """Return whether it is a spawned process, and no helper of multiprocessing."""
    with suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False
