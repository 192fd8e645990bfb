"""Ctrl-C on a real terminal at random instants: what becomes of commands, their processes, their files and the corpus.

    python -W ignore -m tests.ctrlc --times 200                   # crawl, harvest, reextract, export, verify and merge
    python -W ignore -m tests.ctrlc --times 200 crawl harvest     # only these

Each command runs in the foreground of a pseudo-terminal and is interrupted, through the terminal and so in all its
processes, at an instant of its life that chance chooses. Afterwards there must be: an exit code that says so; no
traceback (but that of Python itself, if our handlers were not yet installed); no process; no
half-written file; a corpus without a problem. In the end, and now and then before, the same command is left alone and
must do all its work. Exit code 1 if anything of this is not so.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import closing
from pathlib import Path

from crawler.archive.pictures import store
from crawler.corpus.fixity.verify import verify
from crawler.exceptions import STOPPED
from crawler.runs.exitcodes import COMPLETE, FAILED_URLS, FORCED
from tests.conftest import RunningReplica
from tests.crawling import REPOSITORY, crawl_arguments, records, scrapy, scrapy_command, setting_arguments, write_seed
from tests.terminal import Terminal

COMMANDS = ("crawl", "harvest", "reextract", "export", "verify", "merge")
LEFT_ALONE_EVERY = 20
BEFORE_OUR_HANDLERS = (
    "commands/__init__.py",
    "processes/__init__.py",
    "processes/interrupts.py",
    "exceptions.py",
    "writable.py",
)
"""What is loaded to install handlers: until then a signal is Python's own traceback."""
IDS = tuple(range(1793001, 1793013))
BIG_PICTURES, BIG_BYTES = 9, 8 * 1024 * 1024
"""So that verify shares its work among processes."""


def _ours(output: str) -> bool:
    """Return whether a traceback in *output* passes through code of ours that runs after our handlers are installed."""
    for file in BEFORE_OUR_HANDLERS:
        output = output.replace(f"{REPOSITORY}/crawler/{file}", "")
    return any(ours in output for ours in (f"{REPOSITORY}/crawler/", "spawn_main", "SpawnProcess"))


class Case(ABC):
    """A command that is interrupted again and again in *folder*; ``violations`` are what must not be, in words."""

    name: str

    def __init__(self, folder: Path, replica: RunningReplica) -> None:
        self.folder, self.replica = folder, replica
        self.codes: Counter[str] = Counter()
        self.violations: list[str] = []
        self.seconds = 1.0
        self.corpus = folder / "corpus"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Make what the command works on."""

    def begin(self) -> None:  # noqa: B027 - most have nothing to do
        """Make ready for the next time."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the arguments of ``scrapy``."""

    def check(self) -> list[str]:
        """Return what is wrong after an interrupt."""
        return [str(problem) for problem in verify(self.corpus, processes=1).problems] if self._is_there() else []

    def check_whole(self) -> list[str]:
        """Return what is wrong after the command was left alone."""
        return self.check()

    def _is_there(self) -> bool:
        return (self.corpus / "catalogue.sqlite").exists()

    def once(self, instant: float | None, twice: bool = False) -> int:
        """Run the command, interrupted after *instant* seconds if it still runs; note what must not be."""
        with Terminal(scrapy_command(*self.command()), env={"TMPDIR": str(self.temporary)}) as terminal:
            if instant is not None:
                time.sleep(instant)
                terminal.press_ctrl_c()
                if twice:
                    time.sleep(0.2)
                    terminal.press_ctrl_c()
            code = terminal.wait()
            wrong = [f"processes left: {left}"] if (left := terminal.left()) else []
            self.code, self.output = code, (output := terminal.output)
        loading = (code == -signal.SIGINT or "KeyboardInterrupt" in output) and not _ours(output)
        allowed = {COMPLETE, FAILED_URLS, STOPPED} if instant is not None else {COMPLETE}
        if not loading and code not in allowed | ({FORCED} if twice else set()):
            wrong.append(f"exit code {code}")
        if ("Traceback" in output or "Exception ignored" in output) and not loading:
            wrong.append("a traceback")
        if left := sorted(path.name for path in self.temporary.iterdir()):
            wrong.append(f"temporary files left: {left}")
        self.codes["before our handlers were installed" if loading else str(code)] += 1
        wrong += self.check() if instant is not None else self.check_whole()
        if wrong:
            self.violations.append(f"{self.name} after {instant}: {'; '.join(wrong)}: {output[-2000:]}")
        return code

    def run(self, times: int, chance: random.Random, twice: bool) -> None:
        """Interrupt the command *times* times, and leave it alone now and then."""
        for number in range(times):
            if number % LEFT_ALONE_EVERY == 0:
                self.begin()
                began = time.monotonic()
                self.once(None)
                self.seconds = time.monotonic() - began
            self.begin()
            self.once(chance.uniform(0, self.seconds), twice)
        self.begin()
        self.once(None)


