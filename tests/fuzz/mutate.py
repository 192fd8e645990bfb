# ruff: noqa: RUF001 - look-alikes of digits are the point
"""Seeds mutated by the million, and how the time to read grows with the length. Needs nothing but the tests' own.

From the repository::

    python -m tests.fuzz.mutate --seeds 1000000     # exit code 1 if one raises, breaks a promise or takes too long
    python -m tests.fuzz.mutate --fit               # texts of 1 kB to 16 MB: the exponent of time over length

A seed follows from its number and the files that it is made of: ``--first N --seeds 1`` makes the N-th again. Unlike
``fuzz_seeds``, which looks for new paths through the code, this keeps near to what the real seeds are, and finds the same
on every machine: CI runs it. A seed with which something goes wrong is written to ``build/fuzz/mutant-N``.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crawler.seeds import parse_page
from crawler.text.charset import decode
from tests.fuzz.promises import check
from tests.seeds import nested
from tests.seeds.printed import OBJECTS, PRINTED, printed
from tests.seeds.written import FORMS, RECORDS

REPOSITORY = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Tehran")
FOLDERS = (
    REPOSITORY / "examples" / "seeds",
    REPOSITORY / "tests" / "fuzz" / "corpus",
)
FOUND = REPOSITORY / "build" / "fuzz"
LONGEST_SEED = 32_768
SLOW_CPU_SECONDS = 1.0
SHARE_OF_A_PROCESS = 2_500
"""So many seeds a process reads in one go."""

TOKENS = [
    b"string(", b"array(", b"Array (", b"[0]=>", b'[{"id":"', b'"} ,{"', b"]", b'"', b"\\", b"\0", b"\r\n", b"9" * 400, b"-1", b"0x7f",
    b"\xff\xfe", b"\xd8\x00", b"\xed\xa0\x80", "١٢٣".encode(), "１２３".encode(), "\u202e".encode(), b"&quot;", b"<script>", b"<!--",
    b"../../etc/passwd", b"//evil/x", b"\\u0022", b"\\ud800", b"null", b"NaN", b"a:9:{", b"print_r", b"2016-02-30", b"[" * 200,
]  # fmt: skip


NESTED = [
    {
        "id": str(number),
        "images": [{"id": "9001", "pic": "/i.jpg"}, {"id": "9002", "pic": "/j.jpg"}],
        "sort": str(number + 9),
        "contenttypeid": "21",
        "author": {"id": 77, "tags": [], "score": 0.5, "name": None},
        "pic": "/a.jpg",
        "title": 'He said "no", it is (5) [x] {y}',
    }
    for number in (1793356, 1793357)
]


def bases(folders: Iterable[Path]) -> list[bytes]:
    """Return the seeds to begin with: the files in *folders*, and one in each form that is read."""
    found = [path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    written = [f"A paragraph.\n212-11\n{write(RECORDS)}".encode() for write in FORMS.values()]
    written += [f"A paragraph.\n212-11\n{text}".encode() for text in (*_nested(), *_printed(), *OBJECTS.values())]
    return [data[:LONGEST_SEED] for data in found if data] + written


def _nested() -> Iterator[str]:
    """Yield records with nested values in each form, and as an e-mail quotes them."""
    for write in nested.FORMS.values():
        text = write(NESTED)
        yield text
        yield "On Monday she wrote:\n" + "".join(f"> {line}\n" for line in text.splitlines())


def _printed() -> Iterator[str]:
    """Yield what PHP, xdebug and Symfony printed of values of all kinds."""
    for path in sorted(PRINTED.glob("*.txt")):
        yield from printed(path.stem).values()


def mutated(number: int, seeds: list[bytes]) -> bytes:
    """Return the seed of this *number*: one of *seeds* after some changes."""
    chance = random.Random(number)
    data = bytearray(chance.choice(seeds))
    for _ in range(min(1 + int(chance.expovariate(0.4)), 12)):
        start = chance.randrange(len(data) + 1)
        stop = min(len(data), start + int(chance.expovariate(0.05)))
        other = chance.choice(seeds)
        match chance.randrange(8):
            case 0:
                data[start : start + 1] = bytes([chance.randrange(256)])
            case 1:
                data[start:stop] = bytes(byte ^ 1 << chance.randrange(8) for byte in data[start:stop])
            case 2:
                del data[start:stop]
            case 3:
                data[start:start] = data[start:stop] * chance.randrange(1, 20)
            case 4:
                data[start:start] = chance.choice(TOKENS)
            case 5:
                data[start:stop] = chance.choice(TOKENS)
            case 6:
                del data[start:]
            case _:
                data[start:start] = other[chance.randrange(len(other)) :][:2000]
    return bytes(data)


class Tally(NamedTuple):
    """What came of some seeds; ``slowest`` is the CPU time in seconds, and the number of its seed."""

    wrong: int
    dumps: int
    size: int
    slowest: tuple[float, int]


def read(first: int, count: int, folders: tuple[Path, ...], limit: float) -> Tally:
    """Read *count* seeds from the number *first* on, and print what goes wrong."""
    seeds = bases(folders)
    wrong, slowest, dumps, size = 0, (0.0, first), 0, 0
    for number in range(first, first + count):
        data = mutated(number, seeds)
        start = time.thread_time()
        size += len(data)
        try:
            text = decode(data)
            page = parse_page(text, ZONE)
            check(page, len(text.encode("utf-8", "surrogatepass")))
            taken = time.thread_time() - start
            assert taken <= limit, f"it took {taken:.2f} s of the processor"
        except Exception:
            wrong += 1
            FOUND.mkdir(parents=True, exist_ok=True)
            (FOUND / f"mutant-{number}").write_bytes(data)
            print(f"seed {number}, now in build/fuzz/mutant-{number}:\n{traceback.format_exc()}", flush=True)
            continue
        slowest = max(slowest, (taken, number))
        dumps += bool(page.dumps)
    return Tally(wrong, dumps, size, slowest)


def run(first: int, count: int, folders: tuple[Path, ...], limit: float, jobs: int) -> int:
    """Read *count* seeds from the number *first* on in *jobs* processes; print the result, return how many went wrong."""
    end = first + count
    starts = range(first, end, SHARE_OF_A_PROCESS)
    with ProcessPoolExecutor(jobs) as pool:
        shares = [pool.submit(read, start, min(SHARE_OF_A_PROCESS, end - start), folders, limit) for start in starts]
        tallies = [share.result() for share in shares]
    wrong = sum(tally.wrong for tally in tallies)
    slowest, number = max(tally.slowest for tally in tallies)
    print(
        f"{count:,} mutated seeds ({sum(tally.size for tally in tallies) / 1e6:,.0f} MB; a dump was found in "
        f"{sum(tally.dumps for tally in tallies):,}): {wrong} wrong, slowest {slowest:.3f} s (number {number})"
    )
    return wrong


def fit() -> int:
    """Print, for texts of several kinds, the exponent by which time grows from 1 kB to 16 MB; return those over 1.1."""
    steep = 0
    kinds = {name: f"A paragraph.\n{write(RECORDS)}\n" for name, write in FORMS.items()}
    kinds |= {
        "prose": "The harbour of the city was closed on Monday. " * 8 + "\n",
        '[{"id":"': '[{"id":"',
        "[": "[",
        "9": "9",
    }
    print(f"{'text':24}{'1 kB':>10}{'16 kB':>10}{'256 kB':>10}{'16 MB':>10}  exponent")
    for name, unit in kinds.items():
        seconds = {}
        for power in range(10, 25, 2):
            text = unit * max(1, 2**power // len(unit))
            rounds = max(3, 2 ** (16 - power))
            seconds[power] = min(_seconds(text) for _ in range(rounds if power < 24 else 1))
        exponent = _slope([(power * math.log(2), math.log(taken)) for power, taken in seconds.items()])
        steep += exponent > 1.1
        shown = "".join(f"{seconds[power]:>10.4f}" for power in (10, 14, 18, 24))
        print(f"{name:24}{shown}  {exponent:.2f}", flush=True)
    return steep


def _seconds(text: str) -> float:
    start = time.process_time()
    parse_page(text, ZONE)
    return max(time.process_time() - start, 1e-6)


def _slope(points: list[tuple[float, float]]) -> float:
    """Return the slope of the line of least squares through *points*."""
    across, up = (sum(values) / len(points) for values in zip(*points, strict=True))
    return sum((x - across) * (y - up) for x, y in points) / sum((x - across) ** 2 for x, _ in points)


def main() -> int:
    """Do what the command line says; return 1 if something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many (default: 10000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (default: 0)")
    parser.add_argument("--of", type=Path, action="append", default=[], help="a folder of further seeds to mutate")
    parser.add_argument(
        "--limit",
        type=float,
        default=SLOW_CPU_SECONDS,
        help=f"seconds of the processor's time that one may take (default: {SLOW_CPU_SECONDS:g})",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one for each core)")
    parser.add_argument("--fit", action="store_true", help="measure how time grows with the length instead")
    options = parser.parse_args()
    if options.fit:
        return 1 if fit() else 0
    folders = (*FOLDERS, *options.of)
    return 1 if run(options.first, options.seeds, folders, options.limit, options.jobs) else 0


if __name__ == "__main__":
    sys.exit(main())
