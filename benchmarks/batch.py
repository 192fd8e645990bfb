"""What batch work costs: ``python -m benchmarks.batch harvest|small|overlap|glue [--before CHECKOUT] [--rounds N]``.

``harvest`` runs ``seeds harvest`` over made-up WET files with two processes, in turn with a CHECKOUT of another commit.
``small`` runs 5,000 inputs of one dump each: what a part and a task cost, with ``--cluster`` also there.
``overlap`` compares 100,000 texts with a corpus, in shards looked up by two processes, and with one index in one
process: the results must be equal. ``glue`` counts the lines of each job that are not its work. Times are of all
processors together.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path

from benchmarks.seeds import make_wet
from crawler.batch.pool import open_pool
from crawler.corpus.overlap import CorpusOverlap
from crawler.dedupe import MIN_WORDS, NearIndex, Sketch, words_of
from crawler.frontier.targets import target_id

HERE = Path(__file__).resolve().parents[1]
SMALL_INPUTS = 5_000
DUMP = 'string(93) "[{"id":"1","sort":"1","contenttypeid":"21","pic":"/2016/02/26/a.jpg","title":"One story here"}]"'
JOBS = {
    "seeds/harvest.py": ("harvest_part", "_task", "_result"),
    "corpus/overlap.py": ("overlap_part", "_task"),
    "corpus/fixity/verify.py": ("_check_part", "_shared"),
    "corpus/reextract.py": ("extract_again", "extract_pages"),
}


def run(checkout: Path, *arguments: object) -> tuple[float, float]:
    """Run ``scrapy seeds harvest`` of *checkout*; return seconds on the clock, and of all processors."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-m", "scrapy", "seeds", "harvest", *map(str, arguments)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, cpu


def in_turn(rounds: int, checkouts: dict[str, Path], folder: Path, inputs: Path, *options: str) -> None:
    """Harvest *inputs* with each of *checkouts*, *rounds* times; print the best times."""
    best = {name: (float("inf"), float("inf")) for name in checkouts}
    outputs = {}
    for number in range(rounds):
        for name, checkout in checkouts.items():
            out = folder / f"{name}-{number}.jsonl"
            found = run(checkout, inputs, "-o", out, *options)
            best[name] = min(best[name][0], found[0]), min(best[name][1], found[1])
            outputs[name] = out.read_bytes()
    for name, (seconds, cpu) in best.items():
        print(f"{name:12}{seconds:8.2f} s{cpu:8.2f} s of processors")
    print(f"same bytes: {len(set(outputs.values())) == 1}")


def harvest(options: argparse.Namespace, folder: Path) -> None:
    inputs = folder / "wet"
    inputs.mkdir()
    for number in range(8):
        make_wet(inputs / f"{number}.warc.wet.gz", options.mb * 1_000_000 // 8)
    in_turn(options.rounds, checkouts(options), folder, inputs, "--jobs", "2")


def small(options: argparse.Namespace, folder: Path) -> None:
    inputs = folder / "small"
    inputs.mkdir()
    for number in range(SMALL_INPUTS):
        (inputs / f"{number:04}.txt").write_text(f"Story {number}.\n{DUMP}\n")
    in_turn(options.rounds, checkouts(options), folder, inputs, "--jobs", "2")
    if options.cluster:
        seconds, cpu = run(HERE, inputs, "-o", folder / "cluster.jsonl", "--cluster", options.cluster)
        print(f"{options.cluster}: {seconds:.2f} s, {cpu:.2f} s of processors in the command")


def checkouts(options: argparse.Namespace) -> dict[str, Path]:
    return {**({"before": Path(options.before)} if options.before else {}), "now": HERE}


def overlap(_options: argparse.Namespace, folder: Path) -> None:
    from tests.archive.corpora import make_corpus  # noqa: PLC0415
    from tests.factories import make_article  # noqa: PLC0415

    texts = list(made_texts(100_000))
    ours = [text for number, text in enumerate(texts) if number % 50 == 0]
    make_corpus(folder / "corpus", *(make_article(number, text=text) for number, text in enumerate(ours)))
    shards = []
    for first in range(0, len(texts), 5_000):
        shards.append(str(folder / f"{first:06}.jsonl"))
        with Path(shards[-1]).open("w") as file:
            for number in range(first, first + 5_000):
                changed = " ".join(word for place, word in enumerate(texts[number].split()) if place % 9 or number % 2)
                file.write(json.dumps({"text": changed}) + "\n")
    begun = os.times()
    compared = CorpusOverlap(folder / "corpus", shards, 0.5, folder / "parts")
    with open_pool("processes:2") as pool:
        compared.compare(pool, on_progress=lambda _done, _total: None)
    spent = sum(os.times()[:4]) - sum(begun[:4])
    best: dict[str, float] = {}
    for match in compared.matches.values():
        best[match.key] = max(best.get(match.key, 0), match.similarity)
    begun = os.times()
    alone = by_one_index(folder / "index", ours, shards)
    spent_alone = sum(os.times()[:4]) - sum(begun[:4])
    print(f"{len(ours):,} texts in 100,000 others: {len(best):,} found; equal to one index: {best == alone}")
    print(f"processors: {spent:.1f} s by two processes, {spent_alone:.1f} s by one index in one process")


def made_texts(count: int, words: int = 120) -> Iterator[str]:
    """Yield *count* texts whose words are as frequent as those of a language."""
    rng = random.Random(23)
    vocabulary = ["".join(rng.choices("etaoinshrdlucmfwypvbgk", k=rng.randint(2, 9))) for _ in range(20_000)]
    ends = list(accumulate(1 / (place + 3) for place in range(len(vocabulary))))
    return (" ".join(rng.choices(vocabulary, cum_weights=ends, k=words)) for _ in range(count))


def by_one_index(folder: Path, ours: list[str], shards: list[str]) -> dict[str, float]:
    """Return the best similarity of each of *ours* in *shards*, by one index in this process."""
    best: dict[str, float] = {}
    keys = {target_id(f"replica/{number}"): f"replica/{number}" for number in range(len(ours))}
    with closing(NearIndex(folder)) as index:
        for number, text in enumerate(ours):
            words = words_of(text)
            if words.size >= MIN_WORDS:
                index.add(Sketch(words, text), target_id(f"replica/{number}"), 1)
        for shard in shards:
            for line in Path(shard).read_text().splitlines():
                text = json.loads(line)["text"]
                words = words_of(text)
                if words.size >= MIN_WORDS:
                    for seen, similarity in index.find_similar(Sketch(words, text), 0.5, lambda _seen: True):
                        key = keys[seen.tag]
                        best[key] = max(best.get(key, 0), round(similarity, 4))
    return best


def glue(_options: argparse.Namespace, _folder: Path) -> None:
    for file, names in JOBS.items():
        tree = ast.parse((HERE / "crawler" / file).read_text())
        found = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in names}
        lines = {name: (found[name].end_lineno or 0) - found[name].lineno + 1 for name in names}
        print(
            f"{file:28}{sum(lines.values()):4} lines: {', '.join(f'{name} {count}' for name, count in lines.items())}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("what", choices=("harvest", "small", "overlap", "glue"))
    parser.add_argument("--before", help="a checkout of the commit to compare with")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mb", type=int, default=160, help="size of all made-up WET files, uncompressed")
    parser.add_argument("--cluster", help="dask-file:PATH, also for small")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        globals()[options.what](options, Path(folder))


if __name__ == "__main__":
    main()
