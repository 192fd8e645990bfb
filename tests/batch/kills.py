"""A harvest on a Dask cluster whose processes are killed at random: what is lost, what is doubled, what differs.

    python -W ignore -m tests.batch.kills --kills 30                  # a scheduler file, workers as separate processes
    python -W ignore -m tests.batch.kills --kills 30 --local-cluster  # Dask's LocalCluster of two workers

It harvests generated files into a folder of parts, and kills with -9 a worker, a worker with its nanny, the client (our
command) or the scheduler. Whatever was killed is started again, and so is the command if it ended. At the end of each
round the bytes of every part and the manifest must be those that ``--cluster processes:1`` made.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from crawler.batch.parts import MANIFEST_NAME
from tests.batch.cluster import DaskCluster, LocalDaskCluster
from tests.conftest import NEIGHBOURS
from tests.crawling import REPOSITORY, scrapy, scrapy_command, write_seed
from tests.waiting import wait_for

DONE, GONE, KILLED = 0, 8, -9
FILES, PAGES_A_FILE = 60, 40
BOUND_SECONDS = 1_800
PAUSE_SECONDS = 2.0
"""Between two kills, at most."""


def write_inputs(folder: Path, files: int = FILES) -> None:
    """Write *files* files of pages with a dump each, as JSON lines would hold them: no two alike."""
    folder.mkdir()
    for number in range(files):
        path = write_seed(folder / f"{number:03}.txt", *NEIGHBOURS, text=f"Story {number}.")
        path.write_text("\n".join(f"{path.read_text()}\n{page}" for page in range(PAGES_A_FILE)))


def parts_in(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every part, and of the manifest."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in {".jsonl", ".manifest"}}


class Round:
    """One harvest, from nothing to the end, with kills on its way."""

    def __init__(self, inputs: Path, out: Path, cluster: DaskCluster | LocalDaskCluster) -> None:
        self.cluster, self.killed = cluster, Counter[str]()
        self.codes: Counter[int] = Counter()
        self._command = scrapy_command(
            *("seeds", "harvest", inputs, "-o", out, "--parts", "--retries", 20, "--cluster", cluster.option)
        )
        self._log = out.with_suffix(".log")
        self.start()

    def start(self) -> None:
        with self._log.open("a") as log:
            self.client = subprocess.Popen(self._command, cwd=REPOSITORY, stdout=log, stderr=log)

    def kill(self, victim: str) -> None:
        if victim == "client":
            self.client.kill()
        elif victim == "scheduler":
            self.cluster.kill_scheduler()
        elif victim == "worker and nanny":
            self.cluster.kill_with_its_nanny(0)
            self.cluster.start_worker()
        else:
            workers = self.cluster.worker_processes()
            if not workers:
                return
            with suppress(ProcessLookupError):
                os.kill(random.choice(workers), signal.SIGKILL)
        self.killed[victim] += 1

    def is_done(self) -> bool:
        """Tell whether the harvest is done; start what was killed, and the command if it ended for another reason."""
        if self.cluster.scheduler.poll() is not None:
            self.client.wait()  # it notices
            self.cluster.start_again()
        code = self.client.poll()
        if code not in {None, DONE}:
            self.codes[code] += 1
            assert code in {GONE, KILLED}, f"exit code {code}: {self._log.read_text()[-3000:]}"
            self.start()
        return code == DONE


def harvest_with_kills(
    folder: Path,
    kills: int,
    victims: list[str],
    kind: type[DaskCluster | LocalDaskCluster] = DaskCluster,
    files: int = FILES,
) -> tuple[Counter[str], Counter[int], int, list[str]]:
    """Harvest with *kills* kills in as many rounds as it takes; return kills, exit codes, rounds, and what differs."""
    inputs, expected = folder / "inputs", folder / "expected"
    write_inputs(inputs, files)
    done = scrapy("seeds", "harvest", inputs, "-o", expected, "--parts", "--cluster", "processes:1")
    assert done.returncode == DONE, done.stderr
    cluster = kind(folder)
    killed: Counter[str] = Counter()
    codes: Counter[int] = Counter()
    wrong: list[str] = []
    rounds, end = 0, time.monotonic() + BOUND_SECONDS
    try:
        while killed.total() < kills:
            rounds += 1
            out = folder / f"round-{rounds}"
            one = Round(inputs, out, cluster)
            wait_for(lambda out=out, one=one: list(out.glob("*.jsonl")) or one.client.poll() is not None)
            due = time.monotonic()
            while not one.is_done():
                assert time.monotonic() < end, "the harvest does not end"
                if killed.total() + one.killed.total() < kills and time.monotonic() >= due:
                    one.kill(random.choice(victims))
                    due = time.monotonic() + random.uniform(0, PAUSE_SECONDS)
                time.sleep(0.02)
            killed, codes = killed + one.killed, codes + one.codes
            wrong += differences(parts_in(expected), parts_in(out))
    finally:
        cluster.stop()
    return killed, codes, rounds, wrong


def differences(expected: dict[str, bytes], found: dict[str, bytes]) -> list[str]:
    """Return what is lost, too much, or not the same; a part of any other name would be too much."""
    names = expected.keys() | found.keys()
    return [name for name in sorted(names) if expected.get(name) != found.get(name)]


def main() -> int:
    """Run it, and print what was killed and what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--local-cluster", action="store_true")
    options = parser.parse_args()
    victims = ["worker", "worker", "client", "scheduler"]
    if not options.local_cluster:
        victims.append("worker and nanny")
    kind = LocalDaskCluster if options.local_cluster else DaskCluster
    with tempfile.TemporaryDirectory() as folder:
        killed, codes, rounds, wrong = harvest_with_kills(Path(folder), options.kills, victims, kind)
    print(f"{killed.total()} kills in {rounds} harvests of {FILES} files, {MANIFEST_NAME} included")
    for victim, count in sorted(killed.items()):
        print(f"  {victim:<18}{count:>4}")
    print(f"exit codes of the command when it was stopped: {dict(codes)}")
    print(f"parts that are lost, doubled or different: {len(wrong)} {wrong[:10]}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
