from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from crawler.processes.interrupts import GROUP_SIGNALS
from tests import browser, redisserver, warm
from tests.crawling import AS_USERS, crawl, write_seed
from tests.waiting import HANG_SECONDS

REPOSITORY = Path(__file__).resolve().parents[1]
NEIGHBOURS = (1793356, 1793883, 1793911, 1793934, 1794312)
MEMORY, ROOM = Path("/dev/shm"), 2 << 30


# No example may fail because the machine is busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Keep the files of tests in memory where it has room: corpora are synced tens of thousands of times."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_unconfigure() -> None:
    """End the process that others were forked from."""
    warm.close()


def _handle_signals_by_default() -> None:
    for number in GROUP_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _signals_that_programs_inherit() -> None:
    """Ignore no signal: programs that tests start inherit it, and ``nohup`` and ``&`` leave some ignored."""
    _handle_signals_by_default()


@pytest.fixture(autouse=True)
def _handlers_of_signals() -> Iterator[None]:
    """Put the handlers of signals back after each test.

    A command ignores signals when its work is done. Run inside of a test, it would leave them ignored in this process
    and in every program that a later test starts.
    """
    yield
    _handle_signals_by_default()


class RunningReplica:
    """A replica in a process of its own. ``url`` has no slash at its end; ``profile`` is the path of its site profile."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.profile = folder / "replica.toml"
        command = [*warm.PREFIX, "crawler.replica", "--port", "0", "--profile", str(self.profile), *options]
        self.process = warm.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()  # comes when it listens
        if not line.startswith("replica: http"):
            self.stop()
            pytest.fail(f"the replica did not start: {line!r}")
        self.url = line.split()[1].rstrip("/")

    def stats(self) -> dict[str, Any]:
        """Return the requests answered since the start or the last reset, by kind: article, image, robots, other."""
        with urlopen(f"{self.url}/replica/stats", timeout=HANG_SECONDS) as response:
            counts: dict[str, Any] = json.load(response)
        return counts

    def reset(self) -> None:
        """Set the counts to zero, and let flaky URLs fail once more."""
        urlopen(Request(f"{self.url}/replica/reset", method="POST"), timeout=HANG_SECONDS).close()

    def stop(self) -> int:
        """End the process as a service manager does, and return its exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=HANG_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run three tests on two cores: a third of their time is waiting, for sites that are slow on purpose and the like."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


@pytest.fixture(scope="session")
def start_replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningReplica]]:
    """Give a function that starts a replica with further options, such as ``start_replica("--faults", "slow=1")``."""
    started: list[RunningReplica] = []

    def start(*options: str) -> RunningReplica:
        started.append(RunningReplica(tmp_path_factory.mktemp("replica"), *options))
        return started[-1]

    yield start
    for replica in started:
        replica.stop()


@pytest.fixture(scope="session")
def replica(start_replica: Callable[..., RunningReplica]) -> RunningReplica:
    """Give one replica with default options for the whole session; whoever counts requests resets it first."""
    return start_replica()


class Crawled(NamedTuple):
    """The corpus of a crawl as a user makes it, of a seed whose dump lists :data:`NEIGHBOURS`."""

    corpus: Path
    seed: Path
    done: subprocess.CompletedProcess[str]

    def copy(self, folder: Path) -> Path:
        """Return a copy of the corpus in *folder*, to be changed."""
        return shutil.copytree(self.corpus, folder / "corpus")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that *make* has filled, once for all processes that run tests; nobody changes it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            filling = folder.with_suffix(".new")
            filling.mkdir()
            make(filling)
            filling.rename(folder)
    return folder


@pytest.fixture(scope="session")
def crawled(replica: RunningReplica, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    """Give the corpus of a crawl of the replica; nobody changes it."""
    folder = tmp_path_factory.mktemp("crawled")
    seed = write_seed(folder / "seed.txt", *NEIGHBOURS)
    done = crawl(seed, folder / "corpus", replica.profile, settings=[AS_USERS])
    assert done.returncode == 0, done.stderr
    return Crawled(folder / "corpus", seed, done)


class Captured(NamedTuple):
    """A corpus with the captures of two crawls, the second with revisits; the site that they were of is gone."""

    corpus: Path
    seed: Path
    profile: Path


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    """Give the captures of an article of the dump, one behind a redirect, one that is not there, and of one more.

    They are made once for all processes that run tests; nobody changes them.
    """

    def make(folder: Path) -> None:
        site = RunningReplica(folder)
        for run, ids in {"one": (1793356, 1793883, 9999999), "two": (1793911,)}.items():
            seed = write_seed(folder / f"{run}.txt", *ids)
            done = crawl(seed, folder / "corpus", site.profile, settings=["ARCHIVE_WARC=1"])
            assert done.returncode == 0, done.stderr
        site.stop()

    folder = made_once(tmp_path_factory, "captured", make)
    return Captured(folder / "corpus", folder / "one.txt", folder / "replica.toml")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    """Give a headless Chromium; skip the test where there is none."""
    program = browser.find()
    if program is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    running = browser.Browser(program, tmp_path_factory.mktemp("chromium"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redisserver.RedisServer]:
    """Give a Redis of this test process's own; skip the test where there is none."""
    if redisserver.PROGRAM is None:
        pytest.skip("there is no Redis here (Debian: apt-get install redis-server)")
    server = redisserver.RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()
