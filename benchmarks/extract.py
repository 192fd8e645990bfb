"""Score extractors on pages with known answers: text, title, date, authors, time and memory, side by side.

    python benchmarks/extract.py                                   # ours beside every peer that is installed
    python benchmarks/extract.py --part development --peers none   # while building
    python benchmarks/extract.py --extractor package.module:function

An extractor is a function ``(html: bytes, url: str) -> dict`` with keys ``text``, ``title``, ``published`` and
``authors``. Pages: ``<set>/gold.jsonl`` and ``<set>/pages/<id>.html.gz`` in the folder ``shared/extraction`` beside
the repository, or in ``--data``. Hosts are split once and for all by a hash of their names: a half is held back
(``--part held-back``, the default) and never looked at; the rest is for building (``development``). The reader that
ships has learned from both halves. So ours is scored with its twin, benchmarks/body_half.npz, which has learned in the
same way from the development half alone (benchmarks/train_extract.py --half); ``--shipped`` scores what ships.

Text: shingle F1 as scrapinghub's article-extraction-benchmark defines it (4 words; mean precision and recall over the
pages). Title: equal but for case and white space. Date: the same day. Authors: F1 of the names. Time: CPU, one process,
a page of the mean size, and a page of 330 KB: the pages of half to double that size, in proportion to theirs; memory:
the peak of the process. Ratios are of time to ours. The row of lxml only parses the pages: it answers nothing, and says
how busy the machine was.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Answer = dict[str, Any]
Extractor = Callable[[bytes, str], Answer]

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
OURS = "crawler.extract:extract"
_COMMON = 330_000
"""Bytes of the page that times are given for: common on news sites."""

_WORD_RE = re.compile(r"\w+")
_NAMES_RE = re.compile(r",|;|&|\band\b")


# --- the peers ---------------------------------------------------------------------------------------------------


def _trafilatura(**options: Any) -> Extractor:
    from trafilatura import bare_extraction  # noqa: PLC0415

    def run(html: bytes, url: str) -> Answer:
        document = bare_extraction(html, url=url, with_metadata=True, include_comments=False, **options)
        if document is None:
            return {}
        authors = (document.author or "").split("; ")
        return {"text": document.text, "title": document.title, "published": document.date, "authors": authors}

    return run


def _newspaper4k() -> Extractor:
    import newspaper  # noqa: PLC0415

    def run(html: bytes, url: str) -> Answer:
        article = newspaper.Article(url, fetch_images=False)
        article.download(input_html=html.decode("utf-8", "replace"))
        article.parse()
        day = article.publish_date
        published = day.isoformat() if hasattr(day, "isoformat") else day
        return {"text": article.text, "title": article.title, "published": published, "authors": article.authors}

    return run


def _readability() -> Extractor:
    from lxml.html import fromstring  # noqa: PLC0415
    from readability import Document  # noqa: PLC0415

    def run(html: bytes, _url: str) -> Answer:
        document = Document(html.decode("utf-8", "replace"))
        text = "\n".join(fromstring(document.summary() or "<p>").itertext())
        return {"text": text, "title": document.short_title()}

    return run


def _resiliparse() -> Extractor:
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding  # noqa: PLC0415
    from resiliparse.parse.html import HTMLTree  # noqa: PLC0415

    def run(html: bytes, _url: str) -> Answer:
        tree = HTMLTree.parse(bytes_to_str(html, detect_encoding(html)))
        return {"text": extract_plain_text(tree, main_content=True, alt_texts=False), "title": tree.title}

    return run


def _lxml() -> Extractor:
    from lxml.html import document_fromstring  # noqa: PLC0415

    def run(html: bytes, _url: str) -> Answer:
        document_fromstring(html)
        return {}

    return run


PEERS: dict[str, Callable[[], Extractor]] = {
    "trafilatura": _trafilatura,
    "trafilatura-fast": lambda: _trafilatura(fast=True),
    "trafilatura-precise": lambda: _trafilatura(favor_precision=True),
    "newspaper4k": _newspaper4k,
    "readability": _readability,
    "resiliparse": _resiliparse,
    "lxml": _lxml,
}


def load(name: str, *, shipped: bool = False) -> Extractor:
    """Return the extractor called *name*: a peer, or ``module:function``; ours with the reader of one half."""
    if name == OURS and not shipped:
        from crawler.extract import extract  # noqa: PLC0415
        from crawler.extract.learned.forest import read_reader  # noqa: PLC0415

        return partial(extract, reader=read_reader(ROOT / "benchmarks" / "body_half.npz"))
    if name in PEERS:
        return PEERS[name]()
    module, _, function = name.partition(":")
    found: Extractor = getattr(importlib.import_module(module), function)
    return found


# --- the scores --------------------------------------------------------------------------------------------------


def _shingles(text: str, size: int = 4) -> Counter[tuple[str, ...]]:
    words = _WORD_RE.findall(text)
    return Counter(tuple(words[start : start + size]) for start in range(max(1, len(words) - size + 1)))


def precision_recall(gold: str, text: str) -> tuple[float, float]:
    """Return the precision and recall of the shingles of *text*, as scrapinghub's evaluate.py does."""
    wanted, found = _shingles(gold), _shingles(text)
    hits = (wanted & found).total()
    extra, missed = found.total() - hits, wanted.total() - hits
    if extra == missed == 0:
        return 1.0, 1.0
    return (hits / (hits + extra) if hits + extra else 0.0, hits / (hits + missed) if hits + missed else 0.0)


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else None


def _line(title: str | None) -> str:
    return " ".join((title or "").casefold().split())


def _people(names: Iterable[str] | None) -> set[str]:
    return {_line(part) for name in names or () for part in _NAMES_RE.split(name) if part.strip()}


