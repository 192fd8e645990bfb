"""The index of near duplicates: persistent, incremental, of one cost from a thousand documents to millions.

Its folder holds, for documents numbered from 0 as they were added:

* ``words.bin``: the words of all documents (:mod:`crawler.dedupe.words`), 2 bytes each;
* ``documents.bin``: for each where its words are, and the tag and the facts that it was added with;
* ``*.run``: under which keys it is found (:mod:`crawler.dedupe.runs`), 8 bytes a key;
* ``state.json``: how much of these counts, and the *mark* of whoever feeds the index: how far it has come.

New documents wait in memory and become durable together, :data:`FLUSH_DOCUMENTS` at a time or when :meth:`flush` is
called. Files are written first and ``state.json`` is replaced last, so a kill at any instant leaves the index as it
was after some flush, with the mark of that flush; what lies beyond is cut off when it is next opened.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from crawler.dedupe.likeness import Likeness
from crawler.dedupe.runs import FAN_IN, Entries, Keys, Run, merge_runs, needles_of, write_run
from crawler.dedupe.shingles import KEYS, WIDTH, WIDTH_SPACELESS, keys_of
from crawler.dedupe.words import FEWEST_WORDS, FOLDING, Words
from crawler.exceptions import CorpusDamaged

VERSION = f"1.{FOLDING}.{WIDTH}.{WIDTH_SPACELESS}.{KEYS}.{FEWEST_WORDS}"
"""What the files of an index were made by; of another version they are of no use."""
FLUSH_DOCUMENTS = 4096

_SHARED_KEYS = 3
"""A document is looked at if it has so many of the keys: of 24 that two unlike texts have, seldom more than 2 are the
same, and of those of a copy with every fourth word swapped 10 are, give or take 3."""
_MOST_ENTRIES = 256
"""The rarest keys are looked at until there are so many documents that have them: what a thousand documents have,
boilerplate and turns of phrase, says little about any of them."""
_MOST_COMPARED = 8
"""Of those that share most keys so many are compared word by word."""
_DOCUMENT = np.dtype([("tag", "<i8"), ("offset", "<u8"), ("words", "<u4"), ("version", "<u2"), ("facts", "<u2")])
_MOST_VERSION = 0xFFFF


class Seen(NamedTuple):
    """A document of the index: *tag* and *version* tell whose text it is.

    *words* is how long it is, *facts* are the caller's.
    """

    tag: int
    version: int
    words: int
    facts: int


class NearIndex:
    """The index in *folder*, made if need be. One thread of one process at a time.

    ``mark`` is None in an index that was just made: also if the one that was there is of another version or damaged.
    Raises ``OSError`` if it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        try:
            state = _read_state(folder)
            self._runs = [Run(folder / name, entries) for name, entries in state["runs"]]
        except (CorpusDamaged, FileNotFoundError):
            state, self._runs = {"documents": 0, "words": 0, "runs": [], "mark": None}, []
        self.mark: dict[str, Any] | None = state["mark"]
        self._flushed: int = state["documents"]
        self._flushed_words: int = state["words"]
        self._documents_file = _open(folder / "documents.bin", self._flushed * _DOCUMENT.itemsize)
        self._words_file = _open(folder / "words.bin", self._flushed_words * 2)
        self._remove_all_but(state["runs"])
        self._next_run = 1 + max((int(name[:-4]) for name, _ in state["runs"]), default=0)
        self._clear()

    def _clear(self) -> None:
        self._new: list[tuple[Seen, Words]] = []
        self._new_keys: dict[int, int | list[int]] = {}  # one number is no list: most keys are of one document

    def __len__(self) -> int:
        return self._flushed + len(self._new)

    def add(self, words: Words, tag: int, version: int, facts: int = 0, keys: Keys | None = None) -> None:
        """Add a document. *keys* are those of its *words*, if the caller has them already."""
        number = len(self)
        new_keys = self._new_keys
        for key in (keys_of(words) if keys is None else keys).tolist():
            before = new_keys.setdefault(key, number)
            if isinstance(before, list):
                before.append(number)
            elif before != number:
                new_keys[key] = [before, number]
        self._new.append((Seen(tag, version & _MOST_VERSION, words.size, facts), words))

    def last(self) -> Seen | None:
        """Return the document that was added last."""
        return self._document(len(self) - 1)[0] if len(self) else None

    @property
    def is_full(self) -> bool:
        """Whether so many documents wait in memory that it is time to :meth:`flush`."""
        return len(self._new) >= FLUSH_DOCUMENTS

    def alike(
        self, words: Words, threshold: float, counts: Callable[[Seen], bool], keys: Keys | None = None
    ) -> list[tuple[Seen, float]]:
        """Return the documents that are like *words* by *threshold* or more, and how alike, the most alike first.

        Only those count for which *counts* says so. Of two that are equally alike, the one added first comes first.
        """
        found: list[tuple[float, int, Seen]] = []
        likeness: Likeness | None = None
        for number in self._candidates(keys_of(words) if keys is None else keys):
            seen, offset = self._document(number)
            # A text that is much longer or shorter cannot be alike enough, whatever it says.
            if 2 * min(seen.words, words.size) < threshold * (seen.words + words.size) or not counts(seen):
                continue
            likeness = likeness or Likeness(words)
            similarity = likeness.to(self._words(number, offset, seen.words))
            if similarity >= threshold:
                found.append((-similarity, number, seen))
        return [(seen, -similarity) for similarity, _, seen in sorted(found)]

    def _candidates(self, keys: Keys) -> list[int]:
        """Return the numbers of documents that share keys, those that share most first."""
        needles = needles_of(keys)
        ranges = [run.ranges(needles) for run in self._runs]
        new = [(at, found) for at, key in enumerate(keys.tolist()) if (found := self._new_keys.get(key)) is not None]
        lengths = [0] * keys.size
        for at, numbers in new:
            lengths[at] = 1 if isinstance(numbers, int) else len(numbers)
        for found_here in ranges:
            for at, begin, end in found_here:
                lengths[at] += end - begin
        taken = _rarest(lengths)
        gathered: list[int] = []
        for at, numbers in new:
            if at in taken:
                gathered += (numbers,) if isinstance(numbers, int) else numbers
        pieces = [
            run.entries[begin:end]
            for run, found_here in zip(self._runs, ranges, strict=True)
            for at, begin, end in found_here
            if at in taken
        ]
        if pieces:
            gathered += np.concatenate(pieces).astype(np.uint32).tolist()
        counts = Counter(gathered)
        if max(counts.values(), default=0) < _SHARED_KEYS:
            return []
        shared = [(-count, number) for number, count in counts.items() if count >= _SHARED_KEYS]
        return [number for _, number in sorted(shared)[:_MOST_COMPARED]]

    def _document(self, number: int) -> tuple[Seen, int]:
        if number >= self._flushed:
            return self._new[number - self._flushed][0], 0
        raw = os.pread(self._documents_file, _DOCUMENT.itemsize, number * _DOCUMENT.itemsize)
        tag, offset, words, version, facts = np.frombuffer(raw, _DOCUMENT)[0].item()
        return Seen(tag, version, words, facts), offset

    def _words(self, number: int, offset: int, length: int) -> Words:
        if number >= self._flushed:
            return self._new[number - self._flushed][1]
        return np.frombuffer(os.pread(self._words_file, 2 * length, 2 * offset), np.uint16)

    def flush(self, mark: dict[str, Any]) -> None:
        """Make all that was added durable, with *mark*; merge runs that are due."""
        if self._new:
            documents = np.empty(len(self._new), _DOCUMENT)
            offset = self._flushed_words
            for at, (seen, words) in enumerate(self._new):
                documents[at] = (seen.tag, offset, words.size, seen.version, seen.facts)
                offset += words.size
            _append(self._words_file, np.concatenate([words for _, words in self._new]), 2 * self._flushed_words)
            _append(self._documents_file, documents, self._flushed * _DOCUMENT.itemsize)
            self._flushed_words = offset
            self._flushed += len(self._new)
            entries = self._new_entries()
            self._clear()
            if entries.size:
                path = self._new_path()
                write_run(path, entries)
                self._runs.append(Run(path, entries.size))
                self._merge()
        self.mark = mark
        runs = [(run.path.name, run.entries.size) for run in self._runs]
        state = {"version": VERSION, "documents": self._flushed, "words": self._flushed_words, "runs": runs}
        _replace(self._folder / "state.json", orjson.dumps({**state, "mark": mark}))
        self._remove_all_but(runs)

    def _new_entries(self) -> Entries:
        lists = [[found] if isinstance(found, int) else found for found in self._new_keys.values()]
        keys = np.repeat(np.fromiter(self._new_keys, np.uint64, len(lists)), [len(numbers) for numbers in lists])
        entries = keys << np.uint64(32) | np.fromiter(chain.from_iterable(lists), np.uint64, keys.size)
        entries.sort()
        return cast("Entries", entries)

    def _merge(self) -> None:
        """Merge the last runs into one while they are :data:`FAN_IN` of one level; a run is shorter than its elders."""
        while len(self._runs) >= FAN_IN and self._level(-FAN_IN) <= self._level(-1):
            path = self._new_path()
            entries = merge_runs(path, self._runs[-FAN_IN:])
            self._runs[-FAN_IN:] = [Run(path, entries)]

    def _level(self, at: int) -> int:
        return int(np.log2(max(1, self._runs[at].entries.size / (FLUSH_DOCUMENTS * KEYS))) / np.log2(FAN_IN) + 0.5)

    def _new_path(self) -> Path:
        path = self._folder / f"{self._next_run:06d}.run"
        self._next_run += 1
        return path

    def _remove_all_but(self, runs: list[Any]) -> None:
        names = {name for name, _ in runs}
        for path in self._folder.glob("*.run"):
            if path.name not in names:
                path.unlink()

    def close(self) -> None:
        """Close the files. What was added since the last :meth:`flush` is lost."""
        os.close(self._documents_file)
        os.close(self._words_file)
        self._runs.clear()


