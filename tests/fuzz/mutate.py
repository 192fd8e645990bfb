# ruff: noqa: RUF001 - look-alikes of digits are the point
"""Seeds mutated by the million, and how the time to read grows with the length. Needs nothing but the tests' own.

From the repository::

    python -m tests.fuzz.mutate --seeds 1000000     # exit code 1 if one raises, breaks a promise or takes over a second
    python -m tests.fuzz.mutate --fit               # texts of 1 kB to 16 MB: the exponent of time over length

Each seed follows from its number alone: ``--first N --seeds 1`` makes the N-th again. Unlike ``fuzz_seeds``, which looks
for new paths through the code, this keeps near to what the real seeds are.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
import traceback
from pathlib import Path
from zoneinfo import ZoneInfo

from crawler.seeds import parse_page
from crawler.text.charset import decode
from tests.fuzz.promises import check
from tests.seeds import nested
from tests.seeds.written import FORMS, RECORDS

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = (
    REPOSITORY / "examples" / "seeds",
    REPOSITORY / "tests" / "fuzz" / "corpus",
    REPOSITORY.parent / "shared" / "seeds",
)
LONGEST_SEED = 32_768
LIMIT = 1.0
"""Seconds of the processor's time that one seed may take."""

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


def bases() -> list[bytes]:
    """Return the seeds to begin with: those at hand, and one in each form that is read."""
    found = [path.read_bytes() for folder in FOLDERS for path in sorted(folder.rglob("*")) if path.is_file()]
    written = [f"A paragraph.\n212-11\n{write(RECORDS)}".encode() for write in FORMS.values()]
    written += [f"A paragraph.\n212-11\n{write(NESTED)}".encode() for write in nested.FORMS.values()]
    return [data[:LONGEST_SEED] for data in found if data] + written


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


def run(first: int, count: int, zone: ZoneInfo) -> int:
    """Read *count* seeds from the number *first* on; tell what came of it, and return how many went wrong."""
    seeds = bases()
    wrong, slowest, dumps, size = 0, (0.0, 0), 0, 0
    for number in range(first, first + count):
        data = mutated(number, seeds)
        start = time.process_time()
        try:
            text = decode(data)
            page = parse_page(text, zone)
            check(page, len(text.encode("utf-8", "surrogatepass")))
        except Exception:
            wrong += 1
            print(f"seed {number}:\n{traceback.format_exc()}", flush=True)
            continue
        taken = time.process_time() - start
        if taken > LIMIT:
            wrong += 1
            print(f"seed {number} took {taken:.2f} s", flush=True)
        slowest = max(slowest, (taken, number))
        dumps += bool(page.dumps)
        size += len(data)
        if (number - first + 1) % 100_000 == 0:
            print(f"{number - first + 1:,} seeds, {wrong} wrong, slowest {slowest[0]:.3f} s", flush=True)
    print(
        f"{count:,} mutated seeds of {len(seeds)} ({size / 1e6:,.0f} MB; a dump was found in {dumps:,}): "
        f"{wrong} wrong, slowest {slowest[0]:.3f} s (number {slowest[1]})"
    )
    return wrong


def fit(zone: ZoneInfo) -> int:
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
            seconds[power] = min(_seconds(text, zone) for _ in range(rounds if power < 24 else 1))
        exponent = _slope([(power * math.log(2), math.log(taken)) for power, taken in seconds.items()])
        steep += exponent > 1.1
        shown = "".join(f"{seconds[power]:>10.4f}" for power in (10, 14, 18, 24))
        print(f"{name:24}{shown}  {exponent:.2f}", flush=True)
    return steep


def _seconds(text: str, zone: ZoneInfo) -> float:
    start = time.process_time()
    parse_page(text, zone)
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
    parser.add_argument("--fit", action="store_true", help="measure how time grows with the length instead")
    options = parser.parse_args()
    zone = ZoneInfo("Asia/Tehran")
    return 1 if (fit(zone) if options.fit else run(options.first, options.seeds, zone)) else 0


if __name__ == "__main__":
    sys.exit(main())
