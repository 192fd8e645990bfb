"""Full-text search of a corpus: ranked, filtered, in any spelling, with snippets of the original text."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crawler.corpus.search.index import CaughtUp, document_crc, open_index
from crawler.corpus.search.query import Term, expression, parse
from crawler.corpus.search.snippets import Snippet, snippet
from crawler.corpus.selection import Selection

_TITLE_WEIGHT = 6.0
"""A word in the title counts as much as this many in the text."""


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
class SearchHits:
    """The result of a search: the best ``hits`` of ``total``, and the update of the index before it."""

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
) -> SearchHits:
    """Return the *limit* best records of *selection* in the corpus at *root* that match all terms of *question*.

    Only the latest version of a key in articles/ is found. *on_bytes* receives the progress of the index.
    Raises ``ConfigError`` for a *question* without words, ``CorpusError`` if there is no corpus or the disk is full.
    """
    terms = parse(question)
    try:
        return _search(root, terms, selection, limit, on_bytes)
    except sqlite3.DatabaseError as error:  # damage that the update did not notice
        return _search(root, terms, selection, limit, on_bytes, rebuilt=f"it was damaged ({error})")


def _search(
    root: Path,
    terms: list[Term],
    selection: Selection,
    limit: int,
    on_bytes: Callable[[int, int], None],
    *,
    rebuilt: str | None = None,
) -> SearchHits:
    condition, parameters = selection.sql_condition("d")
    matching = f"FROM words JOIN documents d ON d.id = words.rowid WHERE words MATCH :match AND {condition}"
    values = {"match": expression(terms), "limit": limit, **parameters}
    with open_index(root, on_bytes, rebuilt=rebuilt) as (connection, _, caught_up):
        (total,) = connection.execute(f"SELECT count(*) {matching}", values).fetchone()
        rows = connection.execute(
            "SELECT d.key, d.version, d.kind, d.language, d.published, d.url, d.title, o.text, -score, crc"  # noqa: S608
            f" FROM (SELECT words.rowid AS id, bm25(words, {_TITLE_WEIGHT}, 1.0) AS score {matching}"
            "  ORDER BY score, d.published DESC, d.key LIMIT :limit)"
            " JOIN documents d USING (id) JOIN originals o USING (id) ORDER BY score, d.published DESC, d.key",
            values,
        )
        return SearchHits([_hit(row, terms) for row in rows], total, caught_up)


def _hit(
    row: tuple[str, int, str | None, str | None, str | None, str | None, str, bytes, float, int], terms: list[Term]
) -> Hit:
    """Return the hit for a document; raise ``sqlite3.DatabaseError`` if it is not what was indexed."""
    *shown, score, crc = row
    if document_crc(*shown) != crc:
        raise sqlite3.DatabaseError("a record in it differs from the indexed one")
    key, version, kind, language, published, url, title, text, _, _ = row
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