class Crawl(Case):
    name = "crawl"

    def prepare(self) -> None:
        self.seed = write_seed(self.folder / "seed.txt", *IDS)
        self._begun = 0

    def begin(self) -> None:
        """Crawl into a new corpus every third time; otherwise the crawl resumes the one before."""
        self._begun += 1
        shutil.rmtree(self.corpus if self._begun % 3 == 1 else self.corpus / "runs", ignore_errors=True)

    def command(self) -> list[str]:
        settings = ["EXTRACT_PROCESSES=1", "REPORT_SECONDS=30"]
        return crawl_arguments(self.seed, self.corpus, self.replica.profile, settings=settings)

    def check(self) -> list[str]:
        """Return what is wrong, too, with the record of a run that was stopped after it had begun."""
        wrong = super().check()
        if "Spider opened" in self.output:
            wrong += [f"no {name}" for name in self._record() if len(list(self.corpus.glob(f"runs/*/{name}"))) != 1]
            wrong += self._leases() if self.code == STOPPED else []
        return wrong

    def _record(self) -> list[str]:
        return ["stats.json"] if self.code == FORCED else ["stats.json", "report.html"]

    def _leases(self) -> list[str]:
        with closing(sqlite3.connect(self.corpus / "catalogue.sqlite")) as connection:
            (leased,) = connection.execute("SELECT count(*) FROM targets WHERE state = 'leased'").fetchone()
        return [f"{leased} leases left"] if leased else []

    def check_whole(self) -> list[str]:
        missing = {f"replica/{number}" for number in IDS} - {record["key"] for record in records(self.corpus)}
        return self.check() + ([f"lost: {sorted(missing)}"] if missing else [])


class Harvest(Case):
    name = "harvest"

    def prepare(self) -> None:
        seed = write_seed(self.folder / "seed.txt", *IDS).read_text(encoding="utf-8")
        lines = b"".join(
            json.dumps({"text": f"{seed} {number}", "url": f"http://a.test/{number}"}).encode() + b"\n"
            for number in range(150)
        )
        self.inputs = self.folder / "inputs"
        self.inputs.mkdir()
        for number in range(16):
            (self.inputs / f"{number:02}.jsonl.gz").write_bytes(gzip.compress(lines))
        self.out = self.folder / "out.jsonl"
        self.expected: bytes | None = None

    def begin(self) -> None:
        self.out.unlink(missing_ok=True)

    def command(self) -> list[str]:
        return ["seeds", "harvest", str(self.inputs), "-o", str(self.out), "--jobs", "2"]

    def check(self) -> list[str]:
        wrong = [f"{path} left" for path in self.folder.glob("*.part")]
        if self.out.exists() and self.out.read_bytes() != self.expected:
            wrong.append("the output is not what it must be")
        return wrong

    def check_whole(self) -> list[str]:
        self.expected = self.expected or self.out.read_bytes()
        return self.check() + ([] if self.out.exists() else ["no output"])


class OfCorpus(Case):
    """Works on a corpus that a crawl of some *depth* has made, with captures."""

    depth = 2

    def prepare(self) -> None:
        seed = write_seed(self.folder / "seed.txt", *IDS)
        settings = ["ARCHIVE_WARC=1"]
        done = scrapy(
            *crawl_arguments(seed, self.corpus, self.replica.profile, f"depth={self.depth}", settings=settings)
        )
        assert done.returncode == 0, done.stderr

    def settings(self) -> list[str]:
        return setting_arguments(f"CORPUS_DIR={self.corpus}")


