# ruff: noqa: RUF001 - typographic quotes are a part of real text
"""How fast dumps are found and read: ``python -m benchmarks.seeds [--mb 1000]``.

Two tables come out. The first takes a made-up WET file (prose of a skewed vocabulary with the punctuation of real text,
a dump in 0.1% of the pages, each record a gzip member as web archives have it) and lets the harvest run beside
``zcat FILE | grep -c 'string('`` and the bare iteration of warcio and FastWARC. Every row is the best of three runs,
taken in turn so that a busy machine is unfair to all alike; beside the seconds on the clock stand those of all
processors together, which a busy machine changes less. The second table reads whole payloads beside ``json.loads`` and
``orjson.loads``. warcio is measured where it is installed.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
from fastwarc.warc import ArchiveIterator

from crawler.exceptions import SeedError
from crawler.seeds import parse_page
from crawler.seeds.find import harvest_file
from crawler.seeds.forms.json_list import read_json_list
from crawler.seeds.forms.record import Notes

ROUNDS = 3
PAGES = 2000
DUMP_EVERY = 1000
HEAD = (
    "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://news.example/{number}\r\n"
    "WARC-Date: 2016-05-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012d}>\r\n"
    "Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mb", type=int, default=1000, help="size of the made-up WET, uncompressed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made-up.warc.wet.gz"
        size, records = make_wet(path, options.mb * 1_000_000)
        print(f"WET of {size / 1e6:,.0f} MB ({path.stat().st_size / 1e6:,.0f} MB compressed), {records:,} records\n")
        harvest_table(path, size)
    print()
    reader_table()


def make_wet(path: Path, size: int) -> tuple[int, int]:
    """Write a WET file of about *size* bytes before compression; return its size and its number of records."""
    rng = random.Random(20160228)
    pages = [prose(rng) for _ in range(PAGES)]
    written = number = 0
    with path.open("wb") as file:
        while written < size:
            page = pages[rng.randrange(PAGES)]
            if number % DUMP_EVERY == DUMP_EVERY // 2:
                page = f"{page}\n212-11\n{dump(rng)}"
            body = page.encode()
            record = HEAD.format(number=number, length=len(body)).encode() + body + b"\r\n\r\n"
            file.write(gzip.compress(record, 6))
            written += len(record)
            number += 1
    return written, number


def prose(rng: random.Random) -> str:
    """Return a page of some ten kilobytes; one in ten holds a brace or an equals sign, most a quote and a bracket."""
    words = ["".join(rng.choices("etaoinshrdlucmfwypvbgk", k=rng.randint(2, 9))) for _ in range(3000)]
    weights = [1 / (place + 3) for place in range(len(words))]
    lines = []
    for _ in range(rng.randint(30, 90)):
        line = " ".join(rng.choices(words, weights, k=rng.randint(5, 50))).capitalize()
        sign = rng.choices(
            ["", ' "so it is"', " (and more)", " it’s – so", " a = b", " {x}"], [60, 15, 15, 10, 0.15, 0.15]
        )[0]
        lines.append(f"{line}{sign}.")
    return "\n".join(lines)


def payload(rng: random.Random) -> str:
    listed = ",".join(
        f'{{"id":"{1793000 + place}","sort":"{3503265 + place}","contenttypeid":"21",'
        f'"pic":"/2016/02/26/alalam_{rng.randrange(10**17, 10**18)}_25f_4x3.jpg",'
        f'"title":"Russia Targets Only Terrorist Groups in Syria’s {rng.randrange(10**6)}"}} '
        for place in range(10)
    )
    return f"[{listed}]"


def dump(rng: random.Random) -> str:
    text = payload(rng)
    return f'string({len(text.encode())}) "{text}"'


def harvest_table(path: Path, size: int) -> None:
    contestants: dict[str, Callable[[], int]] = {
        "zcat FILE | grep -c 'string('": lambda: zcat_grep(path),
        "FastWARC, bare iteration": lambda: sum(1 for _ in ArchiveIterator(str(path))),
        "seeds harvest (one process)": lambda: sum(1 for _ in harvest_file(str(path), None, complain, ignore)),
    }
    if importlib.util.find_spec("warcio"):
        contestants["warcio, bare iteration"] = lambda: warcio_bare(path)
    best = dict.fromkeys(contestants, float("inf"))
    processors = dict.fromkeys(contestants, float("inf"))
    counted: dict[str, int] = {}
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            start, before = time.perf_counter(), processor_seconds()
            counted[name] = run()
            best[name] = min(best[name], time.perf_counter() - start)
            processors[name] = min(processors[name], processor_seconds() - before)
    bare = best["FastWARC, bare iteration"]
    grep = best["zcat FILE | grep -c 'string('"]
    print(f"{'':34}{'seconds':>8}{'CPU':>8}{'MB/s':>8}{'/ FastWARC':>12}{'/ zcat|grep':>13}{'counted':>9}")
    for name, seconds in best.items():
        shown = f"{name:34}{seconds:8.2f}{processors[name]:8.2f}{size / seconds / 1e6:8.0f}"
        print(f"{shown}{seconds / bare:12.2f}{seconds / grep:13.2f}{counted[name]:9,}")


def processor_seconds() -> float:
    """Return the seconds that processors have spent on this process and on those it has started."""
    return sum(os.times()[:4])


def zcat_grep(path: Path) -> int:
    with subprocess.Popen(["zcat", path], stdout=subprocess.PIPE) as zcat:
        done = subprocess.run(["grep", "-c", "string("], stdin=zcat.stdout, capture_output=True, check=True)
    return int(done.stdout)


def warcio_bare(path: Path) -> int:
    from warcio.archiveiterator import ArchiveIterator as WarcioIterator  # noqa: PLC0415 - only where it is installed

    with path.open("rb") as file:
        return sum(1 for _ in WarcioIterator(file))


def complain(error: SeedError) -> None:
    raise error


def ignore(_: int) -> None:
    pass


def reader_table() -> None:
    rng = random.Random(1)
    texts = [dump(rng) for _ in range(200)]
    payloads = [text[text.index("[") : -1].encode() for text in texts]
    zone = ZoneInfo("Asia/Tehran")
    contestants: dict[str, Callable[[], object]] = {
        "orjson.loads": lambda: [orjson.loads(text) for text in payloads],
        "json.loads": lambda: [json.loads(text) for text in payloads],
        "reader, payload to related items": lambda: [
            read_json_list(text, 0, lambda _: 0, len(text) - 1, Notes()) for text in closed(payloads)
        ],
        "parse_page, dump and its length": lambda: [parse_page(text, zone) for text in texts],
    }
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(20 * ROUNDS):
        for name, run in contestants.items():
            start = time.process_time()  # other work on the machine counts less than on the clock
            run()
            best[name] = min(best[name], time.process_time() - start)
    base = best["orjson.loads"]
    print(f"{'':34}{'records/s':>12}{'/ orjson':>10}")
    for name, seconds in best.items():
        print(f"{name:34}{2000 / seconds:12,.0f}{seconds / base:10.1f}")


def closed(payloads: list[bytes]) -> Iterator[bytes]:
    """Yield each payload with the quote that closes it in a page, which its declared length does not count."""
    for text in payloads:
        yield text + b'"'


if __name__ == "__main__":
    main()
