"""Parquet: one file, zstd, in row groups, so that neither writing nor reading needs the whole in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from crawler.corpus.export.writing import Exported, Options
from crawler.corpus.lines import Line, Lines
from crawler.corpus.output import output_file
from crawler.exceptions import ConfigError

try:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from crawler.corpus.export.columns import SCHEMA, batch
except ImportError as error:
    raise ConfigError("this format needs the package pyarrow: pip install 'scrapy-gleaner[export]'") from error

_GROUP_ROWS, _GROUP_BYTES = 10_000, 32 * 1024 * 1024
"""The most rows of a row group, and about the most bytes, as Arrow holds them."""
_CHUNK_ROWS, _CHUNK_BYTES = 500, 2 * 1024 * 1024
"""So many records, or bytes of JSON, become Arrow at a time: Python's objects take several times the memory."""
_COMPRESSION = "zstd"


def write(lines: Lines, name: str, root: Path, options: Options) -> Exported:
    """Write the records to the Parquet file *name*."""
    with output_file(name, root, force=options.force) as file:
        return write_chunks(file, chunks(lines))


def chunks(lines: Iterable[Line]) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of *lines*, some hundreds at a time."""
    chunk: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        chunk.append(line.record)
        size += len(line.raw)
        if size >= _CHUNK_BYTES or len(chunk) >= _CHUNK_ROWS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def write_chunks(file: IO[bytes], chunks: Iterable[list[dict[str, Any]]]) -> Exported:
    """Write *chunks* of records to *file* in row groups; return how many records there were."""
    written = taken = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal taken
        for chunk in chunks:
            taken += len(chunk)
            yield batch(chunk)

    with pq.ParquetWriter(file, SCHEMA, compression=_COMPRESSION) as writer:
        for group in _row_groups(batches()):
            writer.write_table(group, row_group_size=_GROUP_ROWS)
            written += group.num_rows
    return Exported(written, damaged=taken - written)


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield *batches* joined to row groups."""
    group: list[pa.RecordBatch] = []
    for one in batches:
        rows, size = (sum(getattr(piece, what) for piece in group) for what in ("num_rows", "nbytes"))
        if group and (rows + one.num_rows > _GROUP_ROWS or size + one.nbytes > _GROUP_BYTES):
            yield pa.Table.from_batches(group)
            group = []
        group.append(one)
    if group:
        yield pa.Table.from_batches(group)