class Reextract(OfCorpus):
    name = "reextract"

    def begin(self) -> None:
        (self.corpus / "reextract.sqlite").unlink(missing_ok=True)

    def command(self) -> list[str]:
        return ["corpus", "reextract", "--yes", "--site", str(self.replica.profile), *self.settings()]


class Export(OfCorpus):
    name = "export"
    expected: bytes | None = None

    def begin(self) -> None:
        self.out = self.folder / "out"
        self.out.mkdir(exist_ok=True)
        (self.out / "all.csv").unlink(missing_ok=True)

    def command(self) -> list[str]:
        return ["corpus", "export", "--format", "csv", "-o", str(self.out / "all.csv"), *self.settings()]

    def check(self) -> list[str]:
        found = {path.name: path.read_bytes() for path in self.out.iterdir()}
        wrong = [] if found in ({}, {"all.csv": self.expected}) else [f"not what it must be: {sorted(found)}"]
        return super().check() + wrong

    def check_whole(self) -> list[str]:
        self.expected = self.expected or (self.out / "all.csv").read_bytes()
        return self.check() + ([] if (self.out / "all.csv").exists() else ["no output"])


class Verify(OfCorpus):
    name = "verify"

    def prepare(self) -> None:
        super().prepare()
        for _ in range(BIG_PICTURES):  # that no record names: a remark of verify, no problem
            store(self.corpus, random.randbytes(BIG_BYTES), "jpg")

    def command(self) -> list[str]:
        return ["corpus", "verify", *self.settings()]


class Merge(OfCorpus):
    name = "merge"

    def prepare(self) -> None:
        super().prepare()
        self.other, self.corpus = self.corpus, self.folder / "merged"
        self._begun = 0

    def begin(self) -> None:
        """Merge into a new corpus every third time; otherwise the merge resumes the one before."""
        self._begun += 1
        if self._begun % 3 == 1:
            shutil.rmtree(self.corpus, ignore_errors=True)

    def command(self) -> list[str]:
        return ["corpus", "merge", str(self.other), *self.settings()]

    def check_whole(self) -> list[str]:
        there, brought = ({one["key"] for one in records(root)} for root in (self.other, self.corpus))
        return self.check() + ([f"lost: {sorted(there - brought)}"] if there - brought else [])


CASES: dict[str, type[Case]] = {case.name: case for case in (Crawl, Harvest, Reextract, Export, Verify, Merge)}


def interrupt(name: str, times: int, chance: random.Random, *, twice: bool = False) -> Case:
    """Interrupt the command *name* so many *times*, and return what came of it."""
    with tempfile.TemporaryDirectory(prefix=f"ctrlc-{name}-") as folder:
        replica = RunningReplica(Path(folder), "--delay", "50")
        try:
            case = CASES[name](Path(folder) / name, replica)
            case.run(times, chance, twice)
        finally:
            replica.stop()
    return case


def main() -> int:
    """Do it as the command line says, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "commands",
        nargs="*",
        choices=[*COMMANDS, []],
        default=[],
        metavar="COMMAND",
        help=f"default: all of {', '.join(COMMANDS)}",
    )
    parser.add_argument("--times", type=int, default=200, help="interrupts of each command")
    parser.add_argument("--twice", action="store_true", help="press Ctrl-C twice")
    parser.add_argument("--seed", type=int, default=1, help="of chance")
    options = parser.parse_args()
    bad = 0
    for name in options.commands or COMMANDS:
        case = interrupt(name, options.times, random.Random(options.seed), twice=options.twice)
        bad += len(case.violations)
        counted = ", ".join(f"{count} x {code}" for code, count in sorted(case.codes.items()))
        print(
            f"{name}: {options.times} interrupts; exit codes {counted}; {len(case.violations)} violations", flush=True
        )
        for violation in case.violations:
            print(f"  {violation}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
