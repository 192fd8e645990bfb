"""Workers that share a frontier, and its Redis, killed at random: what is lost, and what is doubled.

``python -W ignore -m tests.kills --workers 4 --kill-redis 20 --kill-workers 20`` does it at length.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import IO

from crawler.corpus.fixity.verify import verify
from crawler.corpus.merge.merge import merge
from tests.conftest import RunningReplica
from tests.crawling import REPOSITORY, crawl_arguments, records, scrapy_command, write_seed
from tests.redisserver import RedisServer

IDS = tuple(range(1793001, 1793025))
STARTING, LONGEST = 3.0, 3.0
DONE, GONE, KILLED = 0, 8, -9
BOUND = 900


class Worker:
    """A worker that is started again whenever it ends before the work is done, as a service manager does."""

    def __init__(self, corpus: Path, seed: Path, profile: Path, redis: RedisServer, *arguments: str) -> None:
        self.corpus = corpus
        self.codes: Counter[int] = Counter()
        settings = (f"FRONTIER_URL={redis.url}", f"FRONTIER_KEY={seed}")
        self._command = scrapy_command(*crawl_arguments(seed, corpus, profile, *arguments, settings=settings))
        self.start()

    def start(self) -> None:
        log: IO[str]
        with self.corpus.with_suffix(".log").open("a") as log:
            self.process = subprocess.Popen(self._command, cwd=REPOSITORY, stdout=log, stderr=log)

    def is_done(self) -> bool:
        """Tell whether it has done all its work; start it if it ended for another reason."""
        code = self.process.poll()
        if code not in {None, DONE}:
            self.codes[code] += 1
            assert code in {GONE, KILLED}, self.corpus.with_suffix(".log").read_text()[-3000:]
            self.start()
        return code == DONE

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def crawl_with_kills(
    folder: Path, replica: RunningReplica, *, depth: int, workers: int, redis_kills: int, worker_kills: int
) -> dict[str, object]:
    """Crawl the replica while killing, to the end; return what came of it."""
    seed, redis = write_seed(folder / "seed.txt", *IDS), RedisServer(folder)
    crowd = [
        Worker(folder / f"corpus-{number}", seed, replica.profile, redis, f"depth={depth}") for number in range(workers)
    ]
    victims = ["redis"] * redis_kills + ["worker"] * worker_kills
    random.shuffle(victims)
    killed: Counter[str] = Counter()
    try:
        due, end = time.monotonic() + STARTING + random.uniform(0, LONGEST), time.monotonic() + BOUND
        while sum(worker.is_done() for worker in crowd) < workers:  # each is looked at
            assert time.monotonic() < end, "the crawl does not end"
            time.sleep(0.05)
            if victims and time.monotonic() > due:
                victim = victims.pop()
                if victim == "redis":
                    redis.kill()
                    redis.start()
                else:
                    random.choice(crowd).kill()
                killed[victim] += 1
                due = time.monotonic() + STARTING + random.uniform(0, LONGEST)
    finally:
        for worker in crowd:
            worker.kill()
        redis.kill()
    corpora = [worker.corpus for worker in crowd]
    codes = sum((worker.codes for worker in crowd), Counter())
    return {"killed": dict(killed), "codes": dict(codes)} | outcome(folder / "merged", corpora, depth)


def outcome(merged: Path, corpora: list[Path], depth: int) -> dict[str, object]:
    """Merge *corpora* and return what is lost (listed, but not there), doubled, and was fetched more than once."""
    merge(merged, corpora)
    found = [record for family in ("articles", "duplicates") for record in records(merged, family)]
    keys = Counter(record["key"] for record in found)
    listed = {f"replica/{item['id']}" for one in found if one["depth"] < depth for item in one["related"]}
    everywhere = [one for root in corpora for family in ("articles", "duplicates") for one in records(root, family)]
    fetched = Counter(record["key"] for record in everywhere if record["kind"] != "seed")
    return {
        "records": len(keys),
        "lost": sorted(listed - keys.keys()),
        "doubled": sorted(key for key, times in keys.items() if times > 1),
        "fetched_more_than_once": sum(times - 1 for times in fetched.values()),
        "problems": [str(problem) for problem in verify(merged).problems],
    }


def main() -> None:
    """Do it as the command line says, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-redis", type=int, default=20)
    parser.add_argument("--kill-workers", type=int, default=20)
    parser.add_argument("--depth", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        replica = RunningReplica(Path(name), "--delay", "200")
        try:
            found = crawl_with_kills(
                Path(name),
                replica,
                depth=options.depth,
                workers=options.workers,
                redis_kills=options.kill_redis,
                worker_kills=options.kill_workers,
            )
        finally:
            replica.stop()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
