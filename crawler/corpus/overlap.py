"""Which texts of a corpus are, or nearly are, in others: corpora, JSON lines, Parquet, of any size.

The join is one of MinHash bands, cut by the inputs of the others: the sketches of this corpus are written once, as the
index that also finds near duplicates (:class:`~crawler.dedupe.NearIndex`), and every worker looks the texts of its
input up in it. So what is found does not depend on who looks, in which order; and of the others nothing is kept.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from crawler.archive.reading import read_catalogue
from crawler.archive.segments import read_lines, segment_paths
from crawler.batch.folders import folder_at
from crawler.batch.parts import PartDone, Parts, PartTask
from crawler.batch.pool import BatchPool
from crawler.batch.work import DEFAULT_RETRIES, Report
from crawler.corpus.lines import selected_lines
from crawler.corpus.selection import Selection
from crawler.dedupe import MIN_WORDS, NearIndex, Sketch, words_of
from crawler.exceptions import ConfigError, CorpusDamaged, SeedError
from crawler.frontier.targets import target_id
from crawler.inputs import is_remote, shown
from crawler.seeds.containers import STDIN, STREAM_ERRORS, parts_of
from crawler.seeds.documents import DocumentReader
from crawler.seeds.sources import MAX_PAGE_BYTES, check_paths, expand
from crawler.writable import json_of

INDEX_NAME = "index"
_ENDING = ".jsonl"
_FAMILY = "articles"
_CORPUS_MARK = "corpus.json"
_SIMILARITY_DIGITS = 4
_MAX_ERRORS = 100


class OtherFile(NamedTuple):
    """A file of others: of *other*, as the user named it; a segment of a corpus, or any file with texts."""

    other: str
    file: str
    is_segment: bool


class OverlapMatch(NamedTuple):
    """A text of ours, *key*, in *other*: the best *similarity*, where that text is, how many *texts* are similar."""

    key: str
    other: str
    similarity: float
    file: str
    place: str
    their_key: str | None
    url: str | None
    texts: int


class Compared(NamedTuple):
    """What came of a comparison: how many texts of ours and theirs, errors for people, and inputs that failed."""

    ours: int
    theirs: int
    errors: list[str]
    failed: list[str]


def pieces_of(others: Iterable[str]) -> Iterator[OtherFile]:
    """Yield the files of *others*: the segments of a corpus, otherwise the files that a path, glob or URL names."""
    for other in others:
        if not is_remote(other) and (Path(other) / _CORPUS_MARK).is_file():
            for path in segment_paths(Path(other), _FAMILY):
                yield OtherFile(other, str(path), is_segment=True)
        elif other == STDIN:
            raise ConfigError("-: texts are compared from files, which can be read again")
        elif other.startswith(("http://", "https://")) and not PurePosixPath(urlsplit(other).path).suffix:
            raise ConfigError(
                f"{other}: it names no file; give a corpus as a folder of this machine (corpus merge fetches it)"
            )
        else:
            check_paths([other])
            for file in expand(other):
                yield OtherFile(other, file, is_segment=False)


def build_index(root: Path, folder: Path) -> tuple[str, int]:
    """Write the sketches of the corpus at *root* to the index in *folder*; return its identity, and how many texts.

    What stands there is used if it is of the same lines. Texts of fewer than MIN_WORDS words have no sketch.
    """
    with read_catalogue(root) as catalogue:
        ends = catalogue.execute("SELECT name, bytes FROM segments ORDER BY name").fetchall()
    identity = hashlib.sha256(repr(ends).encode()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    with closing(NearIndex(folder)) as index:
        if index.mark == {"of": identity}:
            return identity, len(index)
        if len(index):
            raise _StaleIndexError
        with selected_lines(root, Selection(), family=_FAMILY) as lines:
            for line in lines:
                sketch = _sketch(line.record.get("text"))
                if sketch is not None:
                    index.add(sketch, target_id(line.record["key"]), int(line.record["version"]))
                    if index.is_full:
                        index.flush({"of": None})
        index.flush({"of": identity})
        return identity, len(index)


class _StaleIndexError(Exception):
    """The index is of other lines, or was cut short by a kill."""


def _sketch(text: str | None) -> Sketch | None:
    words = words_of(text or "")
    return Sketch(words, text or "") if words.size >= MIN_WORDS else None


def overlap_part(
    folder: str, identity: str, threshold: float, piece: OtherFile, out: IO[bytes], report: Report
) -> dict[str, Any]:
    """Write what of *piece* is similar to a text in the index in *folder*: tag, similarity, place, key and URL."""
    errors: list[str] = []
    more = texts = 0

    def complain(error: SeedError) -> None:
        nonlocal more
        if len(errors) < _MAX_ERRORS:
            errors.append(str(error))
        else:
            more += 1

    with closing(NearIndex(Path(folder))) as index:
        if index.mark != {"of": identity}:
            raise ConfigError(f"{folder}: the index of this corpus is not there; all workers must see this folder")
        for text, place, key, url in _texts(piece, complain, report):
            texts += 1
            sketch = _sketch(text)
            if sketch is None:
                continue
            for seen, similarity in index.find_similar(sketch, threshold, lambda _seen: True):
                out.write(orjson.dumps([seen.tag, round(similarity, _SIMILARITY_DIGITS), place, key, url]) + b"\n")
    return {"texts": texts, "errors": errors, "more_errors": more}


def _texts(piece: OtherFile, complain: Any, report: Report) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Yield each text of *piece*, its place, key and URL."""
    if piece.is_segment:
        try:
            for offset, raw in read_lines(Path(piece.file)):
                report(offset)
                try:
                    record = orjson.loads(raw)
                    yield record["text"] or "", f"offset {offset}", str(record["key"]), record["url"]
                except (ValueError, KeyError, TypeError):
                    complain(SeedError(piece.file, f"the line at offset {offset} is no record"))
        except CorpusDamaged as error:
            complain(SeedError(piece.file, str(error)))
        return
    reader = DocumentReader(complain, MAX_PAGE_BYTES, MAX_PAGE_BYTES, progress=report)
    name = shown(piece.file)
    try:
        for part in parts_of(piece.file, complain):
            if part.kind == "archive":
                complain(SeedError(part.name, "a web archive holds pages, no texts: crawl it with SOURCE=warc: first"))
                continue
            for document in reader.documents(part):
                place = f"line {document.line}" if document.line else f"offset {document.offset}"
                yield document.text, place if part.name == name else f"{part.name} {place}", None, document.url
    except SeedError as error:
        complain(error)
    except STREAM_ERRORS as error:
        complain(SeedError(name, f"cannot be read to its end ({error})"))


