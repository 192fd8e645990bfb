"""Parquet: ``nodes.parquet`` and ``edges.parquet``, for dataframes and graph databases."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from crawler.corpus.export.graph.reading import Edge, Node
from crawler.exceptions import ConfigError

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise ConfigError("this format needs the package pyarrow: pip install 'scrapy-gleaner[export]'") from error

_GROUP_ROWS = 20_000
_NODES = pa.schema(
    [(name, pa.string()) for name in ("key", "state", "kind", "title", "published")] + [("depth", pa.int64())]
)
_EDGES = pa.schema([("source", pa.string()), ("target", pa.string()), ("sort", pa.int64())])


def write(folder: Path, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
    """Write *nodes* and *edges* to *folder*, in row groups."""
    _write(folder / "nodes.parquet", _NODES, nodes)
    _write(folder / "edges.parquet", _EDGES, edges)


def _write(path: Path, schema: pa.Schema, rows: Iterable[Node] | Iterable[Edge]) -> None:
    remaining = iter(rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(remaining, _GROUP_ROWS)):
            columns = [
                pa.array(column, field.type) for column, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
