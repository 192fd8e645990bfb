"""Crawls and commands on disks that run full: with which exit code each ends, and how long after the error.

    python -m tests.fulldisk                    # crawls, on a tmpfs of 64 KiB to 1 MiB, and with 20 to 300 KiB left
    python -m tests.fulldisk --step 256         # fewer of them
    python -m tests.fulldisk --commands         # all commands that write, with 0 to 1024 KiB left

Prints a row for each, and exits with 1 if one did not end by itself in time with exit code 0 or 3, said more than one
line about its error, or left what is taken for damage or for a whole file. A disk is a tmpfs in a mount namespace of
this process's own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crawler.archive import Corpus
from crawler.corpus.fixity.verify import verify
from tests.archive.trials import mount
from tests.conftest import NEIGHBOURS, REPOSITORY, RunningReplica
from tests.crawling import crawl, crawl_arguments, scrapy, scrapy_command, write_seed
from tests.factories import make_article
from tests.waiting import HANG_SECONDS

COMPLETE, FAILED_URLS, DISK_FULL = 0, 9, 3
SEEDS, OLD_LINES = 400, 411
END_SECONDS = 10.0
"""How long after its error a crawl may go on."""
KIB = 1024
IN_NAMESPACE = ["unshare", "--map-root-user", "--mount"]


@dataclass(slots=True)
class Trial:
    """A crawl onto a disk of *kib* KiB, or onto one with so much left beside an old corpus; and what came of it."""

    kib: int
    warc: bool
    old: bool
    code: int = 0
    after_error: float = 0.0
    lines: int = 0
    """Lines of the log that are errors, or parts of a traceback."""
    stats: int = 0
    verify: int = 0
    problems: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether it went as it should."""
        told = {DISK_FULL: 1, COMPLETE: 0}.get(self.code)
        reading = {self.stats, self.verify} <= {COMPLETE, DISK_FULL, 1}
        return self.lines == told and self.after_error < END_SECONDS and reading and not self.problems

    def __str__(self) -> str:
        kind = "old corpus, free" if self.old else "new corpus, disk"
        ended = f"exit code {self.code:3}, {self.after_error:5.1f} s after the error, {self.lines:3} lines"
        told = f"stats {self.stats}, verify {self.verify}, {self.problems} problems once there is room"
        what = f"{kind} {self.kib:5} KiB, {'WARC' if self.warc else '    '}"
        return f"{what}: {ended}; {told}{'' if self.is_clean else '   <-- not as it should be'}"


class Disks:
    """Makes disks in *folder*, and lets crawls of a replica run onto them."""

    def __init__(self, folder: Path, end_seconds: float) -> None:
        self._end_seconds = end_seconds
        self.disk = folder / "disk"
        self.disk.mkdir()
        self._seeds = folder / "seeds"
        self._seeds.mkdir()
        for number in range(SEEDS):
            write_seed(self._seeds / f"{number:03}.txt", *NEIGHBOURS, text=f"The story of seed {number}. " * 20)
        self._old = folder / "old"
        corpus = Corpus(self._old, "replica")
        for number in range(OLD_LINES):
            with corpus.group():
                corpus.add(make_article(number, text=f"What article {number} says of the harbour. " * 20))
        corpus.close()
        self.replica = RunningReplica(folder)

    def run(self, trial: Trial) -> None:
        """Do *trial*, on a disk of its own."""
        taken = blocks(self._old) * 4 if trial.old else 0
        mount("-t", "tmpfs", "-o", f"size={taken + trial.kib}k", "none", self.disk)
        try:
            corpus = self.disk / "corpus"
            if trial.old:
                shutil.copytree(self._old, corpus)
            self._crawl(trial, corpus)
            if corpus.exists():
                trial.stats, trial.verify = (
                    scrapy("corpus", verb, "-s", f"CORPUS_DIR={corpus}").returncode for verb in ("stats", "verify")
                )
            mount("-o", "remount,size=64m", "none", self.disk)
            Corpus(corpus, "replica").close()
            trial.problems = len(verify(corpus).problems)
        finally:
            subprocess.run(["umount", "--lazy", self.disk], check=True)

    def _crawl(self, trial: Trial, corpus: Path) -> None:
        settings = [
            f"ARCHIVE_WARC={int(trial.warc)}",
            "REPORT_SECONDS=30",
            "EXTRACT_PROCESSES=1",
            f"END_SECONDS={self._end_seconds}",
        ]
        arguments = crawl_arguments(self._seeds, corpus, self.replica.profile, settings=settings)
        command = ["timeout", "--signal=KILL", str(HANG_SECONDS), *scrapy_command(*arguments)]
        told = ended = 0.0
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
        ) as crawling:
            assert crawling.stderr is not None
            for line in crawling.stderr:
                plain = line[:1].isdigit() and ("[" in line)
                trial.lines += not plain or " ERROR: " in line or " CRITICAL: " in line
                if "no room left" in line:
                    told = told or time.monotonic()
        ended = time.monotonic()
        trial.code, trial.after_error = crawling.returncode, ended - told if told else 0.0

    def stop(self) -> None:
        """Stop the replica."""
        self.replica.stop()


