"""From a graph to a file (or, for Parquet, a folder), by the writer of its format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, TypeVar

from crawler.archive.intact import Damages
from crawler.corpus.export.graph.dot import dot
from crawler.corpus.export.graph.reading import Edge, Node, read_graph
from crawler.corpus.export.graph.xml import gexf, graphml
from crawler.corpus.output import output_file, output_folder

_TEXT_FORMATS: dict[str, Callable[[Iterable[Node], Iterable[Edge]], Iterator[str]]] = {
    "graphml": graphml,
    "gexf": gexf,
    "dot": dot,
}
GRAPH_FORMATS = (*_TEXT_FORMATS, "parquet")
_T = TypeVar("_T")


class Written(NamedTuple):
    """How much there is in what was written; and the damaged ``lines`` whose titles are not in it."""

    nodes: int
    edges: int
    lines: Damages = Damages()


class _Counted:
    """Counts what passes."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, items: Iterable[_T]) -> Iterator[_T]:
        for item in items:
            self.count += 1
            yield item


def export_graph(
    root: Path,
    format_: str,
    name: str,
    *,
    force: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Written:
    """Write the graph of the corpus at *root* as *format_* to *name*; a folder for Parquet, else a file or ``-``.

    *on_progress* receives how many lines of how many were read for their titles. Raises as
    :func:`crawler.corpus.export.export` does.
    """
    nodes, edges = _Counted(), _Counted()
    with read_graph(root, on_progress) as graph:
        if format_ == "parquet":
            tables = import_module("crawler.corpus.export.graph.tables")  # needs a package that not everybody has
            with output_folder(name, root, force=force) as folder:
                tables.write(folder, nodes(graph.nodes()), edges(graph.edges()))
        else:
            with output_file(name, root, force=force) as file:
                for piece in _TEXT_FORMATS[format_](nodes(graph.nodes()), edges(graph.edges())):
                    file.write(piece.encode())
        return Written(nodes.count, edges.count, graph.damaged)