def _rarest(lengths: list[int]) -> set[int]:
    """Return the numbers of the keys that fewest documents have, of :data:`_MOST_ENTRIES` in all."""
    if sum(lengths) <= _MOST_ENTRIES:
        return set(range(len(lengths)))
    taken: set[int] = set()
    room = _MOST_ENTRIES
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        room -= lengths[at]
        if room < 0 and len(taken) >= _SHARED_KEYS:
            break
        taken.add(at)
    return taken


def _read_state(folder: Path) -> dict[str, Any]:
    """Return the state of the index in *folder*; raise ``CorpusDamaged`` if it is none, or not of its files."""
    path = folder / "state.json"
    try:
        state = orjson.loads(path.read_bytes())
        runs = [(str(name), int(entries)) for name, entries in state["runs"]]
        documents, words = int(state["documents"]), int(state["words"])
        version, mark = state["version"], state["mark"]
    except (orjson.JSONDecodeError, TypeError, ValueError, KeyError) as error:
        raise CorpusDamaged(str(path), f"it is not the state of an index ({error!r})") from error
    if version != VERSION:
        raise CorpusDamaged(str(path), f"it is of an index of version {version}, this is {VERSION}")
    for name, size in (("documents.bin", documents * _DOCUMENT.itemsize), ("words.bin", words * 2)):
        if (folder / name).stat().st_size < size:
            raise CorpusDamaged(str(folder / name), f"it has less than the {size} bytes that it should have")
    return {"runs": runs, "documents": documents, "words": words, "mark": mark if isinstance(mark, dict) else None}


def _open(path: Path, size: int) -> int:
    """Open *path* and cut off what is beyond *size*."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    os.ftruncate(descriptor, size)
    return descriptor


def _append(descriptor: int, data: NDArray[Any], offset: int) -> None:
    view = memoryview(data.tobytes())
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
    os.fdatasync(descriptor)


def _replace(path: Path, data: bytes) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
