"""How fast records are archived as the corpus grows, beside the least that could be done for them.

    python benchmarks/corpus.py DIR [--records 10000 100000 1000000] [--groups 16 128]

At each size of the corpus, a thousand records at a time are taken in turn by three writers, so that what else the
machine does hits all alike: ``Corpus.group()`` and ``add``; a bare loop of ``orjson.dumps``, one ``write`` and one
``fdatasync`` for each group; and Scrapy's ``JsonLinesItemExporter``, which never syncs. Figures are medians of the
turns; the ratios are those of one run. Then: claiming targets, asking what is held, opening the corpus anew.

The records are pages of the replica with numbers of their own: 4 KB, eight related articles, one picture.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import BinaryIO

import orjson
from made_corpus import made_up
from scrapy.exporters import JsonLinesItemExporter

from crawler.archive import Corpus
from crawler.items import Article, Image, RelatedItem
from crawler.text import content_sha256

_TURN = 1_000
_TURNS = 8
_BODIES = 200
_STEP = 20
"""Between the ids of one article and the next, as on the source site."""


def records(first: int) -> Iterator[Article]:
    """Yield records without end, the first of which has number *first*: each new to the corpus."""
    bodies = [record for record in islice(made_up(_BODIES * 2), _BODIES * 2) if record.kind == "article"][:_BODIES]
    for number in count(first):
        body, name = bodies[number % _BODIES], str(1_000_000 + number * _STEP)
        text = f"{body.text} {number}"
        related = tuple(
            RelatedItem(
                id=str(1_000_000 + (number + step) * _STEP),
                sort=step,
                content_type=21,
                title=bodies[(number + step) % _BODIES].title,
            )
            for step in (1, 2, 3, 5, 8, 13, 21, 34)
        )
        yield replace(
            body,
            key=f"replica/{name}",
            id=name,
            url=f"http://127.0.0.1:8765/news/{name}",
            text=text,
            content_sha256=content_sha256(text),
            related=related,
            images=(Image(pic=f"/2016/02/{name}.jpg", status="missing"),),
        )


def into_corpus(corpus: Corpus, batch: list[Article], group: int) -> None:
    for at in range(0, len(batch), group):
        with corpus.group():
            for record in batch[at : at + group]:
                corpus.add(record)


def bare(file: BinaryIO, batch: list[Article], group: int) -> None:
    for at in range(0, len(batch), group):
        lines = [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in batch[at : at + group]]
        os.write(file.fileno(), b"".join(lines))
        os.fdatasync(file.fileno())


def scrapys(file: BinaryIO, batch: list[Article]) -> None:
    exporter = JsonLinesItemExporter(file)
    for record in batch:
        exporter.export_item(record)
    file.flush()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that *work* takes, and the CPU seconds of this process."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


def measure(root: Path, corpus: Corpus, source: Iterator[Article], group: int) -> dict[str, tuple[float, float]]:
    """Return the median records/s, and records per CPU second, of each writer at the corpus's present size."""
    rates: dict[str, list[tuple[float, float]]] = {"corpus": [], "bare": [], "scrapy": []}
    with (root / "bare.jsonl").open("wb") as bare_file, (root / "scrapy.jsonl").open("wb") as scrapy_file:
        for _ in range(_TURNS):
            batch = list(islice(source, _TURN))
            turns = {
                "corpus": lambda batch=batch: into_corpus(corpus, batch, group),
                "bare": lambda batch=batch: bare(bare_file, batch, group),
                "scrapy": lambda batch=batch: scrapys(scrapy_file, batch),
            }
            for name, turn in turns.items():
                rates[name].append(tuple(_TURN / seconds for seconds in timed(turn)))
    return {name: (median(r[0] for r in found), median(r[1] for r in found)) for name, found in rates.items()}


def asking(corpus: Corpus, size: int) -> dict[str, float]:
    """Return the CPU microseconds that claiming a target, and asking for a record and a picture, take."""
    numbers = [str(1_000_000 + (at * 7919 % max(size, 1)) * _STEP) for at in range(2_000)]
    with corpus.group():
        _, lease = timed(lambda: [corpus.frontier.lease(16, max_depth=9, run="b", until=1e12) for _ in range(20)])
    with corpus.group():
        corpus.frontier.release(now=0)
    _, held = timed(lambda: [corpus.catalogue.held(f"replica/{number}") for number in numbers])
    _, picture = timed(lambda: [corpus.catalogue.picture(f"/2016/02/{number}.jpg") for number in numbers])
    return {"lease16": lease / 20 * 1e6, "held": held / len(numbers) * 1e6, "picture": picture / len(numbers) * 1e6}


def grow(root: Path, sizes: list[int], groups: list[int]) -> None:
    corpus = Corpus(root / "corpus", "replica")
    source, archived = records(0), 0
    heads = (("records", 9), ("group", 5), ("corpus/s", 9), ("bare/s", 8), ("scrapy/s", 8))
    heads += (("/bare", 6), ("/bare CPU", 9), ("/scrapy", 7))
    print(" ".join(f"{head:>{width}}" for head, width in heads), flush=True)
    for size in sizes:
        began = time.perf_counter()
        while archived < size:
            batch = list(islice(source, min(_TURN, size - archived)))
            into_corpus(corpus, batch, _TURN)
            archived += len(batch)
        filled = time.perf_counter() - began
        for group in groups:
            rate = measure(root, corpus, source, group)
            archived += _TURN * _TURNS
            (ours, our_cpu), (least, least_cpu), (theirs, _) = rate["corpus"], rate["bare"], rate["scrapy"]
            print(
                f"{size:>9,} {group:>5} {ours:>9,.0f} {least:>8,.0f} {theirs:>8,.0f} {ours / least:>6.2f}"
                f" {our_cpu / least_cpu:>9.2f} {ours / theirs:>7.2f}",
                flush=True,
            )
        print("          " + report(root, corpus, archived, filled), flush=True)
        corpus.close()
        opened, _ = timed(lambda: Corpus(root / "corpus", "replica").close())
        print(f"          opened and closed in {opened * 1000:.1f} ms", flush=True)
        corpus = Corpus(root / "corpus", "replica")
    corpus.close()


def report(root: Path, corpus: Corpus, archived: int, filled: float) -> str:
    asked = asking(corpus, archived)
    lines = sum(path.stat().st_size for path in (root / "corpus" / "articles").iterdir())
    database = (root / "corpus" / "catalogue.sqlite").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    asked_text = ", ".join(f"{name} {microseconds:,.0f} us" for name, microseconds in asked.items())
    return (
        f"{lines / archived:,.0f} bytes a line, {database / archived:,.0f} of catalogue; {asked_text};"
        f" filled in {filled:,.0f} s; peak {peak:,.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="an empty folder on the disk to measure; what is made is removed")
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--groups", type=int, nargs="+", default=[16, 128])
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    if any(options.directory.iterdir()):
        sys.exit(f"{options.directory} is not empty")
    try:
        grow(options.directory, options.records, options.groups)
    finally:
        shutil.rmtree(options.directory)


if __name__ == "__main__":
    main()
