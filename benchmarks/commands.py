"""What each verb of ``scrapy corpus`` takes on a corpus of made-up articles: time, CPU time, peak memory.

    python benchmarks/commands.py DIR [--articles 100000]

Makes the corpus (benchmarks/made_corpus.py), runs the verbs on it one after the other, each in a process of its own as
a user does, and prints a table in Markdown. The first search makes the index, the verb "--help" does nothing. What is
made is removed. A verb that fails ends all with what it said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from crawler.replica.site import Site

_REPOSITORY = Path(__file__).parent.parent
_EXPORTS = ("jsonl", "csv", "parquet", "txt", "hf")
_GRAPHS = ("graphml", "gexf", "parquet", "dot")
_CHANGED = 5
"""The index of an article of which made_corpus.py makes two versions."""


class Took(NamedTuple):
    """What a process took, its children included: seconds by the clock, CPU seconds, peak memory of one process."""

    seconds: float
    cpu: float
    peak_mib: float


def verbs(root: Path, out: Path, articles: int) -> list[tuple[str, list[str]]]:
    """Return the verbs in the order in which they are run, each with the name that it has in the table."""
    key = f"replica/{Site(articles=articles).id_at(_CHANGED)}"
    outputs = [("export", form) for form in _EXPORTS] + [("graph", form) for form in _GRAPHS]
    here, merged = ["-s", f"CORPUS_DIR={root}"], ["-s", f"CORPUS_DIR={out / 'merged'}"]
    not_near = ["-s", f"CORPUS_DIR={out / 'other'}", "-s", "NEAR_DUPLICATE_THRESHOLD=0"]
    return [
        ("--help", ["stats", "--help"]),
        ("stats", ["stats", *here]),
        ("search (makes the index)", ["search", "committee", *here]),
        ("search", ["search", "committee", "parliament", "--limit", "20", *here]),
        ("history", ["history", key, *here]),
        ("duplicates", ["duplicates", *here]),
        *(
            (f"{verb} {form}", [verb, "--format", form, "-o", str(out / f"{verb}.{form}"), *here])
            for verb, form in outputs
        ),
        ("report", ["report", "-o", str(out / "report.html"), *here]),
        ("verify", ["verify", *here]),
        ("repair", ["repair", *here]),
        ("seal", ["seal", *here]),
        ("verify (sealed)", ["verify", *here]),
        ("bag --link", ["bag", "--link", str(out / "bag"), *here]),
        ("merge, all is new", ["merge", str(root), *merged]),
        ("merge, not looking for near duplicates", ["merge", str(root), *not_near]),
        ("merge, nothing is", ["merge", str(root), *merged]),
        ("seal --compression zstd", ["seal", "--compression", "zstd", *here]),
        ("verify (compressed)", ["verify", *here]),
    ]


def run(words: list[str], errors: Path) -> Took:
    """Run ``scrapy corpus`` with *words*."""
    with errors.open("wb") as told:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapy", "corpus", *words], cwd=_REPOSITORY, stdout=subprocess.DEVNULL, stderr=told
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"scrapy corpus {' '.join(words)} ended with {process.returncode}:\n{errors.read_text()}")
    return Took(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def mib_in(directory: Path) -> float:
    """Return what all files in *directory* take; of hard links one."""
    found = (path.lstat() for path in directory.rglob("*"))
    return sum({(one.st_dev, one.st_ino): one.st_size for one in found}.values()) / 2**20


def main() -> None:
    """Read the arguments, make the corpus, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="an empty folder; what is made is removed")
    parser.add_argument("--articles", type=int, default=100_000)
    options = parser.parse_args()
    directory: Path = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        sys.exit(f"{directory} is not empty")
    root, out = directory / "corpus", directory / "out"
    out.mkdir()
    try:
        maker = [sys.executable, str(Path(__file__).with_name("made_corpus.py")), str(root), str(options.articles)]
        subprocess.run(maker, check=True)  # not here: this process's memory would count for those that it starts
        print(
            "| `scrapy corpus` | seconds | CPU seconds | peak MiB | MiB more on the disk |\n|---|---:|---:|---:|---:|",
            flush=True,
        )
        for name, words in verbs(root, out, options.articles):
            before = mib_in(directory)
            took = run(words, directory / "errors.txt")
            left = mib_in(directory) - before
            print(
                f"| {name} | {took.seconds:.1f} | {took.cpu:.1f} | {took.peak_mib:,.0f} | {round(left):,} |", flush=True
            )
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
