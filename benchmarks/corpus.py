"""How fast records are archived as the corpus grows, beside the least that could be done for them.

    python benchmarks/corpus.py DIR [--records 10000 100000 1000000] [--groups 16 128]

At each size of the corpus, a thousand records at a time are taken in turn by three writers, so that what else the
machine does hits all alike: ``Corpus.group(wait=False)`` and ``add``, until all is durable and committed; a bare loop
of ``orjson.dumps``, one ``write`` and one ``fdatasync`` for each group; and Scrapy's ``JsonLinesItemExporter``, which
never syncs. Rates are medians of the turns, ratios medians of the ratios of each turn: those are what to judge by on a
machine that does other things too, and their change from one size to the next is the curve. Then: the requests of a
corpus (CPU time), opening it, and verifying it. For five million records give --records 5000000: 28 GB, 20 minutes.

The records are pages of the replica with numbers of their own: 4 KB, eight related articles, one of which is never
archived (so as many targets wait as there are records), one picture.

How near the bare loop the corpus comes is a matter of the disk: what it does beside the JSON, it does while the disk
syncs. --sync 4 makes each ``fdatasync``, of both, take 4 ms at least, as on a disk that is no cache of memory.
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
from typing import BinaryIO, NamedTuple

import orjson
from made_corpus import made_up
from scrapy.exporters import JsonLinesItemExporter

from crawler.archive import Corpus
from crawler.corpus.fixity.verify import verify
from crawler.items import Article, Image, RelatedItem
from crawler.text import content_sha256

_TURN = 1_000
_TURNS = 9
_BODIES = 200
_STEP = 20
"""Between the ids of one article and the next, as on the source site."""
_NEVER = 7
"""Added to the id of an article: one that is listed, and never archived."""
_ASKED = 2_000


class Spent(NamedTuple):
    """Seconds by the clock, and CPU seconds of this process."""

    wall: float
    cpu: float


def records(first: int) -> Iterator[Article]:
    """Yield records without end, the first of which has number *first*: each new to the corpus."""
    bodies = [record for record in islice(made_up(_BODIES * 2), _BODIES * 2) if record.kind == "article"][:_BODIES]
    for number in count(first):
        body, name = bodies[number % _BODIES], article_id(number)
        text = f"{body.text} {number}"
        related = [
            RelatedItem(
                id=article_id(number + step), sort=step, content_type=21, title=bodies[(number + step) % _BODIES].title
            )
            for step in (1, 2, 3, 5, 8, 13, 21)
        ]
        related.append(RelatedItem(id=str(int(name) + _NEVER), sort=34, content_type=21, title=body.title))
        yield replace(
            body,
            key=f"replica/{name}",
            id=name,
            url=f"http://127.0.0.1:8765/news/{name}",
            text=text,
            content_sha256=content_sha256(text),
            related=tuple(related),
            images=(Image(pic=f"/2016/02/{name}.jpg", status="missing"),),
        )


def article_id(number: int) -> str:
    return str(1_000_000 + number * _STEP)


def into_corpus(corpus: Corpus, batch: list[Article], group: int) -> None:
    for at in range(0, len(batch), group):
        part = batch[at : at + group]
        with corpus.group(wait=False):
            corpus.look_up(part)
            for record in part:
                corpus.add(record)
    with corpus.group():  # all is durable, and in the catalogue
        pass


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


def timed(work: Callable[[], object]) -> Spent:
    began, used = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - began, time.process_time() - used)


def slow_sync(seconds: float) -> Callable[[int], None]:
    """Return an ``fdatasync`` that takes so many seconds at least, waiting for what is left of them."""

    def sync(descriptor: int, sync: Callable[[int], None] = os.fdatasync) -> None:
        until = time.perf_counter() + seconds
        sync(descriptor)
        time.sleep(max(0, until - time.perf_counter()))

    return sync


def measure(root: Path, corpus: Corpus, source: Iterator[Article], group: int) -> list[tuple[Spent, Spent, Spent]]:
    """Return what each turn of the corpus, the bare loop and the exporter took, at the corpus's present size."""
    turns = []
    with (root / "bare.jsonl").open("wb") as bare_file, (root / "scrapy.jsonl").open("wb") as scrapy_file:
        for _ in range(_TURNS):
            batch = list(islice(source, _TURN))
            ours = timed(lambda batch=batch: into_corpus(corpus, batch, group))
            least = timed(lambda batch=batch: bare(bare_file, batch, group))
            theirs = timed(lambda batch=batch: scrapys(scrapy_file, batch))
            turns.append((ours, least, theirs))
    return turns


