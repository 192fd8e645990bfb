"""The index of near duplicates: persistent and incremental, at nearly the same cost for thousands or millions.

Its folder holds, for documents numbered from 0 as they were added:

* ``words.bin``: the words of all documents (:mod:`crawler.dedupe.words`), 2 bytes each;
* ``documents.bin``: for each document where its words are, and the tag and the facts that it was added with;
* ``*.run``: the keys of the documents (:mod:`crawler.dedupe.runs`), 9 to 10 bytes a key;
* ``state.json``: how much of these files counts, and the *mark* of the caller: how far it has come.

New documents wait in memory and become durable together, :data:`FLUSH_DOCUMENTS` at a time or when :meth:`flush` is
called. ``state.json`` is replaced after all other files are written. So a kill at any instant leaves the index as it
was after some flush, with the mark of that flush; the next opening cuts off later bytes.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from crawler.dedupe.newest import Newest
from crawler.dedupe.runs import FAN_IN, MAX_ENTRIES_PER_KEY, NUMBER, Entries, SortedRun, merge_runs, write_at, write_run
from crawler.dedupe.shingles import KEYS_PER_TEXT, SHINGLE_CHARACTERS, SHINGLE_WORDS
from crawler.dedupe.sketch import Sketch
from crawler.dedupe.words import FOLDING, MIN_WORDS, Words
from crawler.exceptions import CorpusDamaged

VERSION = f"3.{FOLDING}.{SHINGLE_WORDS}.{SHINGLE_CHARACTERS}.{KEYS_PER_TEXT}.{MIN_WORDS}"
"""The version of the files of an index; files of another version are discarded."""
FLUSH_DOCUMENTS = 8192

_MIN_SHARED_RARE_KEYS = 2
"""A document becomes a candidate if it shares this many keys of fewer than :data:`MAX_ENTRIES_PER_KEY` documents.
Two unrelated texts seldom share more than one."""
_MIN_SHARED_KEYS = 4
"""Or if it is the last one that shares this many keys, rare or not: common phrases and boilerplate have common keys,
and so has a story that was often repeated."""
_MAX_COMPARED = 8
"""Candidates that are compared word by word: those that share most keys."""
_NO_NUMBERS = np.arange(KEYS_PER_TEXT, dtype=np.uint64) + NUMBER
_DOCUMENT = np.dtype([("tag", "<i8"), ("version", "<u2"), ("words", "<u4"), ("facts", "<u2"), ("offset", "<u8")])
_MAX_VERSION = 0xFFFF


class IndexedText(NamedTuple):
    """A document of the index: *tag* and *version* identify its text.

    *words* is its length in words, *facts* are the caller's.
    """

    tag: int
    version: int
    words: int
    facts: int


class NearIndex:
    """The index in *folder*, created if needed. One thread of one process at a time may use it.

    ``mark`` is None in a new index. An index of another version, or a damaged one, is replaced by a new one.
    Raises ``OSError`` if it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        try:
            state = _read_state(folder)
            self._runs = [SortedRun(folder / name, entries) for name, entries in state["runs"]]
        except (CorpusDamaged, FileNotFoundError):
            state, self._runs = {"documents": 0, "words": 0, "runs": [], "mark": None}, []
        self.mark: dict[str, Any] | None = state["mark"]
        self._flushed: int = state["documents"]
        self._flushed_words: int = state["words"]
        self._documents_file = _open(folder / "documents.bin", self._flushed * _DOCUMENT.itemsize)
        self._words_file = _open(folder / "words.bin", self._flushed_words * 2)
        self._remove_all_but(state["runs"])
        self._next_run = 1 + max((int(name[:-4]) for name, _ in state["runs"]), default=0)
        self._new: list[tuple[IndexedText, Words, Entries]] = []
        self._newest = Newest()

    def __len__(self) -> int:
        return self._flushed + len(self._new)

    def add(self, sketch: Sketch, tag: int, version: int, facts: int = 0) -> None:
        """Add a document."""
        self._newest.add(sketch.keys, len(self))
        seen = IndexedText(tag, version & _MAX_VERSION, sketch.words.size, facts)
        self._new.append((seen, sketch.words, sketch.keys))

    @property
    def is_full(self) -> bool:
        """Whether enough documents wait in memory for a :meth:`flush`."""
        return len(self._new) >= FLUSH_DOCUMENTS

    def find_similar(
        self, sketch: Sketch, threshold: float, counts: Callable[[IndexedText], bool]
    ) -> list[tuple[IndexedText, float]]:
        """Return the documents whose similarity to *sketch* is *threshold* or more, and the similarity, highest first.

        Only documents that *counts* accepts are returned, and no different reports of one form
        (:meth:`~crawler.dedupe.sketch.Sketch.is_another_report`). Of two with equal similarity, the one added first
        comes first.
        """
        found: list[tuple[float, int, IndexedText]] = []
        length = sketch.words.size
        for number in self._candidates(sketch.keys):
            seen, offset = self._document(number)
            # A text that is much longer or shorter cannot reach the threshold.
            if 2 * min(seen.words, length) < threshold * (seen.words + length) or not counts(seen):
                continue
            words = self._words(number, offset, seen.words)
            similarity, covered = sketch.overlap(words)
            if similarity >= threshold and not sketch.is_another_report(words, covered):
                found.append((-similarity, number, seen))
        return [(seen, -similarity) for similarity, _, seen in sorted(found)]

    def _candidates(self, keys: Entries) -> list[int]:
        """Return the numbers of documents that share enough keys; most shared keys first, then the newest first."""
        upper = keys | NUMBER
        windows = [run.windows(keys, upper) for run in self._runs]
        rows = np.concatenate([*windows, self._newest.windows(keys)], axis=1)  # from the oldest to the newest
        rows ^= keys[:, None]  # leaves only the number in entries of the key, and larger values in others
        at = (rows < NUMBER).ravel().nonzero()[0]
        places, numbers = at // rows.shape[1], rows.ravel().take(at)
        rare = numbers[np.bincount(places, minlength=1).take(places) < MAX_ENTRIES_PER_KEY]
        last = _NO_NUMBERS.copy()
        last[places] = numbers
        rare.sort()
        last.sort()
        if not _repeat(rare, _MIN_SHARED_RARE_KEYS) and not _repeat(last, _MIN_SHARED_KEYS):
            return []  # the usual case
        shared = _repeated(rare, _MIN_SHARED_RARE_KEYS) | _repeated(last, _MIN_SHARED_KEYS)
        most = sorted(((count, number) for number, count in shared.items()), reverse=True)[:_MAX_COMPARED]
        return [number for _, number in most if number < len(self)]  # others: damaged bytes

    def _document(self, number: int) -> tuple[IndexedText, int]:
        if number >= self._flushed:
            return self._new[number - self._flushed][0], 0
        raw = os.pread(self._documents_file, _DOCUMENT.itemsize, number * _DOCUMENT.itemsize)
        *seen, offset = np.frombuffer(raw, _DOCUMENT)[0].item()
        return IndexedText(*seen), offset

    def _words(self, number: int, offset: int, length: int) -> Words:
        if number >= self._flushed:
            return self._new[number - self._flushed][1]
        end = offset + length
        if end > self._flushed_words:  # damaged bytes
            return np.empty(0, np.uint16)
        return np.frombuffer(os.pread(self._words_file, 2 * length, 2 * offset), np.uint16)

    def flush(self, mark: dict[str, Any]) -> None:
        """Make all added documents durable, with *mark*; merge runs that are due."""
        if self._new:
            documents = np.zeros(len(self._new), _DOCUMENT)
            for field, values in zip(
                IndexedText._fields, zip(*(seen for seen, _, _ in self._new), strict=True), strict=True
            ):
                documents[field] = values
            offsets = np.cumsum(documents["words"], dtype=np.uint64)
            documents["offset"] = offsets - documents["words"] + np.uint64(self._flushed_words)
            _append(self._words_file, np.concatenate([words for _, words, _ in self._new]), 2 * self._flushed_words)
            _append(self._documents_file, documents, self._flushed * _DOCUMENT.itemsize)
            entries = self._new_entries()
            self._flushed_words += int(offsets[-1])
            self._flushed += len(self._new)
            self._new.clear()
            self._newest.clear()
            if entries.size:
                path = self._new_path()
                self._runs.append(SortedRun(path, write_run(path, entries)))
                self._merge()
        self.mark = mark
        runs = [(run.path.name, run.entries.size) for run in self._runs]
        state = {"version": VERSION, "documents": self._flushed, "words": self._flushed_words, "runs": runs}
        _replace(self._folder / "state.json", orjson.dumps({**state, "mark": mark}))
        self._remove_all_but(runs)

    def _new_entries(self) -> Entries:
        keys = [keys for _, _, keys in self._new]
        numbers = np.arange(self._flushed, len(self), dtype=np.uint64)
        entries = np.concatenate(keys) | np.repeat(numbers, [one.size for one in keys])
        entries.sort()
        return entries

    def _merge(self) -> None:
        """Merge the last runs so that there is at most one of each level.

        So there are few runs for any number of documents, and each entry is written only a few times per level.
        """
        sizes = [run.entries.size for run in self._runs]
        at, size = len(sizes) - 1, sizes[-1]
        while at and _level(sizes[at - 1]) <= _level(size):
            at -= 1
            size += sizes[at]
        if at < len(sizes) - 1:
            path = self._new_path()
            self._runs[at:] = [SortedRun(path, merge_runs(path, self._runs[at:]))]

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


