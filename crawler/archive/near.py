"""The index of near duplicates of a corpus (:mod:`crawler.dedupe`), filled from the lines of articles/.

It is in the folder ``near/`` and can be deleted: everything in it follows from the lines. Its mark says which line it
has read last; that line is always committed. Opening it (:meth:`~crawler.archive.writer.Corpus.find_near_duplicates`)
reads the lines that are missing after a kill, after the folder was lost, or after crawls without it.

It compares records of one kind whose texts have at least 20 words and that are in articles/. Earlier versions, and
records that have moved to duplicates/, are skipped when they are found.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from crawler.archive.catalogue import Catalogue
from crawler.archive.decision import Added, Duplicate, SimilarRecord, Worth, decide_similar
from crawler.archive.places import lines_from
from crawler.archive.segments import LinePlace, open_segment, segment_name, segment_paths
from crawler.dedupe import MIN_WORDS, IndexedText, NearIndex, Sketch, words_of
from crawler.exceptions import ConfigError, CorpusError
from crawler.frontier.targets import target_id
from crawler.items import Article

FOLDER = "near"
MIN_THRESHOLD = 0.3
"""Different reports on one event, and texts with much common boilerplate, can reach this similarity."""

_IS_SEED, _IS_DATED, _HAS_PICTURE = 1, 2, 4
_SURE_DATES = frozenset({"page", "metadata", "dump"})
_SIMILARITY_DIGITS = 4


def remove_near_index(root: Path) -> None:
    """Remove the index of the corpus at *root*; the next crawl that looks for near duplicates rebuilds it."""
    if not (root / FOLDER).is_symlink():
        shutil.rmtree(root / FOLDER, ignore_errors=True)


def near_threshold(value: object) -> float | None:
    """Return the setting NEAR_DUPLICATE_THRESHOLD: the least similarity of near duplicates, None if it is off.

    Raises ``ConfigError`` for a value that is neither 0 nor from 0.3 to 1.
    """
    try:
        threshold = float(str(value)) if value not in (None, "", "None", False) else 0.0
    except ValueError:
        threshold = -1.0
    if threshold == 0:
        return None
    if not MIN_THRESHOLD <= threshold <= 1:
        raise ConfigError(
            f"NEAR_DUPLICATE_THRESHOLD is {value!r}; give 0 (off) or from {MIN_THRESHOLD} to 1, such as 0.5"
        )
    return threshold


class NearDuplicates:
    """The index of the corpus at *root*, whose *catalogue* agrees with the lines; *threshold* is the least similarity.

    One thread at a time may use it. Raises ``OSError``, and ``CorpusError`` if the index is a symbolic link.
    """

    def __init__(self, root: Path, catalogue: Catalogue, threshold: float) -> None:
        self._root = root
        self._catalogue = catalogue
        self._threshold = threshold
        self._last: tuple[Article, Sketch] | None = None  # the record decided last is added next
        if (root / FOLDER).is_symlink():
            raise CorpusError(str(root), f"its {FOLDER}/ is a symbolic link; remove it")
        self._index = NearIndex(root / FOLDER)
        if self._index.mark is not None and not self._agrees(self._index.mark):
            self._index.close()
            shutil.rmtree(root / FOLDER)
            self._index = NearIndex(root / FOLDER)
        self._mark = self._index.mark or {"segment": "", "last": 0, "end": 0, "crc": 0}

    def decide(self, article: Article, version: int) -> Added | Duplicate:
        """Return what *article*, as *version* of its key, becomes, given the near duplicates of it."""
        sketch = self._sketch(article)
        if sketch.words.size < MIN_WORDS:
            return Added(version)
        facts, own = _facts(article), target_id(article.key)
        keys: dict[int, str] = {}

        def counts(seen: IndexedText) -> bool:
            if seen.tag == own or (seen.facts ^ facts) & _IS_SEED:
                return False
            key = self._catalogue.standing(seen.tag, seen.version)
            if key is not None:
                keys[seen.tag] = key
            return key is not None

        found = self._index.find_similar(sketch, self._threshold, counts)
        similar = [
            SimilarRecord(keys[seen.tag], round(similarity, _SIMILARITY_DIGITS), _worth(seen.words, seen.facts))
            for seen, similarity in found
        ]
        return decide_similar(_worth(sketch.words.size, facts), similar, version)

    def take(self, article: Article, version: int, place: LinePlace, line: bytes) -> None:
        """Add *article*, whose *line*, in articles/, is at *place*."""
        sketch = self._sketch(article)
        if sketch.words.size >= MIN_WORDS:
            self._index.add(sketch, target_id(article.key), version, _facts(article))
        end = place.offset + place.length
        self._mark = {"segment": place.segment, "last": place.offset, "end": end, "crc": crc32(line)}

    def committed(self) -> None:
        """Make the added records durable, if it is time to. The caller has committed all of them."""
        if self._index.is_full:
            self._index.flush(self._mark)

    def close(self, *, keep: bool) -> None:
        """Close the index; with *keep*, the added records become durable: the caller has committed all of them."""
        if keep:
            self._index.flush(self._mark)
        self._index.close()

    def unread(self) -> Iterator[tuple[LinePlace, bytes]]:
        """Yield the lines of articles/ that the catalogue has read and this index has not; some may not be intact."""
        ends, begun = self._catalogue.segments(), self._mark
        for path in segment_paths(self._root, "articles"):
            name = segment_name(path)
            if name < begun["segment"]:
                continue
            start = begun["end"] if name == begun["segment"] else 0
            yield from lines_from(self._root, name, start, ends.get(name, (0, 0))[0])

    def _sketch(self, article: Article) -> Sketch:
        if self._last is None or self._last[0] is not article:
            text = (article.text if article.kind != "stub" else None) or ""
            self._last = article, Sketch(words_of(text), text)
        return self._last[1]

    def _agrees(self, mark: dict[str, object]) -> bool:
        """Return whether the line that was read last is there. A compressed segment is closed and never changes."""
        segment, last, end, crc = (mark.get(name) for name in ("segment", "last", "end", "crc"))
        if not isinstance(last, int) or not isinstance(end, int):
            return False
        if segment == "":
            return True
        path = next((path for path in segment_paths(self._root, "articles") if segment_name(path) == segment), None)
        if path is None:
            return False
        if path.suffix != ".jsonl":
            return True
        with open_segment(path) as file:
            return file.seek(last) == last and crc32(file.read(end - last)) == crc


def _facts(article: Article) -> int:
    return (
        _IS_SEED * (article.kind == "seed")
        | _IS_DATED * (article.published is not None and article.published_from in _SURE_DATES)
        | _HAS_PICTURE * any(image.status == "stored" for image in article.images)
    )


def _worth(words: int, facts: int) -> Worth:
    return Worth(words, bool(facts & _IS_DATED), bool(facts & _HAS_PICTURE))
