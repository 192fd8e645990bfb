"""Thousands of trials in which writers die or the disk fails; counts records that are lost, torn or doubled.

    python -m tests.archive.trials --times 1000              # every kind
    python -m tests.archive.trials --times 100000 readers    # one of them

Prints a row for each kind, and exits with 1 if one is not all zeros. ``--seed`` decides everything that is random,
except when processes run. ``test_crashes``, ``test_faults`` and ``test_power`` try each single point instead; this
finds cases that nobody thought of.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

from crawler.archive import Corpus
from crawler.archive.places import line_at
from crawler.archive.reading import read_catalogue
from crawler.archive.segments import LinePlace, read_lines, segment_paths
from crawler.exceptions import CorpusLocked
from crawler.jsonl import decode
from tests.archive.dying import A_CORPUS, SEGMENT_BYTES, Row, Trials, archive, kill, name, tell, write
from tests.factories import make_article


def kills(trials: Trials, times: int, *, longest: float = 0.08) -> None:
    """Kill a writer at a random instant, *times* times: every second time during its start, else during its work."""
    for number in range(times):
        child = trials.writer()
        if number % 2:
            trials.wait_for_acknowledged(child)
        time.sleep(trials.chance.uniform(0, longest))
        if not kill(child):
            trials.row.others.append("a writer ended before it was killed")
        trials.check()
        trials.next()


def damaged_catalogues(trials: Trials, times: int) -> None:
    """Kill a writer, then remove its catalogue, cut it, overwrite it, or replace it by an older one."""
    trials.may_be_malformed = True
    for _ in range(times):
        child = trials.writer()
        trials.wait_for_acknowledged(child)
        time.sleep(trials.chance.uniform(0, 0.06))
        kill(child)
        path = trials.root / "catalogue.sqlite"
        older = trials.root.with_suffix(".older")
        if path.exists():
            trials.row.notes[damage(path, older, trials.chance)] += 1
        trials.check()
        if path.exists():
            shutil.copy(path, older)
        trials.next()


def damage(path: Path, older: Path, chance: Random) -> str:
    """Damage the catalogue at *path*; return how."""
    how = chance.choice(["deleted", "cut", "garbage", "older", "without its last commits"])
    wal = [path.with_name(f"{path.name}-{part}") for part in ("wal", "shm")]
    if how == "cut":
        os.truncate(path, chance.randrange(path.stat().st_size + 1))
        return how
    for one in wal:
        one.unlink(missing_ok=True)
    if how == "deleted":
        path.unlink()
    elif how == "garbage":
        path.write_bytes(chance.randbytes(5000))
    elif how == "older" and older.exists():
        shutil.copy(older, path)
    return how


def small_limits(trials: Trials, times: int) -> None:
    """Limit files to a random size (``RLIMIT_FSIZE``); then let the same writer continue without a limit."""

    def limited(size: int, seed: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        write(trials.root, trials.told, Random(seed), 60)

    for _ in range(times):
        size, seed = int(10 ** trials.chance.uniform(2, 5.5)), trials.chance.getrandbits(64)
        child = trials.start(lambda size=size, seed=seed: limited(size, seed))  # type: ignore[misc]
        expect(trials, child, {0, 3})
        trials.check()
        expect(trials, trials.writer(5), {0})
        trials.check()
        trials.next()


def expect(trials: Trials, child: int, codes: set[int]) -> None:
    """Wait for *child* and note its exit code, which must be among *codes*."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    trials.row.notes[f"with exit code {code}"] += 1
    if code not in codes:
        trials.row.others.append(f"{trials.root}: a writer ended with {code}")


def full_disks(trials: Trials, times: int) -> None:
    """Fill a file system of random size, then make it larger. The process must be allowed to mount."""
    disk = trials.root.parent / "disk"
    disk.mkdir()
    for _ in range(times):
        trials.root = disk / "corpus"
        mount("-t", "tmpfs", "-o", f"size={4 * trials.chance.randrange(1, 150)}k", "none", disk)
        trials.told.write_text("")
        expect(trials, trials.writer(200), {0, 3})
        mount("-o", "remount,size=64m", "none", disk)
        trials.check()
        expect(trials, trials.writer(5), {0})
        trials.check()
        subprocess.run(["umount", disk], check=True)
        trials.row.trials += 1


def mount(*arguments: object) -> None:
    """Call ``mount``."""
    subprocess.run(["mount", *map(str, arguments)], check=True)


