"""A soak: crawls of a site that misbehaves, killed and started again at random instants, until time is over.

    python -m tests.soak --seconds 3600          # or: make soak SOAK_SECONDS=3600
    python -m tests.soak --workers 2             # that share a frontier in a Redis, which is killed, too

Each round crawls into a corpus of its own, again and again with the same command, until a crawl comes to its end by
itself. On the way crawls are killed (SIGKILL, SIGTERM once, SIGTERM twice), and so is the site. After each death the
corpus is opened, as the next crawl will, and checked: nothing that was there is gone, changed or there twice, and
``verify`` finds no problem. At its end it must hold, key by key, what an undisturbed crawl holds. Exit code 1 if not.
Workers have a corpus each; what must equal the undisturbed one are these merged.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from crawler.archive import Corpus
from crawler.archive.segments import FAMILIES, read_lines, segment_name, segment_paths
from crawler.corpus.fixity.verify import verify
from crawler.corpus.merge.merge import merge
from tests.conftest import REPOSITORY, RunningReplica
from tests.crawling import crawl_arguments, scrapy_command
from tests.redisserver import RedisServer
from tests.waiting import HANG_SECONDS

SEEDS = REPOSITORY / "examples" / "seeds"
FAULTS = "flaky=0.1,busy=0.01,slow=0.02,error500=0.02,reset=0.02,truncated=0.02,gzip-cut=0.02,soft404=0.02,304=0.01"
SITE = ["--articles", "1000", "--republished", "0.2"]
SETTINGS = ["RETRY_TIMES=1", "DOWNLOAD_TIMEOUT=10", "ARCHIVE_SEGMENT_MB=0.2", "ARCHIVE_COMPRESSION=zstd"]
ENDED = {0, 9}
"""Complete, or with failed targets: the crawl came to its end by itself."""
STOPPED = {8, 11, 13, -signal.SIGKILL, -signal.SIGTERM}
"""What others may be: the shared frontier is unavailable; stopped gently, by force, before it could answer for itself."""


class Soak:
    """What happened, and what should not have: ``violations`` in words."""

    def __init__(self, folder: Path, chance: random.Random, depth: int, workers: int) -> None:
        self._folder = folder
        self._chance = chance
        self._depth = depth
        self._workers = workers
        self.counts: Counter[str] = Counter()
        self.exit_codes: Counter[int] = Counter()
        self.violations: list[str] = []
        self._restarting = threading.Lock()
        self._site = self._start_site()
        self._redis = RedisServer(folder) if workers > 1 else None

    def _start_site(self, port: str = "0") -> RunningReplica:
        return RunningReplica(self._folder, *SITE, "--faults", FAULTS, "--port", port)

    def _command(self, corpus: Path, key: str | None = None) -> list[str]:
        """Return the crawl into *corpus*, with the shared frontier of the name *key*, if there is one."""
        settings = list(SETTINGS)
        if self._redis and key:
            settings += [f"FRONTIER_URL={self._redis.url}", f"FRONTIER_KEY={key}", "FRONTIER_LEASE_SECONDS=2"]
        arguments = crawl_arguments(SEEDS, corpus, self._site.profile, f"depth={self._depth}", settings=settings)
        return scrapy_command(*arguments)

    def undisturbed(self) -> dict[str, Any]:
        """Crawl without interruption, and once more for what failed; return what the corpus then holds."""
        corpus = self._folder / "undisturbed"
        for _ in range(2):
            done = subprocess.run(self._command(corpus), cwd=REPOSITORY, capture_output=True, text=True, check=False)
            if done.returncode not in ENDED:
                raise RuntimeError(f"the undisturbed crawl ended with {done.returncode}: {done.stderr[-2000:]}")
        return held(corpus)

    def round(self, number: int, expected: dict[str, Any], until: float) -> None:
        """Crawl into new corpora, disturbed until crawls end by themselves; compare what they hold with *expected*."""
        corpora = [self._folder / f"round-{number}-{worker}" for worker in range(self._workers)]
        with ThreadPoolExecutor(self._workers) as threads:
            ended = list(threads.map(lambda corpus: self._until_it_ends(corpus, f"round-{number}", until), corpora))
        if not all(ended):
            return
        whole = corpora[0]
        if len(corpora) > 1:
            whole = self._folder / f"round-{number}"
            merge(whole, corpora)
            self._check(whole, {}, whole.name)
        self.counts["rounds"] += 1
        self._compare(held(whole), expected, whole.name)

    def _until_it_ends(self, corpus: Path, key: str, until: float) -> bool:
        """Crawl into *corpus*, disturbed until the time *until*; tell whether all crawls ended as they should."""
        before: dict[str, bytes] = {}
        ended = 0
        while ended < 3:  # the last two ask for what failed, and are left alone, as the undisturbed ones were
            code = self._crawl(self._command(corpus, key), disturb=not ended and time.monotonic() < until)
            self.exit_codes[code] += 1
            if code not in ENDED | STOPPED:
                self.violations.append(f"{corpus.name}: a crawl ended with {code}")
                return False
            ended = ended + 1 if code in ENDED else 0
            before = self._check(corpus, before, corpus.name)
        return True

    def _crawl(self, command: list[str], *, disturb: bool) -> int:
        """Crawl until it ends, or something ends it; return the exit code."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, cwd=REPOSITORY, **quiet) as crawling:  # type: ignore[call-overload]
            while disturb:
                try:
                    return int(crawling.wait(self._chance.uniform(0.5, 4.0)))
                except subprocess.TimeoutExpired:
                    pass
                redis = 2 if self._redis else 0
                what = self._chance.choices(["kill", "stop", "force", "site", "redis"], [6, 1, 1, 2, redis])[0]
                self.counts[what] += 1
                if what in {"site", "redis"}:
                    self._restart(what)
                    continue
                crawling.send_signal(signal.SIGKILL if what == "kill" else signal.SIGTERM)
                if what == "force":
                    time.sleep(self._chance.uniform(0.0, 0.5))
                    crawling.send_signal(signal.SIGTERM)
                return int(crawling.wait(HANG_SECONDS))
            return int(crawling.wait(HANG_SECONDS))

    def _restart(self, what: str) -> None:
        """Kill the site or the Redis, and start it again after a while."""
        with self._restarting:
            if self._redis and what == "redis":
                self._redis.kill()
                time.sleep(self._chance.uniform(0.0, 1.0))
                self._redis.start()
            else:
                self._restart_site()

    def _restart_site(self) -> None:
        port = self._site.url.rpartition(":")[2]
        self._site.process.kill()
        self._site.process.wait()
        time.sleep(self._chance.uniform(0.0, 1.0))
        self._site = self._start_site(port)

    def _check(self, root: Path, before: dict[str, bytes], where: str) -> dict[str, bytes]:
        """Open the corpus as the next crawl will, and check it; return its segments, which must stay as they are."""
        if not (root / "corpus.json").exists():
            return before
        Corpus(root, "replica").close()
        self.violations += [f"{where}: verify: {problem}" for problem in verify(root, processes=1).problems]
        now = segments(root)
        lines = Counter((one["key"], one["version"]) for one in records_in(now))
        self.violations += [f"{where}: {key} is there {times} times" for key, times in lines.items() if times > 1]
        for name, data in before.items():
            if not now.get(name, b"").startswith(data):
                self.violations.append(f"{where}: {name} is no longer what it was")
        self.counts["checks"] += 1
        return now

    def _compare(self, found: dict[str, Any], expected: dict[str, Any], where: str) -> None:
        self.counts["articles"] += sum(kind == "article" for kind, _ in found.values())
        for key in expected.keys() - found.keys():
            self.violations.append(f"{where}: {key} is lost")
        for key in found.keys() - expected.keys():
            self.violations.append(f"{where}: {key} is too many")
        for key in found.keys() & expected.keys():
            if found[key] != expected[key]:
                self.violations.append(f"{where}: {key} is {found[key]}, not {expected[key]}")

    def close(self) -> None:
        """End the site, and the Redis."""
        self._site.stop()
        if self._redis:
            self._redis.kill()


