"""Train the forest that tells the body of an article from the rest of its page: crawler/extract/body.npz.

    python benchmarks/train_extract.py --check      # figures of pages out of the fold, nothing is written
    python benchmarks/train_extract.py              # train on the development part and write the file

Needs catboost (``pip install catboost``) and the pages of benchmarks/extract.py. The hosts that are held back there are
held back here. The seed is fixed: the same pages give the same file on one machine.

A block is body as far as its shingles of 4 words are in the answer; a shorter one if it is a line of it, or in
it between two blocks that are. The first forest sees the blocks as they are; the second also what the first says
of the blocks around (for training: a first forest that did not see the page's host).
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import defaultdict
from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from catboost import CatBoostClassifier, Pool

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from datetime import UTC, datetime  # noqa: E402
from urllib.parse import urlsplit  # noqa: E402

from extract import f1, precision_recall, read_set  # noqa: E402

from crawler.extract.body import evidence  # noqa: E402
from crawler.extract.page import read  # noqa: E402
from crawler.extract.titles import find_title  # noqa: E402

_WORD_RE = re.compile(r"\w+")
_SIZE = 4
_FOLDS = 5
_LEVELS = 6
_HALF = 0.5


class Sample(NamedTuple):
    """A page as training data: a row of features, a share of body and a weight for each of its blocks."""

    name: str
    fold: int
    gold: str
    texts: list[str]
    rows: Any
    shares: Any
    sizes: Any
    weights: Any


def samples(data: Path, part: str) -> list[Sample]:
    found = []
    for folder in sorted(path.parent for path in data.glob("*/gold.jsonl")):
        for answer in read_set(folder, part):
            if not answer.get("text"):
                continue
            html = gzip.decompress((folder / "pages" / f"{answer['id']}.html.gz").read_bytes())
            page = read(html, answer["url"], None, None, datetime.now(UTC))
            title = find_title(page)
            if page.blocks:
                _, texts, rows = evidence(page, title.value if title else None)
                shares, sizes, total = label(texts, answer["text"])
                weights = np.sqrt(sizes + 1.0) / np.sqrt(max(total, 50))
                host = ".".join((urlsplit(answer["url"]).hostname or "").split(".")[-2:])
                fold = int(md5(host.encode(), usedforsecurity=False).hexdigest(), 16) % _FOLDS
                found.append(Sample(folder.name, fold, answer["text"], texts, rows, shares, sizes, weights))
    return found


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


def fit(pages: list[Sample], trees: int) -> CatBoostClassifier:
    pool = Pool(
        np.concatenate([page.rows for page in pages]),
        np.concatenate([page.shares for page in pages]),
        weight=np.concatenate([page.weights for page in pages]),
    )
    model = CatBoostClassifier(
        iterations=trees, depth=_LEVELS, learning_rate=0.12, loss_function="CrossEntropy", l2_leaf_reg=6,
        border_count=48, bootstrap_type="Bernoulli", subsample=0.7, rsm=0.4, random_seed=1, verbose=0,
        allow_writing_files=False,
    )  # fmt: skip
    return model.fit(pool)


def judge(model: CatBoostClassifier, rows: Any) -> Any:
    return 1 / (1 + np.exp(-model.predict(rows, prediction_type="RawFormulaVal"))).astype(np.float32)


def out_of_fold(pages: list[Sample], trees: int) -> list[Any]:
    """Return, for each page, what a forest says that was trained on the other folds."""
    judged: list[Any] = [None] * len(pages)
    for fold in range(_FOLDS):
        model = fit([page for page in pages if page.fold != fold], trees)
        for index, page in enumerate(pages):
            if page.fold == fold:
                judged[index] = judge(model, page.rows)
    return judged


def report(pages: list[Sample], judged: list[Any]) -> None:
    for threshold in (0.4, 0.45, 0.5, 0.55):
        cells = []
        for name in sorted({page.name for page in pages}):
            pairs = [
                precision_recall(page.gold, "\n".join(t for t, p in zip(page.texts, one, strict=True) if p > threshold))
                for page, one in zip(pages, judged, strict=True)
                if page.name == name
            ]
            precision, recall = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
            cells.append(f"{name} {f1(precision, recall):.4f} ({precision:.3f} {recall:.3f})")
        print(f"threshold {threshold}: " + "  ".join(cells), flush=True)


def arrays(model: CatBoostClassifier) -> dict[str, Any]:
    """Return the trees of *model* as the arrays that crawler.extract.forest reads."""
    with TemporaryDirectory() as folder:
        model.save_model(f"{folder}/model.json", format="json")
        forest = json.loads(Path(f"{folder}/model.json").read_text())
    trees = forest["oblivious_trees"]
    column = np.zeros((len(trees), _LEVELS), dtype=np.int16)
    border = np.full(column.shape, np.inf, dtype=np.float32)
    leaves = np.zeros((len(trees), 2**_LEVELS), dtype=np.float32)
    scale, bias = forest["scale_and_bias"]
    for row, tree in enumerate(trees):
        for level, split in enumerate(tree["splits"] or ()):
            column[row, level], border[row, level] = split["float_feature_index"], split["border"]
        leaves[row, : len(tree["leaf_values"])] = np.array(tree["leaf_values"]) * scale
    return {"column": column, "border": border, "leaves": leaves, "bias": np.float32(bias[0])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "extraction")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--trees", type=int, default=200)
    options = parser.parse_args()
    pages = samples(options.data, "development")
    print(f"{len(pages)} pages, {sum(len(page.shares) for page in pages)} blocks", flush=True)
    if options.check:
        report(pages, out_of_fold(pages, options.trees))
        return
    path = ROOT / "crawler" / "extract" / "body.npz"
    np.savez_compressed(path, **arrays(fit(pages, options.trees)))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
