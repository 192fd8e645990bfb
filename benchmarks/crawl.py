"""What a crawl costs, beside a Scrapy spider that keeps nothing and spiders built on other extractors.

    python benchmarks/crawl.py [--articles 3000] [--rounds 1] [--only bare,full,...] [--json OUT.json]

The replica runs in a process of its own; each crawl requests the same articles of it, in processes of its own:

- ``warc``: Gleaner with ARCHIVE_WARC; ``full``: as by default; ``no-pictures``: IMAGES_FETCH=none; ``redis``: with a
  frontier in Redis, if there is one here; ``replay``: from the WARC files of ``warc``, without the network;
- ``bare``: a Scrapy spider that requests the URLs of all pages and pictures and keeps nothing; ``trafilatura``,
  ``newspaper4k`` and ``pictures``: spiders of benchmarks/crawl_peers.py, if the extractor is installed (the group
  ``peers`` of pyproject.toml);
- ``watched``: ``full`` once more, with each callback of its event loop timed; it is no measure of speed.

Prints a table in Markdown: articles a second; CPU milliseconds an article in the crawl's own process, in its readers,
and in the replica; the greatest memory of the crawl's own process and of a reader; seconds until the first line is in
the corpus; and the wall time of ``bare`` in the same round, divided by this one's. With several rounds, medians. All
figures depend on what else the machine does; those of one round are comparable. Nothing is random.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from crawler.replica.site import Site
from tests.crawling import REPOSITORY
from tests.redisserver import PROGRAM, RedisServer

_POLL_SECONDS = 0.03
_TICKS = os.sysconf("SC_CLK_TCK")
_SETTINGS: dict[str, tuple[str, ...]] = {
    "warc": ("ARCHIVE_WARC=True",),
    "full": (),
    "no-pictures": ("IMAGES_FETCH=none",),
    "redis": (),
    "replay": (),
}
PEERS = ("bare", "trafilatura", "newspaper4k", "pictures")
ALL = ("warc", *PEERS[:1], *list(_SETTINGS)[1:], *PEERS[1:], "watched")


@dataclass
class Took:
    """What one run took: seconds, CPU seconds by kind of process, greatest memory in MiB, the articles that it kept."""

    seconds: float = 0.0
    articles: int = 0
    first_line: float | None = None
    cpu: dict[str, float] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    replica: float = 0.0


class Sampler:
    """Reads the CPU time and the greatest memory of a process and of its children until it has ended."""

    def __init__(self, pid: int, lines: Path) -> None:
        self._pid, self._lines = pid, lines
        self._began = time.perf_counter()
        self._cpu: dict[int, tuple[str, float]] = {}
        self.peak: dict[str, float] = {}
        self.first_line: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> dict[str, float]:
        """Return the CPU seconds of each kind of process."""
        self._ended.set()
        self._thread.join()
        used: dict[str, float] = {}
        for kind, seconds in self._cpu.values():
            used[kind] = used.get(kind, 0.0) + seconds
        return used

    def _run(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            for pid in (self._pid, *_children(self._pid)):
                self._sample(pid)
            if self.first_line is None and self._lines.exists() and self._lines.stat().st_size:
                self.first_line = time.perf_counter() - self._began

    def _sample(self, pid: int) -> None:
        try:
            kind = "own" if pid == self._pid else self._cpu[pid][0] if pid in self._cpu else _kind(pid)
            self._cpu[pid] = kind, cpu_seconds(pid)
            peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line)
        except (OSError, StopIteration, IndexError):  # it has ended meanwhile
            return
        self.peak[kind] = max(self.peak.get(kind, 0.0), int(peak.split()[1]) / 1024)


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of the process *pid* alone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def _kind(pid: int) -> str:
    return "other" if "resource_tracker" in Path(f"/proc/{pid}/cmdline").read_text() else "reader"


class Bench:
    """Runs crawls of the replica, with everything that they need and make in *folder*."""

    def __init__(self, folder: Path, articles: int) -> None:
        self._folder = folder
        self._count = 0
        self._replica = 0
        self.captures: Path | None = None
        site = Site(articles=articles)
        self._ids = folder / "ids.txt"
        self._ids.write_text("".join(f"{site.id_at(at)}\n" for at in range(articles)), encoding="utf-8")
        self._profile, self._pages, self._urls = folder / "p.toml", folder / "pages.txt", folder / "urls.txt"

    @contextmanager
    def replica(self, articles: int) -> Iterator[None]:
        """Serve the site."""
        words = ["-m", "crawler.replica", "--port", "0", "--articles", str(articles), "--redirects", "0"]
        command = [sys.executable, *words, "--profile", str(self._profile)]
        with Popen(command, cwd=REPOSITORY, stdout=PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                server.stdout.readline()
                self._replica = server.pid
                yield
            finally:
                server.terminate()

    def run(self, name: str) -> Took:
        """Run the crawl *name*."""
        self._count += 1
        out = self._folder / f"{self._count:02d}-{name}"
        out.mkdir()
        if name in PEERS:
            urls = self._urls if name == "bare" else self._pages
            return self._measure(["benchmarks/crawl_peers.py", name, str(urls), str(out)], out, out / "items.jsonl")
        lines = out / "articles" / "articles-000001.jsonl"
        with ExitStack() as stack:
            settings = _SETTINGS.get(name, ())
            if name == "redis":
                redis = RedisServer(out)
                stack.callback(redis.kill)
                settings = (*settings, f"FRONTIER_URL={redis.url}/0")
            if name == "replay":
                settings = (*settings, f"SOURCE=warc:{self.captures}")
            words = ["crawl", "neighbours", "-a", f"seeds={self._ids}", "-a", f"site={self._profile}", "-a", "depth=0"]
            for setting in (f"CORPUS_DIR={out}", "REPORT_SECONDS=0", "LOG_LEVEL=WARNING", *settings):
                words += ["-s", setting]
            watched = ["benchmarks/crawl_peers.py", "watch", str(out / "held.json")]
            took = self._measure([*(watched if name == "watched" else ["-m", "scrapy"]), *words], out, lines)
        if name == "warc":
            self._learn(out, lines)
        if name == "watched":
            for seconds, cpu, what in json.loads((out / "held.json").read_text(encoding="utf-8"))[:5]:
                print(f"held for {1000 * cpu:.1f} ms of CPU, {1000 * seconds:.1f} ms by the clock: {what}")
        return took

    def _measure(self, words: list[str], out: Path, lines: Path) -> Took:
        before, began = cpu_seconds(self._replica), time.perf_counter()
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        with (out / "log.txt").open("wb") as log:
            process = Popen([sys.executable, *words], cwd=REPOSITORY, stdout=log, stderr=log, env=environment)
            sampler = Sampler(process.pid, lines)
            # Waited for without being reaped, so that the sampler can read its last figures.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            seconds = time.perf_counter() - began
            used = sampler.end()
            used["own"] = cpu_seconds(process.pid)
            code = process.wait()
        if code:
            sys.exit(f"{' '.join(words)} ended with {code}:\n{(out / 'log.txt').read_text()[-2000:]}")
        kept = _articles(lines) if lines.exists() else len(self._pages.read_text(encoding="utf-8").split())
        return Took(seconds, kept, sampler.first_line, used, sampler.peak, cpu_seconds(self._replica) - before)

    def _learn(self, corpus: Path, lines: Path) -> None:
        """Note the URLs that a crawl requests of the site, and where its captures are."""
        self.captures = corpus
        pages: list[str] = []
        pictures: list[str] = []
        for record in map(json.loads, lines.read_text(encoding="utf-8").splitlines()):
            pages.append(record["capture"]["url"])
            pictures += (image["url"] for image in record["images"] if image["url"])
        self._pages.write_text("\n".join(pages), encoding="utf-8")
        self._urls.write_text("\n".join((*pages, *dict.fromkeys(pictures))), encoding="utf-8")


def _articles(lines: Path) -> int:
    records = map(json.loads, lines.read_text(encoding="utf-8").splitlines())
    return sum(record.get("kind", "article") == "article" for record in records)


def is_possible(name: str) -> bool:
    """Return whether what the run *name* needs is installed here."""
    needs = {"redis": PROGRAM, "newspaper4k": find_spec("newspaper"), "pictures": find_spec("trafilatura")}
    return bool(needs.get(name, True))


def table(rounds: list[dict[str, Took]]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| crawl | articles/s | CPU ms: own | readers | replica | MiB: own | reader | first line, s | bare / this |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for name in rounds[0]:
        took = [one[name] for one in rounds if name in one]

        def middle(values: list[float | None]) -> float:
            return median([value or 0.0 for value in values])

        def cpu(kind: str, took: list[Took] = took) -> float:
            return 1000 * middle([one.cpu.get(kind, 0.0) / max(1, one.articles) for one in took])

        def peak(kind: str, took: list[Took] = took) -> float:
            return middle([one.peak.get(kind, 0.0) for one in took])

        share = median([one["bare"].seconds / one[name].seconds for one in rounds if "bare" in one] or [0.0])
        yield (
            f"| {name} | {middle([one.articles / one.seconds for one in took]):.1f} | {cpu('own'):.2f} "
            f"| {cpu('reader'):.2f} | {1000 * middle([one.replica / max(1, one.articles) for one in took]):.2f} "
            f"| {peak('own'):.0f} | {peak('reader'):.0f} | {middle([one.first_line for one in took]):.1f} "
            f"| {share:.2f} |"
        )


def main() -> None:
    """Run the crawls and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", default=",".join(ALL), help="the crawls, in order; warc always comes first")
    parser.add_argument("--json", type=Path, help="a file for all figures of all rounds")
    options = parser.parse_args()
    names = list(dict.fromkeys(["warc", *options.only.split(",")]))
    if unknown := sorted(set(names) - set(ALL)):
        parser.error(f"--only: {unknown[0]} is none of {', '.join(ALL)}")
    rounds: list[dict[str, Took]] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.articles)
        with bench.replica(options.articles):
            for at in range(options.rounds):
                runs = [name for name in names if is_possible(name) and (at == 0 or name not in {"warc", "watched"})]
                rounds.append({name: _noted(bench, name) for name in runs})
    print("\n".join(table(rounds)))
    if options.json:
        plain: list[dict[str, Any]] = [{name: asdict(took) for name, took in one.items()} for one in rounds]
        options.json.write_text(json.dumps(plain, indent=1), encoding="utf-8")


def _noted(bench: Bench, name: str) -> Took:
    took = bench.run(name)
    cpu = ", ".join(f"{kind} {seconds:.1f}" for kind, seconds in sorted(took.cpu.items()))
    print(f"{name}: {took.seconds:.1f} s, {took.articles} articles; CPU seconds: {cpu}", file=sys.stderr, flush=True)
    return took


if __name__ == "__main__":
    main()
