"""Parquet: one file, zstd, in row groups, so that neither writing nor reading needs the whole in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from crawler.archive.export.writing import Exported, Options
from crawler.archive.lines import Line, Lines
from crawler.archive.output import output_file
from crawler.exceptions import ConfigError

try:
    import pyarrow.parquet as pq

    from crawler.archive.export.columns import SCHEMA, batch
except ImportError as error:
    raise ConfigError("this format needs the package pyarrow: pip install 'gleaner[export]'") from error

_GROUP_BYTES = 32 * 1024 * 1024
_GROUP_ROWS = 10_000
_COMPRESSION = "zstd"


def write(lines: Lines, name: str, root: Path, options: Options) -> Exported:
    """Write the records to the Parquet file *name*."""
    with output_file(name, root, force=options.force) as file:
        return write_groups(file, row_groups(lines))


def row_groups(lines: Iterable[Line]) -> Iterator[list[dict[str, Any]]]:
    """Yield the records in groups of at most 10,000, and of about 32 MiB of JSON."""
    group: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        group.append(line.record)
        size += len(line.raw)
        if size >= _GROUP_BYTES or len(group) >= _GROUP_ROWS:
            yield group
            group, size = [], 0
    if group:
        yield group


def write_groups(file: IO[bytes], groups: Iterable[list[dict[str, Any]]]) -> Exported:
    """Write *groups* of records to *file*, each as a row group; return how many there were."""
    written = damaged = 0
    with pq.ParquetWriter(file, SCHEMA, compression=_COMPRESSION) as writer:
        for group in groups:
            rows = batch(group)
            writer.write_batch(rows)
            written += rows.num_rows
            damaged += len(group) - rows.num_rows
    return Exported(written, damaged=damaged)
