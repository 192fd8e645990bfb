"""Counts listed captures: by month, kind and source, and the distinct articles, in bounded memory."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Literal, get_args

from crawler.captures.lines import CaptureLine
from crawler.frontier.targets import target_id
from crawler.sites import SiteProfile
from crawler.sites.captured import captured_id

CaptureKind = Literal["article", "picture", "other"]
KINDS: tuple[CaptureKind, ...] = get_args(CaptureKind)
_BATCH_ROWS = 500


def kind_of(line: CaptureLine, profile: SiteProfile | None) -> CaptureKind:
    """Return what *line* is a capture of, as the *profile* says; without one, no article is known as such."""
    if profile is not None and captured_id(profile, line.url) is not None:
        return "article"
    is_picture = (line.mime or "").startswith("image/") or (profile is not None and profile.pic(line.url) is not None)
    return "picture" if is_picture else "other"


class CaptureCounts:
    """Counts lines as they come. ``months`` and ``sources`` count by month (``2013-02``) or source, and kind."""

    def __init__(self, profile: SiteProfile | None) -> None:
        self._profile = profile
        self.captures = 0
        self.months: Counter[tuple[str, CaptureKind]] = Counter()
        self.sources: Counter[tuple[str, CaptureKind]] = Counter()
        self._articles = sqlite3.connect("")  # on disk, and deleted when it is closed
        self._articles.execute("CREATE TABLE articles (tid INTEGER PRIMARY KEY)")
        self._waiting: list[tuple[int]] = []

    def add(self, lines: Iterable[CaptureLine]) -> None:
        """Count *lines*."""
        profile = self._profile
        for line in lines:
            kind = kind_of(line, profile)
            self.captures += 1
            self.months[f"{line.timestamp[:4]}-{line.timestamp[4:6]}", kind] += 1
            self.sources[line.source, kind] += 1
            if kind == "article" and profile is not None:
                self._waiting.append((target_id(profile.key(captured_id(profile, line.url) or "")),))
                if len(self._waiting) >= _BATCH_ROWS:
                    self._flush()

    def kinds(self) -> dict[CaptureKind, int]:
        """Return how many captures there are of each kind."""
        return {kind: sum(n for (_, one), n in self.months.items() if one == kind) for kind in KINDS}

    def articles(self) -> int:
        """Return how many distinct articles there are captures of."""
        self._flush()
        return int(self._articles.execute("SELECT count(*) FROM articles").fetchone()[0])

    def held(self, catalogue: sqlite3.Connection) -> int:
        """Return how many of these articles a corpus holds, by its open *catalogue*."""
        query = "SELECT count(DISTINCT tid) FROM records WHERE kind = 'article' AND tid IN ({})"
        found = 0
        for tids in self._batches():
            marks = ", ".join("?" * len(tids))
            found += catalogue.execute(query.format(marks), tids).fetchone()[0]
        return found

    def close(self) -> None:
        """Delete the numbers of the articles."""
        self._articles.close()

    def _batches(self) -> Iterator[list[int]]:
        self._flush()
        with closing(self._articles.execute("SELECT tid FROM articles ORDER BY tid")) as rows:
            while batch := rows.fetchmany(_BATCH_ROWS):
                yield [tid for (tid,) in batch]

    def _flush(self) -> None:
        self._articles.executemany("INSERT OR IGNORE INTO articles VALUES (?)", self._waiting)
        self._waiting.clear()