class CorpusOverlap:
    """Compares the corpus at *root* with *others*; the parts, and the index of this corpus, stand in *place*."""

    def __init__(self, root: Path, others: Sequence[str], threshold: float, place: Path) -> None:
        self._root, self._others, self._threshold, self._place = root, others, threshold, place
        self.matches: dict[tuple[str, str], OverlapMatch] = {}
        """The best match of each text of ours in each of *others*."""

    def compare(self, pool: BatchPool, *, retries: int = DEFAULT_RETRIES, on_progress: Any) -> Compared:
        """Compare, and fill ``matches``. Raises ``CorpusError``, ``ConfigError``, ``SeedError``, ``ClusterGone``."""
        pieces = list(pieces_of(self._others))
        folder = self._place / INDEX_NAME
        with folder_at(str(self._place)).held():
            identity, ours = _fresh_index(self._root, folder)
        total = sum(_size(piece.file) for piece in pieces)
        theirs, errors, failed = 0, list[str](), list[str]()
        job = partial(overlap_part, str(folder), identity, self._threshold)
        parts = Parts(str(self._place), _ENDING, job)
        with ExitStack() as stack:
            stack.enter_context(parts.opened(restart=True))
            keys = stack.enter_context(read_catalogue(self._root))
            tasks = (_task(parts, piece) for piece in pieces)
            for done in parts.make(pool, tasks, retries=retries, on_progress=lambda count: on_progress(count, total)):
                if done.result is None:
                    failed.append(f"{done.task.shown}: {done.failed}")
                    continue
                theirs += done.result["texts"]
                errors += done.result["errors"]
                self._take(parts, done, keys)
        return Compared(ours, theirs, errors, failed)

    def _take(self, parts: Parts, done: PartDone, catalogue: Any) -> None:
        """Take in what was found in one piece: the most similar text of each, the first if there are several."""
        piece: OtherFile = done.task.input
        with parts.open(done) as lines:
            for line in lines:
                tag, similarity, place, their_key, url = orjson.loads(line)
                row = catalogue.execute("SELECT key FROM targets WHERE tid = ?", (tag,)).fetchone()
                if row is None:
                    continue
                found = OverlapMatch(str(row[0]), piece.other, similarity, shown(piece.file), place, their_key, url, 1)
                held = self.matches.get((found.key, found.other))
                if held is not None:
                    best = found if found.similarity > held.similarity else held
                    found = best._replace(texts=held.texts + 1)
                self.matches[found.key, found.other] = found

    def discard(self, compared: Compared) -> None:
        """Remove the folder of parts, unless inputs failed: the same command tries only them again."""
        if not compared.failed:
            shutil.rmtree(self._place, ignore_errors=True)

    def write(self, out: IO[bytes]) -> None:
        """Write a line of JSON for each match, in the order of keys."""
        for _, match in sorted(self.matches.items()):
            out.write(json_of(match._asdict()) + b"\n")


def _fresh_index(root: Path, folder: Path) -> tuple[str, int]:
    try:
        return build_index(root, folder)
    except _StaleIndexError:
        shutil.rmtree(folder)
        return build_index(root, folder)


def _task(parts: Parts, piece: OtherFile) -> PartTask:
    if is_remote(piece.file):
        return PartTask(piece, parts.name(*piece), shown(piece.file))
    status = Path(piece.file).stat()
    return PartTask(piece, parts.name(*piece, status.st_size, status.st_mtime_ns), piece.file, status.st_size)


def _size(file: str) -> int:
    return 0 if is_remote(file) else Path(file).stat().st_size
