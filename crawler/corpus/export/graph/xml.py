"""GraphML and GEXF, written piece by piece: memory does not grow with the graph."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from crawler.corpus.export.graph.reading import Edge, Node

_NODE_TYPES = {"state": "string", "kind": "string", "title": "string", "published": "string", "depth": "long"}
# What XML 1.0 cannot hold in any way, not even escaped (https://www.w3.org/TR/xml/#charsets).
_NOT_XML_RE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Escaped, for a parser would fold them.
_WHITE = str.maketrans({"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})


def xml_text(value: object) -> str:
    r"""Return *value* as it may stand in an element or a quoted attribute.

    >>> xml_text('<a b="c">\x00\n')
    '&lt;a b=&quot;c&quot;&gt;&#10;'
    """
    return html.escape(_NOT_XML_RE.sub("", str(value))).translate(_WHITE)


def graphml(nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[str]:
    """Yield the pieces of a GraphML document (http://graphml.graphdrawing.org/)."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, type_ in _NODE_TYPES.items():
        yield f'<key id="{name}" for="node" attr.name="{name}" attr.type="{type_}"/>\n'
    yield '<key id="sort" for="edge" attr.name="sort" attr.type="long"/>\n<graph edgedefault="directed">\n'
    for node in nodes:
        data = "".join(f'<data key="{name}">{xml_text(value)}</data>' for name, value in _known_values(node))
        yield f'<node id="{xml_text(node.key)}">{data}</node>\n'
    for edge in edges:
        sort = "" if edge.sort is None else f'<data key="sort">{edge.sort}</data>'
        yield f'<edge source="{xml_text(edge.source)}" target="{xml_text(edge.target)}">{sort}</edge>\n'
    yield "</graph>\n</graphml>\n"


def gexf(nodes: Iterable[Node], edges: Iterable[Edge]) -> Iterator[str]:
    """Yield the pieces of a GEXF 1.2 document (https://gexf.net/), which Gephi and networkx read."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">\n'
    yield '<graph defaultedgetype="directed" mode="static">\n<attributes class="node">\n'
    for name, type_ in _NODE_TYPES.items():
        yield f'<attribute id="{name}" title="{name}" type="{type_}"/>\n'
    yield '</attributes>\n<attributes class="edge"><attribute id="sort" title="sort" type="long"/></attributes>\n'
    yield "<nodes>\n"
    for node in nodes:
        values = "".join(f'<attvalue for="{name}" value="{xml_text(value)}"/>' for name, value in _known_values(node))
        label = xml_text(node.title or node.key)
        yield f'<node id="{xml_text(node.key)}" label="{label}"><attvalues>{values}</attvalues></node>\n'
    yield "</nodes>\n<edges>\n"
    for number, edge in enumerate(edges):
        sort = "" if edge.sort is None else f'<attvalues><attvalue for="sort" value="{edge.sort}"/></attvalues>'
        yield f'<edge id="{number}" source="{xml_text(edge.source)}" target="{xml_text(edge.target)}">{sort}</edge>\n'
    yield "</edges>\n</graph>\n</gexf>\n"


def _known_values(node: Node) -> Iterator[tuple[str, object]]:
    """Yield what is known of *node*, by name."""
    return ((name, value) for name in _NODE_TYPES if (value := getattr(node, name)) is not None)