def segments(root: Path) -> dict[str, bytes]:
    """Return the lines of each segment of the corpus at *root*, however it is compressed."""
    paths = (path for family in FAMILIES for path in segment_paths(root, family))
    return {segment_name(path): b"".join(line for _, line in read_lines(path)) for path in paths}


def records_in(lines: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """Yield the records in the lines of segments."""
    for data in lines.values():
        yield from map(orjson.loads, data.splitlines())


def held(root: Path) -> dict[str, tuple[str, str | None]]:
    """Return what the corpus at *root* holds under each key: the kind and the text's hash of the highest version."""
    latest: dict[str, dict[str, Any]] = {}
    for record in records_in(segments(root)):
        if record["version"] >= latest.get(record["key"], record)["version"]:
            latest[record["key"]] = record
    return {key: (record["kind"], record["content_sha256"]) for key, record in latest.items()}


def main() -> int:
    """Soak for as long as is asked; print what happened; return 1 if anything was violated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120, help="how long (default: 120)")
    parser.add_argument("--depth", type=int, default=4, help="how far from the seeds (default: 4)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of all that is left to chance")
    parser.add_argument(
        "--workers", type=int, default=1, help="how many share a frontier, if more than one (default: 1)"
    )
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), random.Random(options.seed), options.depth, options.workers)
        try:
            expected = soak.undisturbed()
            number = 0
            while time.monotonic() - start < options.seconds or not number:
                number += 1
                soak.round(number, expected, start + options.seconds)
        finally:
            soak.close()
    print(f"soaked for {time.monotonic() - start:.0f} s (--seed {options.seed}); each corpus: {len(expected)} keys")
    print(*(f"{count:6} {name}" for name, count in sorted(soak.counts.items())), sep="\n")
    print("exit codes:", dict(sorted(soak.exit_codes.items())))
    print(f"{len(soak.violations)} violations", *soak.violations[:50], sep="\n")
    return 1 if soak.violations else 0


if __name__ == "__main__":
    sys.exit(main())