def many_writers(trials: Trials, times: int, *, writers: int = 8, each: int = 200) -> None:
    """Start *writers* processes on one corpus, kill them at random and restart them, until each has archived all."""
    for _ in range(times):
        running: dict[int, int] = {}

        def begin(number: int, running: dict[int, int] = running) -> None:
            running[trials.start(lambda: insist(trials.root, trials.told, 1000 * (number + 1), each))] = number

        for number in range(writers):
            begin(number)
        kills_left = 2 * writers
        while running:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process in running:
                number = running.pop(process)
                if os.WIFSIGNALED(status):
                    begin(number)
                elif os.WEXITSTATUS(status):
                    trials.row.others.append(f"a writer ended with {os.WEXITSTATUS(status)}")
                continue
            time.sleep(trials.chance.uniform(0, 0.05))
            if kills_left and trials.chance.random() < 0.3:
                os.kill(trials.chance.choice(list(running)), signal.SIGKILL)
                trials.row.notes["kills"] += 1
                kills_left -= 1
        trials.check()
        expected = {name(f"replica/{1000 * (number + 1) + one}", 1) for number in range(writers) for one in range(each)}
        trials.row.lost += len(expected - trials.found().keys())
        trials.row.trials += A_CORPUS - 1  # so that each trial has its own corpus
        trials.next()
    trials.row.trials = times


def insist(root: Path, told: Path, first: int, count: int) -> None:
    """Archive *count* records, ten at a time, each time opening the corpus again as soon as it is free."""
    telling = os.open(told, os.O_WRONLY | os.O_APPEND)
    for start in range(first, first + count, 10):
        while True:
            try:
                corpus = Corpus(root, "replica", segment_bytes=SEGMENT_BYTES)
                break
            except CorpusLocked:
                time.sleep(0.002)
        with closing(corpus):
            with corpus.group():
                names = [archive(corpus, make_article(number)) for number in range(start, start + 10)]
            tell(telling, names, corpus.durable)


def readers(trials: Trials, times: int) -> None:
    """Read the last segment *times* times, and lines listed in the catalogue, while a writer writes."""
    before: dict[str, bytes] = {}
    writer = trials.writer()
    try:
        while not (segment_paths(trials.root, "articles") and (trials.root / "catalogue.sqlite").exists()):
            time.sleep(0.01)
        for number in range(times):
            if number % 20 == 0:  # there can be thousands
                path = segment_paths(trials.root, "articles")[-1]
            data = b"".join(line for _, line in read_lines(path))
            if not data.startswith(before.get(path.name, b"")):
                trials.row.lost += 1
            before = {path.name: data[: data.rfind(b"\n") + 1]}
            trials.row.torn += sum(not readable(line) for line in before[path.name].splitlines(keepends=True)[-8:])
            trials.row.notes["reads during a write"] += not data.endswith(b"\n")
            if number % 100 == 0:
                trials.row.lost += lines_missing(trials.root)
        trials.row.trials = times
    finally:
        kill(writer)


def readable(line: bytes) -> bool:
    """Return whether *line* is a record."""
    try:
        return bool(decode(line))
    except ValueError:
        return False


def lines_missing(root: Path) -> int:
    """Return how many of the last lines in the catalogue are not at their places."""
    with read_catalogue(root) as connection:
        rows = connection.execute(
            "SELECT segment, offset, length FROM records ORDER BY segment DESC, offset DESC LIMIT 20"
        ).fetchall()
    return sum(not readable(line_at(root, LinePlace(*row))) for row in rows)


IN_NAMESPACE = ["unshare", "--map-root-user", "--mount", sys.executable, "-m", "tests.archive.trials"]
KINDS: dict[str, tuple[str, Callable[[Trials, int], None], int]] = {
    "kill": ("kill -9 at a random instant", kills, 1),
    "catalogue": ("kill -9, then a damaged catalogue", damaged_catalogues, 1),
    "limit": ("files that may not grow (EFBIG)", small_limits, 1),
    "full": ("a full disk (tmpfs)", full_disks, 1),
    "writers": ("8 processes, one corpus, kills", many_writers, 50),
    "readers": ("reads while another writes", readers, 1),
}
"""Each kind: its name, its function, and the divisor of the number of trials, larger for slow kinds."""


def attempted(kind: str, folder: Path, times: int, seed: int) -> Row:
    """Run *times* trials of *kind* in *folder*; return the results."""
    label, attempt, rarer = KINDS[kind]
    trials = Trials(folder, label, Random(seed))
    attempt(trials, max(1, times // rarer))
    return trials.row


@contextmanager
def _memory() -> Iterator[Path]:
    """Return a folder, in memory if possible, where syncs cost nothing."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def main() -> int:
    """Run the trials of the command line; return 1 if there was any violation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="what to try (default: all)")
    parser.add_argument("--times", type=int, default=200, help="how often (default: 200)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of all that is left to chance")
    parser.add_argument("--mounted", action="store_true", help=argparse.SUPPRESS)  # in a namespace that allows mounting
    options = parser.parse_args()
    if not options.mounted:
        print(f"{f'--seed {options.seed}':40}   trials   lost   torn  doubled  others")
    clean = True
    for kind in options.kinds or KINDS:
        if kind == "full" and not options.mounted:
            again = [*IN_NAMESPACE, "full", f"--times={options.times}", f"--seed={options.seed}", "--mounted"]
            clean &= not subprocess.run(again, check=False).returncode
            continue
        with _memory() as folder:
            row = attempted(kind, folder, options.times, options.seed)
        print(row, flush=True)
        clean &= row.clean
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
