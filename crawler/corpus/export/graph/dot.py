"""DOT, the language of Graphviz."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from crawler.corpus.export.graph.reading import Edge, Node

_CONTROL_RE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def quoted(value: object) -> str:
    r"""Return *value* as a quoted string of DOT: neither a quote nor a backslash in it ends or changes anything.

    >>> print(quoted('say "hi\\N"'))
    "say \"hi\\N\""
    """
    text = _CONTROL_RE.sub(" ", str(value)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def dot(nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[str]:
    """Yield the lines of a DOT document (https://graphviz.org/doc/info/lang.html)."""
    yield "digraph corpus {\n"
    for node in nodes:
        known = {"label": node.title or node.key, "state": node.state, "kind": node.kind, "published": node.published}
        attributes = ", ".join(f"{name}={quoted(value)}" for name, value in known.items() if value is not None)
        yield f"{quoted(node.key)} [{attributes}, depth={node.depth}];\n"
    for edge in edges:
        sort = "" if edge.sort is None else f" [sort={edge.sort}]"
        yield f"{quoted(edge.source)} -> {quoted(edge.target)}{sort};\n"
    yield "}\n"
