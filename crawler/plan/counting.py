"""Counts what a crawl would request: from the targets that its seeds name, and from the frontier of its corpus."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from crawler.archive.description import describe, is_corpus
from crawler.archive.reading import has_catalogue
from crawler.archive.repair import CATALOGUE_NAME
from crawler.archive.schema import STATEMENTS
from crawler.exceptions import CorpusError
from crawler.frontier.targets import Target, target_id
from crawler.frontier.visits import Due
from crawler.sqlite import connect_to_read

_ROWS_AT_ONCE = 10_000
_TABLES = (
    "CREATE TEMP TABLE named (tid INTEGER PRIMARY KEY, depth INTEGER NOT NULL, pic TEXT)",
    "CREATE TEMP TABLE wanted (tid INTEGER PRIMARY KEY, depth INTEGER NOT NULL, pic TEXT)",
    # Targets without the leases of a run that was stopped, or that still crawls.
    """CREATE TEMP VIEW known AS SELECT tid, depth, pic,
       CASE state WHEN 'leased' THEN coalesce(home, 'pending') ELSE state END AS state FROM targets""",
)
_PICTURES_TO_REQUEST = (
    "SELECT DISTINCT pic FROM wanted WHERE pic IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pictures"
    " WHERE name = pic AND status IN ('stored', 'missing', 'refused', 'skipped'))"
)
NEW = "new"
"""The state of an article that the corpus does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlScope:
    """Which targets a crawl requests: up to *depth* steps from the seeds (None: as far as earlier crawls went).

    ``retries_failed`` and ``retries_dropped``: also targets in these states. ``due``: also archived articles that are
    due, but no news published before *published_since* (ISO 8601). ``max_articles`` is the most that are requested.
    """

    depth: int | None
    retries_failed: bool = True
    retries_dropped: bool = False
    due: Due | None = None
    published_since: str | None = None
    max_articles: int | None = None


