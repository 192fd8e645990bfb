"""Near duplicates: precision, recall, documents a second and bytes of index, beside datasketch and rensa.

    python benchmarks/dedupe.py quality [--texts 400]       # originals of each of five scripts; 10 copies of each
    python benchmarks/dedupe.py speed [--upto 100000] [--words 400] [--only ours rensa datasketch]

*quality* brings labelled copies (``made_texts.py``) to an index of the originals. A copy is found if the answer is its
original; any other answer is a false one. *speed* brings texts of so many words one by one, every tenth a shortened
copy: each is looked up first, and added if nothing like it is there. Time is CPU time, in which what else the process
does (making the texts) does not count; bytes are those of the files of ours, and the memory that a peer grew by, as
neither keeps files.

The peers get what their documentation asks for: lists of strings, here the same shingles (3 words, or 5 characters of
Chinese), 128 permutations, and bands for the threshold; what their index returns is checked by the similarity that
their signatures estimate, and the most similar is the answer.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import islice
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

import made_texts
import numpy as np

from crawler.dedupe import NearIndex, Sketch, words_of

DEFAULT_THRESHOLD = 0.5
PERMUTATIONS = 128
_WORD_RE = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
_HAN_RE = re.compile(r"[\u3400-\u9fff]")
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_TURN = 1_000
_COPY = 10
"""One text in so many is a copy, four fifths of an earlier one."""


class Finder(Protocol):
    """Something that finds near duplicates."""

    name: str

    def find(self, text: str) -> int | None:
        """Return the number of the document that *text* is a copy of."""

    def add(self, number: int) -> None:
        """Add the text that was last looked for."""


class Ours:
    """The index of ``crawler.dedupe``, on disk."""

    name = "ours"

    def __init__(self, threshold: float = DEFAULT_THRESHOLD) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.index = NearIndex(Path(self.folder.name))
        self.threshold = threshold
        self.name = f"ours {threshold}"

    def find(self, text: str) -> int | None:
        self.sketch = Sketch(words_of(text), text)
        found = self.index.find_similar(self.sketch, self.threshold, lambda _: True)
        return found[0][0].tag if found else None

    def add(self, number: int) -> None:
        self.index.add(self.sketch, number, 1)
        if self.index.is_full:
            self.index.flush({})

    def bytes(self) -> int:
        """Flush, and return what the files have."""
        self.index.flush({})
        return sum(path.stat().st_size for path in Path(self.folder.name).iterdir())


def shingles(text: str) -> list[str]:
    """Return the shingles of *text* as strings."""
    words = _WORD_RE.findall(text.lower())
    if _HAN_RE.search(text):
        return ["".join(words[at : at + 5]) for at in range(len(words) - 4)]
    return [" ".join(words[at : at + 3]) for at in range(len(words) - 2)]


class Peer:
    """A MinHash and an LSH of a library, in memory; what the LSH returns is checked by the signatures."""

    def __init__(self, name: str, threshold: float, lsh: Any) -> None:
        self.name = f"{name} {threshold}"
        self._lsh = lsh
        self._signatures: dict[int, Any] = {}
        self._threshold = threshold

    def signature(self, text: str) -> Any:
        """Return the library's MinHash of *text*."""
        raise NotImplementedError

    def find(self, text: str) -> int | None:
        self._one = self.signature(text)
        similar = ((self._one.jaccard(self._signatures[number]), -number) for number in self._lsh.query(self._one))
        best = max(similar, default=(0.0, 0))
        return -best[1] if best[0] >= self._threshold else None

    def add(self, number: int) -> None:
        self._lsh.insert(number, self._one)
        self._signatures[number] = self._one


class Rensa(Peer):
    """rensa's RMinHash and RMinHashLSH."""

    def __init__(self, threshold: float = DEFAULT_THRESHOLD, bands: int = 32) -> None:
        self._rensa = import_module("rensa")
        super().__init__("rensa", threshold, self._rensa.RMinHashLSH(threshold, PERMUTATIONS, bands))

    def signature(self, text: str) -> Any:
        one = self._rensa.RMinHash(PERMUTATIONS, 42)
        one.update(shingles(text))
        return one


