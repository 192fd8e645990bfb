"""Replay beside warcio over a large file of oddities: ``python -m benchmarks.zoo [--mb 1000]``.

One gzip file is made: sound records of some 30 KB, and among them, in turn, every record of the zoo (tests/zoo) that is
odd by itself. Replay indexes it, and ``warcio index`` counts what it finds until it ends. Then both get each odd
record alone between two sound ones, and the table says which of them read it.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from random import Random

from warcio.archiveiterator import ArchiveIterator

from crawler.warc.replay import Replay
from crawler.warc.sources import find_sources
from tests.zoo.archives import ODDITIES
from tests.zoo.pages import http, page, record

SOUND_BYTES = 30_000
SOUND_BETWEEN = 40
KINDS = frozenset({"response", "revisit", "resource"})
ALONE = {name: oddity.alone for name, oddity in ODDITIES.items() if oddity.alone and oddity.ending == "warc.gz"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mb", type=int, default=1000, help="size of the file, compressed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        path = Path(folder) / "zoo.warc.gz"
        written, odd = make(path, options.mb * 1_000_000)
        size = path.stat().st_size
        print(f"{size / 1e6:,.0f} MB, {written:,} records, {odd:,} of them odd")
        start = time.process_time()
        count, problems = replayed(path)
        spent = time.process_time() - start
        print(f"replay: {count:,} captures, {problems:,} problems reported, {size / spent / 1e6:.0f} MB/s of CPU time")
        start = time.process_time()
        count, ended = indexed(path.open("rb"))
        spent = time.process_time() - start
        print(f"warcio index: {count:,} captures, ended: {ended}, {spent:.0f} s of CPU time\n")
        print(f"{'odd record between two sound ones':45}{'replay':>8}{'warcio':>8}  warcio ended")
        for name, data in each():
            path.write_bytes(data)
            count, ended = indexed(io.BytesIO(data))
            print(f"{name:45}{replayed(path)[0]:8}{count:8}  {ended}")


def make(path: Path, size: int) -> tuple[int, int]:
    """Write the file of about *size* bytes; return how many records it has, and how many of them are odd."""
    noise = Random(1)
    odd = cycle([gzip.compress(alone and gzip.decompress(alone())) for alone in ALONE.values()])
    written = count = 0
    with path.open("wb") as file:
        while written < size:
            for number in range(SOUND_BETWEEN):
                body = page(number) + noise.randbytes(SOUND_BYTES)
                written += file.write(gzip.compress(record(number, http(body)), 1))
            written += file.write(next(odd))
            count += 1
    return count * (SOUND_BETWEEN + 1), count


def each() -> Iterator[tuple[str, bytes]]:
    for name, alone in ALONE.items():
        yield name, gzip.compress(record(1)) + (alone() if alone else b"") + gzip.compress(record(3))


def replayed(path: Path) -> tuple[int, int]:
    problems: list[str] = []
    cache = Path(":memory:")
    with closing(Replay(find_sources(str(path)), cache, max_body=1 << 24, on_problem=problems.append)) as replay:
        return replay.captures, len(problems)


def indexed(file: io.BufferedIOBase) -> tuple[int, str]:
    """Return how many captures warcio finds, and how it ended."""
    count = 0
    try:
        for one in ArchiveIterator(file):
            count += one.rec_type in KINDS
    except Exception as error:  # noqa: BLE001 - whatever it raises
        return count, f"at byte {file.tell():,}: {type(error).__name__}"
    return count, "-"


if __name__ == "__main__":
    main()