class Planned(NamedTuple):
    """What a spider would do: its scope, the targets that its arguments name, and how many seeds are feeds by URL.

    ``captures`` counts the captures that it may request from each archive instead of the site; it is filled while the
    targets are read. None: the site is asked first.
    """

    scope: CrawlScope
    targets: Iterable[Target] = ()
    live_seeds: int = 0
    captures: Counter[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Means of the corpus: bytes of an article's line and of a picture, pictures of an article. None: it has none."""

    line_bytes: float | None
    picture_bytes: float | None
    pictures_of_article: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a crawl would request.

    ``named`` are the articles that the seeds name, by their state in the corpus (``new``: unknown there); ``waiting``
    are other targets of the frontier, ``due`` archived ones to recheck. ``articles`` are all to request; pages add more
    if *is_lower_bound*. ``pictures`` are those that dumps name for them and the corpus lacks.
    """

    named: dict[str, int]
    waiting: int
    due: int
    articles: int
    is_lower_bound: bool
    pictures: int
    sizes: Sizes


class Census:
    """The targets of a corpus and those that seeds name. Made by :func:`census`."""

    def __init__(self, connection: sqlite3.Connection, reached_depth: int) -> None:
        self._connection = connection
        self._reached_depth = reached_depth
        for statement in _TABLES:
            connection.execute(statement)

    def name(self, targets: Iterable[Target]) -> None:
        """Add *targets* that seeds name; each counts once, as near to the seeds as it is named."""
        more = iter(targets)
        while part := list(islice(more, _ROWS_AT_ONCE)):
            self._connection.executemany(
                "INSERT INTO named VALUES (?, ?, ?) ON CONFLICT (tid) DO UPDATE SET"
                " depth = min(depth, excluded.depth), pic = coalesce(pic, excluded.pic)",
                [(target_id(one.key), one.depth, one.pic) for one in part],
            )

    def count(self, scope: CrawlScope) -> Counts:
        """Return what a crawl of *scope* would request. Call it once, after all targets are named."""
        depth = self._reached_depth if scope.depth is None else scope.depth
        states = ["pending"] + ["failed"] * scope.retries_failed + ["dropped"] * scope.retries_dropped
        named = self._rows(
            "SELECT coalesce(state, ?), count(*) FROM named LEFT JOIN known USING (tid)"
            " WHERE named.depth <= ? GROUP BY 1 ORDER BY 1",
            NEW,
            depth,
        )
        self._want(
            "SELECT tid, min(named.depth, coalesce(known.depth, named.depth)), coalesce(known.pic, named.pic)"
            " FROM named LEFT JOIN known USING (tid) WHERE named.depth <= ?"
            " AND (state IS NULL OR state IN (SELECT value FROM json_each(?)))",
            depth,
            json.dumps([*states, "seed"]),
        )
        waiting = self._want(
            "SELECT tid, depth, pic FROM known WHERE depth <= ? AND state IN (SELECT value FROM json_each(?))",
            depth,
            json.dumps(states),
        )
        due = self._want_due(scope)
        ((wanted, shallow),) = self._rows("SELECT count(*), coalesce(sum(depth < ?), 0) FROM wanted", depth)
        articles = wanted if scope.max_articles is None else min(wanted, scope.max_articles)
        self._connection.execute(
            "DELETE FROM wanted WHERE tid NOT IN (SELECT tid FROM wanted ORDER BY depth, tid LIMIT ?)", (articles,)
        )
        return Counts(
            named=dict(named),
            waiting=waiting,
            due=due,
            articles=articles,
            is_lower_bound=shallow > 0 and articles == wanted,
            pictures=sum(1 for _ in self.pictures()),
            sizes=self._sizes(),
        )

    def pictures(self) -> Iterator[str]:
        """Yield the pictures that dumps name for the articles to request, and that the corpus lacks."""
        yield from (pic for (pic,) in self._connection.execute(_PICTURES_TO_REQUEST))

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, values).fetchall()

    def _want(self, query: str, *values: Any) -> int:
        """Add to the articles to request those of *query* that are not there yet; return how many."""
        statement = f"INSERT OR IGNORE INTO wanted {query}"
        return self._connection.execute(statement, values).rowcount

    def _want_due(self, scope: CrawlScope) -> int:
        if scope.due is None:
            return 0
        if scope.due.checked_before is not None:
            return self._want(
                "SELECT tid, depth, NULL FROM visits JOIN known USING (tid) WHERE checked <= ?"
                " AND state IN ('fetched', 'gone', 'failed', 'dropped')",
                scope.due.checked_before,
            )
        return self._want(
            "SELECT tid, depth, NULL FROM visits JOIN known USING (tid) WHERE due <= ?"
            " AND state IN ('fetched', 'gone', 'failed') AND NOT EXISTS (SELECT 1 FROM records"
            " WHERE records.tid = visits.tid AND kind = 'article' AND published < ?)",
            scope.due.now,
            scope.published_since or "",
        )

    def _sizes(self) -> Sizes:
        ((articles, line_bytes),) = self._rows("SELECT count(*), avg(length) FROM records WHERE kind = 'article'")
        ((stored, picture_bytes),) = self._rows("SELECT count(*), avg(bytes) FROM pictures WHERE status = 'stored'")
        return Sizes(
            line_bytes=line_bytes,
            picture_bytes=picture_bytes,
            pictures_of_article=stored / articles if articles else None,
        )


@contextmanager
def census(root: Path) -> Iterator[Census]:
    """Open a census of the corpus at *root*, which need not exist; nothing is written there, not even by SQLite.

    Raises ``CorpusError`` if there is a corpus that cannot be read as it is.
    """
    if not is_corpus(root):
        with closing(sqlite3.connect(":memory:")) as connection:
            for statement in STATEMENTS:
                connection.execute(statement)
            yield Census(connection, 0)
        return
    description = describe(root)
    if not has_catalogue(root):
        raise CorpusError(str(root), "its catalogue is of another version or damaged; scrapy corpus repair rebuilds it")
    with closing(connect_to_read(root / CATALOGUE_NAME, leave_no_trace=True)) as connection:
        query = "SELECT coalesce(max(depth), 0) FROM targets WHERE state NOT IN ('pending', 'seed')"
        depth = description.get("depth")
        yield Census(connection, int(connection.execute(query).fetchone()[0] if depth is None else depth))
