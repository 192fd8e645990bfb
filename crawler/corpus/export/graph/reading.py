"""The nodes and edges of a corpus, as its catalogue and its lines know them.

A node is a key that is archived or that a dump named; an edge leads from a page to what it lists, with the number by
which the site sorted it. Both are read in one transaction, so they fit each other; a crawl goes on writing meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from crawler.archive.intact import Damages
from crawler.archive.reading import read_catalogue
from crawler.corpus.lines import selected_lines
from crawler.corpus.selection import Selection

# The casts are for lines that another program wrote: what is no number there must be none in a file that holds numbers.
_NODES = """
SELECT t.key, t.state, CAST(r.kind AS TEXT), coalesce(n.title, CAST(t.title AS TEXT)), CAST(r.published AS TEXT),
    CASE typeof(t.depth) WHEN 'integer' THEN t.depth ELSE 0 END
FROM targets t
LEFT JOIN records r ON r.tid = t.tid AND r.version = (SELECT max(version) FROM records v WHERE v.tid = t.tid)
LEFT JOIN temp.names n ON n.key = t.key
ORDER BY t.tid"""

_EDGES = """
SELECT s.key, t.key, CASE typeof(e.sort) WHEN 'integer' THEN e.sort END
FROM edges e JOIN targets t ON t.tid = e.target JOIN targets s ON s.tid = e.source"""


class Node(NamedTuple):
    """A key: its state in the frontier, what is archived of it (``kind`` None: nothing yet), its distance."""

    key: str
    state: str
    kind: str | None
    title: str | None
    published: str | None
    depth: int


class Edge(NamedTuple):
    """``source`` lists ``target``; ``sort`` is the number that the site sorted it by."""

    source: str
    target: str
    sort: int | None


class Graph:
    """A graph that is read as it is written: :meth:`nodes` and then :meth:`edges`, each from the disk."""

    def __init__(self, connection: sqlite3.Connection, damaged: Damages) -> None:
        self._connection = connection
        self.damaged = damaged
        """Damaged lines: the titles of their keys come from dumps."""

    def nodes(self) -> Iterator[Node]:
        """Yield every key; its title comes from its page, otherwise from dumps."""
        return map(Node._make, self._connection.execute(_NODES))

    def edges(self) -> Iterator[Edge]:
        """Yield every relation."""
        return map(Edge._make, self._connection.execute(_EDGES))


@contextmanager
def read_graph(root: Path, on_progress: Callable[[int, int], None]) -> Iterator[Graph]:
    """Yield the graph of the corpus at *root*. *on_progress* receives how many lines of how many were read for titles.

    Raises ``CorpusError`` if there is no corpus.
    """
    with read_catalogue(root) as connection:
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("CREATE TEMP TABLE names (key TEXT PRIMARY KEY, title TEXT) WITHOUT ROWID")
        with selected_lines(root, Selection(), duplicates=True, on_progress=on_progress) as lines:
            titles = ((line.record["key"], line.record.get("title")) for line in lines)
            connection.executemany(
                "INSERT OR REPLACE INTO names VALUES (?, ?)", (row for row in titles if isinstance(row[1], str))
            )
        connection.commit()
        connection.execute("BEGIN")
        yield Graph(connection, lines.damaged)
        connection.rollback()