def score(pages: list[dict[str, Any]], answers: list[Answer]) -> dict[str, float | None]:
    """Return the scores of *answers* to the gold *pages* of one set; None for what the set does not tell."""
    both = list(zip(pages, answers, strict=True))
    pairs = [precision_recall(page["text"], answer.get("text") or "") for page, answer in both if page.get("text")]
    precision, recall = _mean(p for p, _ in pairs) or 0.0, _mean(r for _, r in pairs) or 0.0
    named = [(_people(page["authors"]), _people(answer.get("authors"))) for page, answer in both if page.get("authors")]
    hits = sum(len(gold & found) for gold, found in named)
    gold_names, found_names = sum(len(gold) for gold, _ in named), sum(len(found) for _, found in named)
    return {
        "F1": f1(precision, recall),
        "precision": precision,
        "recall": recall,
        "title": _mean(_line(p["title"]) == _line(a.get("title")) for p, a in both if p.get("title")),
        "date": _mean(p["published"][:10] == (a.get("published") or "")[:10] for p, a in both if p.get("published")),
        "authors": f1(hits / (found_names or 1), hits / gold_names) if gold_names else None,
    }


# --- the run -----------------------------------------------------------------------------------------------------


def is_held_back(url: str) -> bool:
    """Tell whether the pages of the host of *url* (its last two labels) are held back from building."""
    host = ".".join((urlsplit(url).hostname or "").split(".")[-2:])
    return int(md5(f"held-back {host}".encode(), usedforsecurity=False).hexdigest(), 16) % 4 < 2  # noqa: PLR2004 - of four quarters


def read_set(folder: Path, part: str) -> list[dict[str, Any]]:
    with (folder / "gold.jsonl").open(encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    return [page for page in pages if part == "all" or is_held_back(page["url"]) == (part == "held-back")]


def measure(name: str, data: Path, part: str, *, shipped: bool) -> dict[str, Any]:
    """Return the scores of the extractor *name* by set, its CPU milliseconds a page and its peak memory in MB."""
    extractor = load(name, shipped=shipped)
    scores = {}
    spent = 0.0
    size = count = 0
    middle: list[tuple[int, float]] = []
    for folder in sorted(path.parent for path in data.glob("*/gold.jsonl")):
        pages = read_set(folder, part)
        answers = []
        for page in pages:
            html = gzip.decompress((folder / "pages" / f"{page['id']}.html.gz").read_bytes())
            size, count = size + len(html), count + 1
            began = time.process_time()
            try:
                answers.append(extractor(html, page["url"]) or {})
            except Exception:  # noqa: BLE001 - a page that breaks an extractor is a page without answer
                answers.append({})
            taken = time.process_time() - began
            spent += taken
            if _COMMON / 2 <= len(html) <= _COMMON * 2:
                middle.append((len(html), taken))
        scores[folder.name] = score(pages, answers) | {"pages": len(pages)}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    common = sum(taken for _, taken in middle) / (sum(length for length, _ in middle) or 1) * _COMMON * 1000
    times = {"ms": spent / count * 1000, "common": common}
    return {"name": name, "sets": scores, **times, "mb": memory, "kb": size / count / 1000}


def table(results: list[dict[str, Any]]) -> str:
    """Return *results* as text: a row an extractor, the scores of each set, milliseconds, their ratio, megabytes."""
    names = list(results[0]["sets"])
    counts = [f"{name} ({results[0]['sets'][name]['pages']})" for name in names]
    head = f"{'extractor':32}" + "".join(f"{count:>34}" for count in counts)
    rows = [
        head + f"{'ms':>8}{'x':>6}{'330 KB':>8}{'MB':>6}",
        f"{'':32}" + f"{'F1':>10}{'title':>8}{'date':>8}{'auth':>8}" * len(names),
    ]
    for result in results:
        row = f"{result['name']:32}"
        for name in names:
            values = [result["sets"][name][key] for key in ("F1", "title", "date", "authors")]
            cells = ["-" if value is None else f"{value:.3f}" for value in values]
            row += f"{cells[0]:>10}" + "".join(f"{cell:>8}" for cell in cells[1:])
        rows.append(
            row + f"{result['ms']:8.1f}{result['ms'] / results[0]['ms']:6.1f}{result['common']:8.1f}{result['mb']:6.0f}"
        )
    return "\n".join([*rows, f"mean page {results[0]['kb']:.0f} KB; x: its CPU time as a multiple of the first row's"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extractor", default=OURS, help="module:function (default: %(default)s)")
    parser.add_argument(
        "--peers", default=",".join(PEERS), help="names joined by commas, or none (default: %(default)s)"
    )
    parser.add_argument("--part", choices=["held-back", "development", "all"], default="held-back")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "extraction")
    parser.add_argument("--shipped", action="store_true", help="score the reader that ships, which knows all pages")
    parser.add_argument("--only", action="store_true", help="measure --extractor in this process and print JSON")
    options = parser.parse_args()
    if not list(options.data.glob("*/gold.jsonl")):
        print(f"skipped: no pages with answers in {options.data}")
        return 0
    if options.only:
        print(json.dumps(measure(options.extractor, options.data, options.part, shipped=options.shipped)))
        return 0
    results = []
    for name in [options.extractor, *(peer for peer in options.peers.split(",") if peer in PEERS)]:
        command = [sys.executable, __file__, "--only", "--extractor", name, "--part", options.part]
        command += ["--shipped"] * options.shipped
        run = subprocess.run([*command, "--data", options.data], capture_output=True, text=True, check=False)
        if run.returncode:
            print(f"{name}: skipped, {run.stderr.strip().splitlines()[-1]}")
        else:
            results.append(json.loads(run.stdout.splitlines()[-1]))
    print(table(results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
