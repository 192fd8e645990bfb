from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


class RunningReplica:
    """A replica in a process of its own. ``url`` has no slash at its end; ``profile`` is the path of its site profile."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.profile = folder / "replica.toml"
        command = [sys.executable, "-m", "crawler.replica", "--port", "0", "--profile", str(self.profile), *options]
        self.process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()  # comes when it listens
        if not line.startswith("replica: http"):
            self.stop()
            pytest.fail(f"the replica did not start: {line!r}")
        self.url = line.split()[1].rstrip("/")

    def stats(self) -> dict[str, Any]:
        """Return the requests answered since the start or the last reset, by kind: article, image, robots, other."""
        with urlopen(f"{self.url}/replica/stats", timeout=10) as response:
            counts: dict[str, Any] = json.load(response)
        return counts

    def reset(self) -> None:
        """Set the counts to zero, and let flaky URLs fail once more."""
        urlopen(Request(f"{self.url}/replica/reset", method="POST"), timeout=10).close()

    def stop(self) -> int:
        """End the process as a service manager does, and return its exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


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