class Datasketch(Peer):
    """datasketch's MinHash and MinHashLSH."""

    def __init__(self, threshold: float = DEFAULT_THRESHOLD, bands: int = 32) -> None:
        self._datasketch = import_module("datasketch")
        lsh = self._datasketch.MinHashLSH(num_perm=PERMUTATIONS, params=(bands, PERMUTATIONS // bands))
        super().__init__("datasketch", threshold, lsh)

    def signature(self, text: str) -> Any:
        one = self._datasketch.MinHash(num_perm=PERMUTATIONS)
        one.update_batch([shingle.encode() for shingle in shingles(text)])
        return one


def _installed() -> Iterator[type[Peer]]:
    for peer in (Rensa, Datasketch):
        name = peer.__name__.lower()
        try:
            import_module(name)
        except ImportError:
            print(f"{name} is not installed: pip install {name}", file=sys.stderr)
        else:
            yield peer


def quality(count: int) -> None:
    texts: list[str] = []
    copies: list[made_texts.Copy] = []
    for script in made_texts.SCRIPTS:
        originals = list(made_texts.originals(script, count))
        copies += made_texts.copies(script, originals, len(texts))
        texts += [str(text) for text, _ in originals]
    # 0.42 and 0.125 is where the chance of being found is a half or so, with 32 bands of 4 and 64 of 2.
    finders: list[Any] = [Ours(), *(peer(*setting) for peer in _installed() for setting in ((0.5, 32), (0.2, 64)))]
    results = {finder.name: _found(finder, texts, copies) for finder in finders}
    print(f"{len(texts):,} originals in {len(made_texts.SCRIPTS)} scripts, {len(copies):,} copies and look-alikes\n")
    print(f"{'':24}" + "".join(f"{name:>18}" for name in results))
    for kind in made_texts.EDITS:
        shares = (found[kind, True] / (count * len(made_texts.SCRIPTS)) for found in results.values())
        print(f"{'recall, ' + kind:24}" + "".join(f"{share:18.4f}" for share in shares))
    within = [kind for kind in made_texts.EDITS if kind not in made_texts.BEYOND]
    shares = (
        sum(found[kind, True] for kind in within) / (len(within) * count * len(made_texts.SCRIPTS))
        for found in results.values()
    )
    print(f"{'recall, up to 25 %':24}" + "".join(f"{share:18.4f}" for share in shares))
    precisions = [_precision(found) for found in results.values()]
    print(f"{'precision':24}" + "".join(f"{share:18.4f}" for share in precisions))
    for kind in made_texts.OTHERS:
        print(f"{'false, ' + kind:24}" + "".join(f"{found[kind, False]:18}" for found in results.values()))


def _found(finder: Finder, texts: list[str], copies: list[made_texts.Copy]) -> Counter[tuple[str, bool]]:
    """Return how many of each kind were found (True) or mistaken (False)."""
    for number, text in enumerate(texts):
        finder.find(text)
        finder.add(number)
    found: Counter[tuple[str, bool]] = Counter()
    for copy in copies:
        number = finder.find(copy.text)
        if number is not None:
            found[copy.kind, number == copy.of] += 1
    return found


def _precision(found: Counter[tuple[str, bool]]) -> float:
    right = sum(count for (_, is_right), count in found.items() if is_right)
    return right / max(1, found.total())


def speed(upto: int, words: int, only: list[str]) -> None:
    """Print a row for each finder at each size.

    Each has a process of its own, and they take a thousand texts in turn: what else the machine does hits all alike.
    """
    heads = ("documents", "a second", "since last", "to ours", "bytes each", "found")
    print(f"{'':16}" + "".join(f"{head:>12}" for head in heads))
    runs = [_begin(make, upto, words) for make in (Ours, *_installed()) if make.__name__.lower() in only]
    done = 0
    while done < upto:
        done = min(done + _TURN, upto)
        rows = [_taken(run) for run in runs]
        if done in _SIZES or done == upto:
            for name, spent, since, size, found in rows:
                facts = (f"{done:,}", f"{1 / spent:,.0f}", f"{1 / since:,.0f}", f"{since / rows[0][2]:.2f}")
                facts += (f"{size:,.0f}", f"{found:,}")
                print(f"{name:16}" + "".join(f"{fact:>12}" for fact in facts), flush=True)
    for run in runs:
        run.send(None)


def _begin(make: Callable[[], Any], upto: int, words: int) -> Connection:
    here, there = Pipe()
    Process(target=_take_turns, args=(make, there, upto, words), daemon=True).start()
    return here


def _taken(run: Connection) -> Any:
    run.send("go on")
    return run.recv()


def _take_turns(make: Callable[[], Any], orders: Connection, upto: int, words: int) -> None:
    """Take a turn for each order; answer with the seconds of CPU time and bytes that a document has cost so far."""
    finder, texts, done, found = make(), _stream(upto, words), 0, 0
    spent = last_spent = grown = size = 0.0
    last = 0
    while orders.recv():
        turn = list(islice(texts, _TURN))
        before, began = _resident(), time.process_time()
        for number, text in enumerate(turn, done):
            if finder.find(text) is None:
                finder.add(number)
            else:
                found += 1
        spent += time.process_time() - began
        grown += _resident() - before
        done += len(turn)
        if not isinstance(finder, Ours):
            size = grown
        elif done in _SIZES or done == upto:
            size = finder.bytes()
        orders.send((finder.name, spent / done, (spent - last_spent) / (done - last), size / done, found))
        if done in _SIZES:
            last, last_spent = done, spent


def _stream(count: int, length: int) -> Iterator[str]:
    """Yield *count* texts, quickly: words and phrases drawn as ``made_texts`` draws them, without sentences."""
    speech, numbers = made_texts.language("Latin"), np.random.default_rng(1)
    units = [" ".join(phrase) for phrase in speech.phrases] + speech.function + speech.content
    weights = [np.diff([0, *speech.phrase_weights]), 1 / np.arange(1, len(speech.function) + 1)]
    weights.append(np.diff([0, *speech.weights]))
    shares = (0.12, 0.33, 0.55)
    chances = np.concatenate([share * part / part.sum() for share, part in zip(shares, weights, strict=True)])
    ends = chances.cumsum() / chances.sum()
    batch = 1000
    earlier: list[str] = []
    for first in range(0, count, batch):
        drawn = ends.searchsorted(numbers.random(batch * length)).tolist()
        for at in range(min(batch, count - first)):
            if earlier and at % _COPY == 0:
                yield earlier.pop()
                continue
            words = [units[one] for one in drawn[at * length : (at + 1) * length]]
            if at % _COPY == 1:
                earlier.append(" ".join(words[: length * 4 // 5]))
            yield " ".join(words)


def _resident() -> int:
    """Return the bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("quality", "speed"))
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--upto", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=400)
    parser.add_argument("--only", nargs="+", default=["ours", "rensa", "datasketch"])
    options = parser.parse_args()
    if options.what == "quality":
        quality(options.texts)
    else:
        speed(options.upto, options.words, options.only)


if __name__ == "__main__":
    main()