@dataclass(slots=True)
class CommandTrial:
    """A command on a disk with *kib* KiB left, and what came of it."""

    name: str
    kib: int
    code: int = 0
    lines: int = 0
    """Lines on standard error."""
    left: str = ""
    """What is there of the output of a command that failed."""
    problems: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether it went as it should."""
        ended = self.code == COMPLETE or (self.code == DISK_FULL and self.lines == 1)
        return ended and not self.left and not self.problems

    def __str__(self) -> str:
        wrong = "" if self.is_clean else "   <-- not as it should be"
        told = f"exit code {self.code}, {self.lines} lines, left: {self.left or 'nothing'}"
        return f"{self.name:22} {self.kib:5} KiB left: {told}; {self.problems} problems once there is room{wrong}"


EXPORTS = [f"export --format {name}" for name in ("parquet", "csv", "jsonl", "txt", "hf", "wacz")]
GRAPHS = [f"graph --format {name}" for name in ("graphml", "gexf", "parquet", "dot")]
IN_CORPUS = [
    "search harbour",
    "reextract --yes",
    "seal --compression zstd",
    "seal",
    "repair",
    "report",
    "stats",
    "verify",
]
"""What is written in the corpus itself."""
ELSEWHERE = [*EXPORTS, *GRAPHS, "report", "bag", "bag --compression gzip", "merge", "harvest", "harvest --jobs 1"]
"""What is written to a disk of its own."""


class Commands:
    """Runs commands on the disks of *disks*."""

    def __init__(self, disks: Disks, folder: Path) -> None:
        self._disk = disks.disk
        self._corpus = folder / "captured"
        seed = write_seed(folder / "seed.txt", *NEIGHBOURS)
        done = crawl(seed, self._corpus, disks.replica.profile, settings=["ARCHIVE_WARC=1"])
        assert done.returncode == COMPLETE, done.stderr
        corpus = Corpus(self._corpus, "replica")
        with corpus.group():
            for number in range(OLD_LINES):
                corpus.add(make_article(number, text=f"What article {number} says of the harbour. " * 20))
        corpus.close()
        self._profile = disks.replica.profile
        self._pages = folder / "pages"
        self._pages.mkdir()
        for number in range(4):
            text = seed.read_text(encoding="utf-8") + "A line of the page. " * 20_000
            (self._pages / f"{number}.jsonl").write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")

    def run(self, trial: CommandTrial, *, in_corpus: bool) -> None:
        """Do *trial*: with so much left on the disk that holds the corpus, or that the output goes to."""
        taken = blocks(self._corpus) * 4 + 64 if in_corpus else 0
        mount("-t", "tmpfs", "-o", f"size={taken + 2048}k", "none", self._disk)
        try:
            corpus, out = self._corpus, self._disk / "out"
            if in_corpus:
                corpus = self._disk / "corpus"
                shutil.copytree(self._corpus, corpus)
            fill(self._disk, trial.kib)
            verb, *options = trial.name.split()
            if not in_corpus and verb in {"export", "graph", "report"}:
                options += ["-o", str(out)]
            elif verb == "bag":
                options = [str(out), *options]
            elif verb == "merge":
                options, corpus = [str(corpus)], out
            elif verb == "harvest":
                options = [str(self._pages), "-o", str(out), *options]
            elif verb == "reextract":
                options += ["--site", str(self._profile), "-s", "CLEAN_RULES_OFF=pull-quotes"]
            group = "seeds" if verb == "harvest" else "corpus"
            done = scrapy(group, verb, *options, "-s", f"CORPUS_DIR={corpus}")
            trial.code, trial.lines = done.returncode, len(done.stderr.splitlines())
            if trial.code and not in_corpus and verb != "merge":
                trial.left = ", ".join(path.name for path in self._disk.iterdir() if path.name != FILLER)
            (self._disk / FILLER).unlink()
            if in_corpus:
                Corpus(corpus, "replica").close()
                trial.problems = len(verify(corpus).problems)
        finally:
            subprocess.run(["umount", "--lazy", self._disk], check=True)


FILLER = "filler"


def blocks(folder: Path) -> int:
    """Return how many pages of a tmpfs the files below *folder* take."""
    return sum(-(-path.stat().st_size // 4096) + 1 for path in folder.rglob("*"))


def fill(disk: Path, kib: int) -> None:
    """Fill *disk* up but for *kib* KiB."""
    with (disk / FILLER).open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(disk).free - kib * KIB)))


def command_trials(step: int) -> Iterator[tuple[CommandTrial, bool]]:
    """Yield all trials of commands, and whether each is of one that writes in the corpus."""
    for names, in_corpus in ((IN_CORPUS, True), (ELSEWHERE, False)):
        for name in names:
            for kib in (0, 8, *range(step, KIB + 1, step)):
                yield CommandTrial(name, kib), in_corpus


def trials(step: int) -> Iterator[Trial]:
    """Yield all trials; sizes differ by *step* KiB."""
    for warc in (False, True):
        for kib in range(64, KIB + 1, step):
            yield Trial(kib, warc, old=False)
        for kib in range(20, 301, step):
            yield Trial(kib, warc, old=True)


def _crawls(disks: Disks, todo: Iterable[Trial]) -> Iterator[Trial]:
    for trial in todo:
        disks.run(trial)
        yield trial


def _commands(disks: Disks, folder: Path, todo: Iterable[tuple[CommandTrial, bool]]) -> Iterator[CommandTrial]:
    commands = Commands(disks, folder)
    for trial, in_corpus in todo:
        commands.run(trial, in_corpus=in_corpus)
        yield trial


def _rows(options: argparse.Namespace, disks: Disks, folder: Path) -> Iterator[Trial | CommandTrial]:
    """Do what *options* say, and yield what came of each trial."""
    if options.crawl or options.command:
        rows = [row.split(",") for row in options.crawl]
        yield from _crawls(disks, [Trial(int(kib), bool(warc), old=kind == "old") for kind, kib, warc in rows])
        todo = [(CommandTrial(name, options.left), name in IN_CORPUS) for name in options.command]
        yield from _commands(disks, folder, todo) if todo else ()
    elif options.commands:
        yield from _commands(disks, folder, command_trials(options.step))
    else:
        yield from _crawls(disks, trials(options.step))


def may_mount() -> bool:
    """Tell whether a file system can be mounted in a namespace of our own."""
    command = [*IN_NAMESPACE, "mount", "-t", "tmpfs", "none", tempfile.gettempdir()]
    return (
        shutil.which("unshare") is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


def printed(*arguments: str) -> list[dict[str, Any]]:
    """Return the rows that this program, called with *arguments*, printed."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.fulldisk", "--json", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=HANG_SECONDS)
    assert done.stdout, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> int:
    """Do what the command line says; return 1 if anything was not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=32, help="KiB between two sizes (default: 32)")
    parser.add_argument("--commands", action="store_true", help="commands instead of crawls")
    parser.add_argument("--crawl", action="append", default=[], help="this crawl, such as new,256,warc or old,20,")
    parser.add_argument("--command", action="append", default=[], help="this command, such as 'export --format wacz'")
    parser.add_argument("--left", type=int, default=0, help="... with so many KiB left (default: 0)")
    parser.add_argument("--json", action="store_true", help="print a JSON object for each")
    parser.add_argument("--mounted", action="store_true", help=argparse.SUPPRESS)  # in a namespace where one may mount
    options = parser.parse_args()
    if not options.mounted:
        again = [*IN_NAMESPACE, sys.executable, "-m", "tests.fulldisk", "--mounted", *sys.argv[1:]]
        return subprocess.run(again, check=False).returncode
    clean = True
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        disks = Disks(Path(folder), HANG_SECONDS if options.json else 8)
        try:
            for row in _rows(options, disks, Path(folder)):
                print(json.dumps(asdict(row)) if options.json else row, flush=True)
                clean &= row.is_clean
        finally:
            disks.stop()
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