def _level(entries: int) -> int:
    """Return the level of a run with *entries* entries: 0 for less than :data:`FAN_IN` flushes, and so on."""
    return int(math.log(max(1, entries / (FLUSH_DOCUMENTS * KEYS_PER_TEXT)), FAN_IN))


def _repeat(ascending: Entries, times: int) -> bool:
    """Return whether any number in *ascending* occurs at least *times* times."""
    return bool(np.count_nonzero(ascending[times - 1 :] == ascending[: 1 - times]))


def _repeated(numbers: Entries, times: int) -> Counter[int]:
    """Return the counts of those *numbers* that occur at least *times* times."""
    return Counter({number: count for number, count in Counter(numbers.tolist()).items() if count >= times})


def _read_state(folder: Path) -> dict[str, Any]:
    """Return the state of the index in *folder*; raise ``CorpusDamaged`` if it is invalid or does not fit the files."""
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
            raise CorpusDamaged(str(folder / name), f"it is shorter than the {size} bytes that it should have")
    return {"runs": runs, "documents": documents, "words": words, "mark": mark if isinstance(mark, dict) else None}


def _open(path: Path, size: int) -> int:
    """Open *path* and cut off the bytes beyond *size*."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    os.ftruncate(descriptor, size)
    return descriptor


def _append(descriptor: int, data: NDArray[Any], offset: int) -> None:
    write_at(descriptor, data, offset)
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
