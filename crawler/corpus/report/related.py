"""The graph of related articles: as much of it as an eye can take in, laid out by networkx."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import networkx as nx

from crawler.corpus.report.collect import Scope
from crawler.corpus.report.tally import KeyEntry, Tally

RELATIONS = "relations"
"""The name of their number."""
MAX_NODES = 160
_HUBS, _LISTED_BY = 32, 12
WIDTH, HEIGHT = 1000, 620
_MARGIN = 24


class DrawnNode(NamedTuple):
    """A key, where it is drawn and how large; ``state`` is its colour."""

    entry: KeyEntry
    state: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Related:
    """A drawn graph: nodes, and edges as pairs of numbers of nodes; ``known`` edges are in the corpus or run."""

    nodes: list[DrawnNode]
    edges: list[tuple[int, int]]
    known: int

    @property
    def whole(self) -> bool:
        """Whether this is all of the graph."""
        return len(self.edges) == self.known


def count_relations(connection: sqlite3.Connection, scope: Scope, tally: Tally, *, whole_corpus: bool) -> None:
    """Count every relation into *tally*: what lists, and, as the note, what it lists."""
    group = tally.group(RELATIONS, "relations")
    for source, title, target in _relations(connection, _sources(scope, whole_corpus), scope.parameters):
        tally.count((group,), partial(KeyEntry, source, title, None, f"lists {target}"))


def _sources(scope: Scope, whole_corpus: bool) -> str:
    """Return which edges are in *scope*, as SQL; the plus keeps SQLite from trying each source on each target."""
    return "1" if whole_corpus else f"+e.source IN (SELECT r.tid FROM records r WHERE {scope.records})"  # noqa: S608


def _relations(
    connection: sqlite3.Connection, sources: str, parameters: dict[str, object], most: int = -1
) -> sqlite3.Cursor:
    return connection.execute(
        "SELECT s.key, s.title, t.key FROM edges e JOIN targets s ON s.tid = e.source"  # noqa: S608 - our own words
        f" JOIN targets t ON t.tid = e.target WHERE {sources} LIMIT :rows",
        {**parameters, "rows": most},
    )


def related(connection: sqlite3.Connection, scope: Scope, tally: Tally, *, whole_corpus: bool) -> Related:
    """Return the graph of what is in *scope*: all of it if it is small, else the most listed and who lists them.

    How many relations there are is counted into *tally*, with the first of them; they may be many millions.
    """
    sources = _sources(scope, whole_corpus)
    execute = connection.execute
    parameters = {**scope.parameters, "hubs": _HUBS, "most": _LISTED_BY, "nodes": MAX_NODES}
    (known,) = execute(f"SELECT count(*) FROM edges e WHERE {sources}", parameters).fetchone()  # noqa: S608
    if known:
        group = tally.group(RELATIONS, "relations")
        group.count = known
        for source, title, target in _relations(connection, sources, parameters, tally.max_entries):
            group.entries.append(KeyEntry(source, title, None, f"lists {target}"))
    found = _small(connection, sources, parameters) if known <= 4 * MAX_NODES else None
    if found is None:
        most = " GROUP BY e.target ORDER BY count(*) DESC, e.target LIMIT :hubs"
        hubs = execute(f"SELECT e.target FROM edges e WHERE {sources}{most}", parameters).fetchall()  # noqa: S608
        found = {row[0] for row in hubs}
        for (hub,) in hubs:
            listing = execute(
                f"SELECT e.source FROM edges e WHERE e.target = :hub AND {sources} LIMIT :most",  # noqa: S608
                {**parameters, "hub": hub},
            )
            found.update(row[0] for row in listing if len(found) < MAX_NODES)
    return _laid_out(connection, sources, parameters, sorted(found), known)


def _small(connection: sqlite3.Connection, sources: str, parameters: dict[str, object]) -> set[int] | None:
    """Return the nodes of a graph that can be drawn whole, None if there are too many."""
    rows = connection.execute(f"SELECT e.source, e.target FROM edges e WHERE {sources}", parameters)  # noqa: S608
    found = {tid for row in rows for tid in row}
    return found if len(found) <= MAX_NODES else None


def _laid_out(
    connection: sqlite3.Connection, sources: str, parameters: dict[str, object], tids: list[int], known: int
) -> Related:
    listed = ",".join(map(str, tids))  # integers of our own database
    pairs = connection.execute(
        f"SELECT e.source, e.target FROM edges e WHERE {sources}"  # noqa: S608 - our own words
        f" AND e.target IN ({listed}) AND e.source IN ({listed})",
        parameters,
    ).fetchall()
    tids = sorted({tid for pair in pairs for tid in pair})  # a node without edges would be drawn far from the others
    number = {tid: place for place, tid in enumerate(tids)}
    edges = [(number[source], number[target]) for source, target in pairs]
    facts = {
        row[0]: row[1:]
        for row in connection.execute(f"SELECT tid, key, title, state FROM targets WHERE tid IN ({listed})")  # noqa: S608
    }
    graph = nx.Graph()
    graph.add_nodes_from(range(len(tids)))
    graph.add_edges_from(edges)
    places = nx.spring_layout(graph, seed=1, k=2.2 / max(1, len(tids)) ** 0.5, iterations=80) if tids else {}
    listed_by = [0] * len(tids)
    for _, target in edges:
        listed_by[target] += 1
    nodes = []
    for tid, (x, y) in zip(tids, _fitted([tuple(places[place]) for place in range(len(tids))]), strict=True):
        key, title, state = facts.get(tid, (str(tid), None, "pending"))
        count = listed_by[number[tid]]
        note = f"listed by {count} of the articles shown"
        nodes.append(DrawnNode(KeyEntry(key, title, None, note), state, x, y, _radius(state, count)))
    return Related(nodes, edges, known)


def _radius(state: str, listed_by: int) -> float:
    return 9.0 if state == "seed" else min(16.0, 3.5 + 1.6 * listed_by**0.6)


def _fitted(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretch *places* to the size of the drawing."""
    if not places:
        return []
    fitted = []
    for values, size in zip(zip(*places, strict=True), (WIDTH, HEIGHT), strict=True):
        low, span = min(values), max(values) - min(values) or 1.0
        fitted.append([round(_MARGIN + (value - low) / span * (size - 2 * _MARGIN), 1) for value in values])
    return list(zip(*fitted, strict=True))
