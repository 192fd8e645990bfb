# ruff: noqa: RUF001, PLR2004 - punctuation of other scripts; numbers that say what they are
"""Train the reader that tells the body of an article from the rest of its page: crawler/extract/learned/body.npz.

    python benchmarks/train_extract.py --check      # figures of hosts that no part of a reader has seen, by cross-fit
    python benchmarks/train_extract.py              # train on all pages: crawler/extract/learned/body.npz, which ships
    python benchmarks/train_extract.py --half       # ... on the development half: benchmarks/body_half.npz

Needs catboost (``pip install catboost``) and the pages of benchmarks/extract.py. ``--half`` makes the reader that
benchmarks/extract.py scores on the other half of the hosts. The seeds are fixed: the same pages give the same file on
one machine. No text of the pages is in the files but single words that stand on many hosts.

A block is body as far as its shingles of 4 words are in the answer; a shorter one if it is a line of it, or in
it between two blocks that are. Captions never are, whatever the answers of some pages say. Each page is seen as it
is, and once more in another guise: without class names and ids, or in letters of another script, so that the reader
leans neither on names nor on English. The odds of words that the forest learns from are always those of other hosts
than the page's. Pages whose answers contradict what others teach (F1 below 0.4 out of the fold) are left out of
training.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from catboost import CatBoostClassifier, Pool

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from extract import f1, precision_recall, read_set  # noqa: E402

from crawler.extract.blocks import TextBlock  # noqa: E402
from crawler.extract.body import evidence  # noqa: E402
from crawler.extract.learned.features import Evidence, measure  # noqa: E402
from crawler.extract.learned.forest import encoded_columns  # noqa: E402
from crawler.extract.marks import KIND_COUNT, NAMES  # noqa: E402
from crawler.extract.page import read  # noqa: E402
from crawler.extract.titles import find_title  # noqa: E402

_WORD_RE = re.compile(r"\w+")
_SIZE = 4
_FOLDS = 5
_LEVELS = 6
_HALF = 0.5
_TREES = 240
_QUICK = 80
_SEEDS = (1, 2)
_HOSTS = 4
_WORDS = 5_000
_GUISE = 0.5
"""The weight of a page in another guise."""
_CONTRADICTS = 0.4
_CAPTION = NAMES.index("caption")


class Sample(NamedTuple):
    """A page as training data: for each block a row of features, a share of body, a weight; ``guise``: not as it is."""

    name: str
    fold: int
    gold: str
    texts: list[str]
    evidence: Evidence
    shares: Any
    weights: Any
    guise: bool


class Source(NamedTuple):
    """Where a page of the sets is, its answer, and the fold of its host."""

    folder: Path
    answer: dict[str, Any]
    host: str
    fold: int


def sources(data: Path, part: str) -> list[Source]:
    found = []
    for folder in sorted(path.parent for path in data.glob("*/gold.jsonl")):
        for answer in read_set(folder, part):
            if answer.get("text"):
                host = ".".join((urlsplit(answer["url"]).hostname or "").split(".")[-2:])
                fold = int(md5(host.encode(), usedforsecurity=False).hexdigest(), 16) % _FOLDS
                found.append(Source(folder, answer, host, fold))
    return found


def _page(source: Source) -> tuple[Any, str | None]:
    html = gzip.decompress((source.folder / "pages" / f"{source.answer['id']}.html.gz").read_bytes())
    page = read(html, source.answer["url"], None, None, datetime.now(UTC))
    title = find_title(page)
    return page, title.value if title else None


# --- what the words say ------------------------------------------------------------------------------------------


def spoken(source: Source) -> tuple[str, int, set[str], set[str]]:
    """Return the host and fold of a page, and its words: those in blocks of its body, and those in others."""
    page, _ = _page(source)
    shares, _, _ = label(page.lines, source.answer["text"])
    inside: set[str] = set()
    outside: set[str] = set()
    for text, share in zip(page.lines, shares, strict=True):
        words = _WORD_RE.findall(text.casefold()[:350])
        (inside if share > _HALF else outside).update(words)
    return source.host, source.fold, inside, outside


def vocabulary(pages: Iterable[tuple[str, int, set[str], set[str]]]) -> dict[str, float]:
    """Return the logarithm of the odds of the most telling words, counted by host."""
    hosts: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for host, _, inside, outside in pages:
        hosts[host][0].update(inside)
        hosts[host][1].update(outside)
    body = Counter(word for inside, _ in hosts.values() for word in inside)
    rest = Counter(word for _, outside in hosts.values() for word in outside)
    odds = {}
    for word in sorted(body.keys() | rest.keys()):
        count = body[word] + rest[word]
        if max(body[word], rest[word]) >= _HOSTS and len(word) <= 30 and not any(map(str.isdigit, word)):
            odds[word] = (math.log((body[word] + 1) / (rest[word] + 1)), count)
    best = sorted(odds, key=lambda word: (-abs(odds[word][0]) * math.sqrt(odds[word][1]), word))[:_WORDS]
    return {word: round(odds[word][0], 2) for word in sorted(best)}


# --- pages as samples --------------------------------------------------------------------------------------------


def samples(task: tuple[Source, dict[str, float]]) -> list[Sample]:
    """Return a page as it is and in another guise."""
    source, words = task
    page, title = _page(source)
    if not page.blocks:
        return []
    blocks, texts, measured = evidence(page, title, words)
    shares, sizes, total = label(texts, source.answer["text"])
    shares[[block.place.depth - block.place.nearest[_CAPTION] <= 1 for block in blocks]] = 0.0
    weights = np.sqrt(sizes + 1.0) / np.sqrt(max(total, 50))
    one = Sample(source.folder.name, source.fold, source.answer["text"], texts, measured, shares, weights, guise=False)
    chance = random.Random(str(source.answer["id"]))
    if chance.random() < _HALF:
        _forget_names(blocks)
    if chance.random() < _HALF:
        script = chance.choice(sorted(_SCRIPTS))
        texts, title = [_in_script(text, script) for text in texts], _in_script(title or "", script)
    other = measure(blocks, texts, title or "", words)
    return [one, one._replace(evidence=other, texts=[], weights=weights * _GUISE, guise=True)]


def _forget_names(blocks: list[TextBlock]) -> None:
    nothing = [-99] * KIND_COUNT
    for block in blocks:
        place: Any = block.place
        block.inner = ()
        while place is not None and place.nearest is not nothing:
            place.nearest = nothing
            place.kin = (place.tag, "", place.outer.tag if place.outer else "")
            place = place.outer


_LATIN = "etaoinshrdlcumwfgypbvkjxqz"
_SCRIPTS = {
    "arabic": ("الينمورتبدعسفهكقحجشطصخضذث", {",": "،", "?": "؟", ";": "؛"}),
    "cyrillic": ("оеаинтсрвлкмдпуяыьгзбчйхжш", {}),
    "hebrew": ("יולאהמרתבנשדעקחפסטגזכצםןףץ", {}),
    "chinese": ("的一是不了人我在有他这中大来上国个到说们为子和你地出", {",": "，", ".": "。", "?": "？", "!": "！"}),
}


def _in_script(text: str, script: str) -> str:
    """Return *text* as if written in *script*: letter for letter, in Chinese with fewer letters and no spaces."""
    letters, marks = _SCRIPTS[script]
    if script == "chinese":
        text = re.sub(r"\B[aeiouy]\w?|(?<=[a-z])[lrnst](?=[a-z])", "", text, flags=re.IGNORECASE)
        text = re.sub(r"(?<=[a-z,.?!])\s(?=[a-z])", "", text, flags=re.IGNORECASE) or "的"
    table = dict(zip(_LATIN, itertools.cycle(letters), strict=False))
    upper = {latin.upper(): letter.upper() for latin, letter in table.items()}
    return text.translate(str.maketrans(table | upper | marks)).strip() or "-"


def _shingles(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + _SIZE]) for start in range(max(1, len(words) - _SIZE + 1))]


def label(texts: list[str], gold: str) -> tuple[Any, Any, int]:
    """Return how far each of *texts* is in *gold* (0 to 1), the words of each, and the words of *gold*."""
    wanted = _WORD_RE.findall(gold)
    shingles, lines = set(_shingles(wanted)), {" ".join(_WORD_RE.findall(line)) for line in gold.split("\n")}
    running = f" {' '.join(wanted)} "
    words = [_WORD_RE.findall(text) for text in texts]
    shares = np.array([_share(one, shingles, lines, running) for one in words])
    for index in np.flatnonzero(shares < 0):
        before = next((share for share in shares[:index][::-1] if share >= 0), 0)
        after = next((share for share in shares[index + 1 :] if share >= 0), 0)
        shares[index] = float(min(before, after) > _HALF)
    _drop_copies(words, shares, running)
    return shares, np.array([len(one) for one in words], dtype=np.float32), len(wanted)


def _share(words: list[str], shingles: set[tuple[str, ...]], lines: set[str], running: str) -> float:
    if len(words) >= _SIZE:
        own = _shingles(words)
        return sum(shingle in shingles for shingle in own) / len(own)
    line = " ".join(words)
    if not words or f" {line} " not in running:
        return 0.0
    return 1.0 if line in lines else -1.0


def _drop_copies(words: list[list[str]], shares: Any, running: str) -> None:
    """Keep, of equal texts, as many as the answer has: those in the best company."""
    copies = defaultdict(list)
    for index, one in enumerate(words):
        if shares[index] > _HALF:
            copies[" ".join(one)].append(index)
    for line, indices in copies.items():
        indices.sort(key=lambda index: -(shares[max(0, index - 3) : index + 4] > _HALF).sum())
        for index in indices[max(1, running.count(f" {line} ")) :]:
            shares[index] = 0.0


# --- forests -----------------------------------------------------------------------------------------------------


Forests = list[CatBoostClassifier]


def fit(pages: list[Sample], trees: int) -> Forests:
    """Return forests that learned from *pages*, by seed; together they err less than each."""
    pool = Pool(
        np.concatenate([page.evidence.rows for page in pages]),
        np.concatenate([page.shares for page in pages]),
        weight=np.concatenate([page.weights for page in pages]),
    )
    forests = [
        CatBoostClassifier(
            iterations=trees, depth=_LEVELS, learning_rate=0.12 if trees > _QUICK else 0.2,
            loss_function="CrossEntropy", l2_leaf_reg=6, border_count=48, bootstrap_type="Bernoulli", subsample=0.7,
            rsm=0.3, random_seed=seed, verbose=0, allow_writing_files=False, thread_count=2,
        ) for seed in _SEEDS
    ]  # fmt: skip
    return [forest.fit(pool) for forest in forests]


def judge(forests: Forests, rows: Any) -> Any:
    raw = np.mean([forest.predict(rows, prediction_type="RawFormulaVal") for forest in forests], axis=0)
    return 1 / (1 + np.exp(-raw)).astype(np.float32)


def out_of_fold(pages: list[Sample], used: list[bool], trees: int) -> list[Any]:
    """Return, for each page, what a forest says that was trained on the other folds (on the pages that are *used*)."""
    judged: list[Any] = [None] * len(pages)
    for fold in range(_FOLDS):
        forests = fit([page for page, use in zip(pages, used, strict=True) if page.fold != fold and use], trees)
        for index, page in enumerate(pages):
            if page.fold == fold:
                judged[index] = judge(forests, page.evidence.rows)
    return judged


def trusted(pages: list[Sample]) -> list[bool]:
    """Return which of *pages* have answers that do not contradict what the others teach; guises go with their page."""
    judged = out_of_fold(pages, [True] * len(pages), _QUICK)
    used: list[bool] = []
    for page, one in zip(pages, judged, strict=True):
        used.append(used[-1] if page.guise else _f1(page, one, _HALF) >= _CONTRADICTS)
    return used


def _f1(page: Sample, judged: Any, threshold: float) -> float:
    return f1(*_scores(page, judged, threshold))


def _scores(page: Sample, judged: Any, threshold: float) -> tuple[float, float]:
    kept = (text for text, one in zip(page.texts, judged, strict=True) if one > threshold)
    return precision_recall(page.gold, "\n".join(kept))


def report(pages: list[Sample], judged: list[Any]) -> None:
    for threshold in (0.4, 0.45, 0.5, 0.55):
        cells = []
        for name in sorted({page.name for page in pages}):
            both = zip(pages, judged, strict=True)
            pairs = [_scores(page, one, threshold) for page, one in both if page.name == name and not page.guise]
            precision, recall = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
            cells.append(f"{name} {f1(precision, recall):.4f} ({precision:.3f} {recall:.3f})")
        print(f"threshold {threshold}: " + "  ".join(cells), flush=True)


def arrays(forests: Forests) -> dict[str, Any]:
    """Return the mean of *forests*, as one forest: the arrays that crawler.extract.learned.forest reads."""
    parts = [_arrays(forest, 1 / len(forests)) for forest in forests]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in ("column", "border", "leaves")}
    return joined | {"bias": np.float32(sum(part["bias"] for part in parts))}


def _arrays(model: CatBoostClassifier, weight: float) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.json", format="json")
        forest = json.loads(Path(f"{folder}/model.json").read_text())
    trees = forest["oblivious_trees"]
    column = np.zeros((len(trees), _LEVELS), dtype=np.int16)
    border = np.full(column.shape, np.inf, dtype=np.float32)
    leaves = np.zeros((len(trees), 2**_LEVELS), dtype=np.float16)
    scale, bias = forest["scale_and_bias"]
    for row, tree in enumerate(trees):
        for level, split in enumerate(tree["splits"] or ()):
            column[row, level], border[row, level] = split["float_feature_index"], split["border"]
        leaves[row, : len(tree["leaf_values"])] = np.array(tree["leaf_values"]) * scale * weight
    return {"column": column, "border": border, "leaves": leaves, "bias": bias[0] * weight}


def write(path: Path, words: dict[str, float], pages: list[Sample]) -> None:
    letters = np.frombuffer(" ".join(words).encode(), dtype=np.uint8)
    odds = np.array(list(words.values()), dtype=np.float16)
    np.savez_compressed(path, columns=encoded_columns(), words=letters, odds=odds, **arrays(fit(pages, _TREES)))
    print(f"{path}: {path.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "extraction")
    parser.add_argument("--check", action="store_true", help="print figures by cross-fit, write nothing")
    parser.add_argument("--half", action="store_true", help="only the development half of the hosts")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    chosen = sources(options.data, "development" if options.half else "all")
    with ProcessPoolExecutor(options.processes) as pool:
        told = list(pool.map(spoken, chosen, chunksize=8))
        apart = [vocabulary(page for page in told if page[1] != fold) for fold in range(_FOLDS)]
        tasks = [(source, apart[source.fold]) for source in chosen]
        pages = [sample for pair in pool.map(samples, tasks, chunksize=8) for sample in pair]
    print(f"{len(chosen)} pages, {sum(len(page.shares) for page in pages)} blocks", flush=True)
    used = trusted(pages)
    print(f"left out: {sum(not use for use in used) // 2} pages", flush=True)
    if options.check:
        report(pages, out_of_fold(pages, used, _TREES))
        return
    path = "benchmarks/body_half.npz" if options.half else "crawler/extract/learned/body.npz"
    write(ROOT / path, vocabulary(told), [page for page, use in zip(pages, used, strict=True) if use])


if __name__ == "__main__":
    main()
