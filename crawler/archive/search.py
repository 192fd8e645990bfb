"""Full-text search of a corpus: ranked, filtered, in any spelling, with snippets of what was written."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crawler.archive.index import CaughtUp, open_index, remove_index
from crawler.archive.query import Term, expression, parse
from crawler.archive.selection import Selection
from crawler.archive.snippets import Snippet, snippet

_TITLE_WEIGHT = 6.0
"""A word in the title counts as much as so many in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A record that was found. ``score`` is greater for a better one."""

    key: str
    version: int
    kind: str | None
    language: str | None
    published: str | None
    url: str | None
    score: float
    title: Snippet
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the best ``hits`` of ``total``, and what was done to the index before."""

    hits: list[Hit]
    total: int
    caught_up: CaughtUp


def search(
    root: Path,
    question: str,
    selection: Selection,
    *,
    limit: int = 10,
    on_bytes: Callable[[int, int], None] = lambda _read, _total: None,
) -> Found:
    """Return the *limit* best records of *selection* in the corpus at *root* that have all words of *question*.

    Only the latest version of a key in articles/ is found. *on_bytes* is told how far the index has caught up.
    Raises ``ConfigError`` for a *question* without words, ``CorpusError`` if there is no corpus or no room.
    """
    terms = parse(question)
    try:
        return _search(root, terms, selection, limit, on_bytes)
    except sqlite3.DatabaseError as error:  # its pages are damaged where catching up did not look
        remove_index(root)
        found = _search(root, terms, selection, limit, on_bytes)
        found.caught_up.anew = f"it was damaged ({error})"
        return found


def _search(
    root: Path, terms: list[Term], selection: Selection, limit: int, on_bytes: Callable[[int, int], None]
) -> Found:
    connection, caught_up = open_index(root, on_bytes)
    condition, parameters = selection.where("d")
    matching = f"FROM words JOIN documents d ON d.id = words.rowid WHERE words MATCH :match AND {condition}"
    values = {"match": expression(terms), "limit": limit, **parameters}
    with closing(connection):
        (total,) = connection.execute(f"SELECT count(*) {matching}", values).fetchone()
        rows = connection.execute(
            "SELECT d.key, d.version, d.kind, d.language, d.published, d.url, -score, d.title, o.text"  # noqa: S608
            f" FROM (SELECT words.rowid AS id, bm25(words, {_TITLE_WEIGHT}, 1.0) AS score {matching}"
            "  ORDER BY score, d.published DESC, d.key LIMIT :limit)"
            " JOIN documents d USING (id) JOIN originals o USING (id) ORDER BY score, d.published DESC, d.key",
            values,
        )
        return Found([_hit(row, terms) for row in rows], total, caught_up)


def _hit(
    row: tuple[str, int, str | None, str | None, str | None, str | None, float, str, bytes], terms: list[Term]
) -> Hit:
    key, version, kind, language, published, url, score, title, text = row
    return Hit(
        key=key,
        version=version,
        kind=kind,
        language=language,
        published=published,
        url=url,
        score=round(score, 4),
        title=snippet(title, terms, words=len(title)),
        snippet=snippet(zlib.decompress(text).decode(), terms),
    )
