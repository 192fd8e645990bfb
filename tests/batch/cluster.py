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
        self._started = 0
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

    def start_again(self) -> None:
        """Start a scheduler in the place of one that was killed, with as many workers as there were."""
        count = len(self.workers)
        self.stop()
        self.start_scheduler()
        for _ in range(count):
            self.start_worker()

    def start_worker(self) -> None:
        self._started += 1
        number = self._started
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
        return [child for nanny in self.workers for child in _workers_of(nanny.pid)]

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


class LocalDaskCluster:
    """Dask's own LocalCluster of two workers, with scheduler and nannies in one process beside the command."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self._folder = folder
        self.start_again()

    @property
    def option(self) -> str:
        return f"dask-file:{self.file}"

    def start_again(self) -> None:
        self.file.unlink(missing_ok=True)
        command = [sys.executable, "-W", "ignore", "-m", "tests.batch.cluster", str(self.file)]
        with (self._folder / "cluster.log").open("ab") as log:
            self.scheduler = subprocess.Popen(command, stdout=log, stderr=log, cwd=REPOSITORY, start_new_session=True)
        wait_for(self.file.exists, "the file of the scheduler")

    def worker_processes(self) -> list[int]:
        return _workers_of(self.scheduler.pid)

    def kill_scheduler(self) -> None:
        """End the scheduler and both nannies; the workers end when they notice."""
        self.scheduler.kill()
        self.scheduler.wait()

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.scheduler.pid, signal.SIGKILL)
        self.scheduler.wait(HANG_SECONDS)


def _workers_of(process: int) -> list[int]:
    """Return the spawned children of *process*, but for the helpers of multiprocessing."""
    with suppress(OSError):
        tasks = Path(f"/proc/{process}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text(encoding="ascii").split() if _is_worker(child)]
    return []


def _is_worker(process: str) -> bool:
    with suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def main(file: str) -> None:
    """Serve a LocalCluster until this process is killed; write its address to *file*."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.write_scheduler_file(f"{file}.draft")
        Path(f"{file}.draft").rename(file)
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