def asked(corpus: Corpus, size: int) -> dict[str, float]:
    """Return the CPU microseconds that it takes to claim 16 targets, and to ask for a record and for a picture."""
    numbers = [article_id(at * 7919 % size) for at in range(_ASKED)]
    with corpus.group():
        lease = timed(lambda: [corpus.frontier.lease(16, max_depth=9, run="b", until=1e12) for _ in range(50)])
    with corpus.group():
        corpus.frontier.release(now=0)
    held = timed(lambda: [corpus.catalogue.highest_version(f"replica/{number}") for number in numbers])
    picture = timed(lambda: [corpus.catalogue.picture(f"/2016/02/{number}.jpg") for number in numbers])
    return {
        "lease of 16": lease.cpu / 50 * 1e6,
        "held": held.cpu / _ASKED * 1e6,
        "picture": picture.cpu / _ASKED * 1e6,
    }


def grow(root: Path, sizes: list[int], groups: list[int]) -> None:
    corpus = Corpus(root / "corpus", "replica")
    source, archived = records(0), 0
    heads = (("records", 9), ("group", 5), ("corpus/s", 9), ("bare/s", 8), ("scrapy/s", 8))
    heads += (("of bare", 7), ("of its CPU", 10), ("of scrapy", 9), ("us CPU", 6))
    print(" ".join(f"{head:>{width}}" for head, width in heads), flush=True)
    for size in sizes:
        began = time.perf_counter()
        while archived < size:
            batch = list(islice(source, min(_TURN, size - archived)))
            into_corpus(corpus, batch, _TURN)
            archived += len(batch)
        filled = time.perf_counter() - began
        for group in groups:
            turns = measure(root, corpus, source, group)
            archived += _TURN * _TURNS
            rates = [_TURN / median(turn[who].wall for turn in turns) for who in range(3)]
            of_bare, of_scrapy = (median(turn[who].wall / turn[0].wall for turn in turns) for who in (1, 2))
            of_cpu = median(least.cpu / ours.cpu for ours, least, _ in turns)
            cpu = median(ours.cpu for ours, _, _ in turns) / _TURN * 1e6
            print(
                f"{size:>9,} {group:>5} {rates[0]:>9,.0f} {rates[1]:>8,.0f} {rates[2]:>8,.0f} {of_bare:>7.2f}"
                f" {of_cpu:>10.2f} {of_scrapy:>9.2f} {cpu:>6.0f}",
                flush=True,
            )
        print("          " + sizes_and_questions(root, corpus, archived, filled), flush=True)
        corpus.close()
        opened = timed(lambda: Corpus(root / "corpus", "replica").close())
        checked = timed(lambda: verified(root / "corpus"))
        print(
            f"          opened and closed in {opened.wall * 1000:.0f} ms ({opened.cpu * 1000:.0f} of CPU);"
            f" verified at {archived / checked.wall:,.0f} lines/s",
            flush=True,
        )
        corpus = Corpus(root / "corpus", "replica")
    corpus.close()


def verified(root: Path) -> None:
    if problems := verify(root).problems:
        sys.exit(f"verify found problems, the first: {problems[0]}")


def sizes_and_questions(root: Path, corpus: Corpus, archived: int, filled: float) -> str:
    lines = sum(path.stat().st_size for path in (root / "corpus" / "articles").iterdir())
    database = (root / "corpus" / "catalogue.sqlite").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    questions = ", ".join(f"{name} {microseconds:,.0f} us" for name, microseconds in asked(corpus, archived).items())
    return (
        f"{lines / archived:,.0f} bytes a line, {database / archived:,.0f} of catalogue; {questions};"
        f" filled in {filled:,.0f} s; peak {peak:,.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="an empty folder on the disk to measure; what is made is removed")
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--groups", type=int, nargs="+", default=[16, 128])
    parser.add_argument("--sync", type=float, default=0, metavar="MS", help="what an fdatasync takes at least")
    options = parser.parse_args()
    if options.sync:
        os.fdatasync = slow_sync(options.sync / 1000)
    options.directory.mkdir(parents=True, exist_ok=True)
    if any(options.directory.iterdir()):
        sys.exit(f"{options.directory} is not empty")
    try:
        grow(options.directory, options.records, options.groups)
    finally:
        shutil.rmtree(options.directory)


if __name__ == "__main__":
    main()
