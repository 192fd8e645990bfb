"""A folder that ``datasets.load_dataset`` reads: Parquet shards and a dataset card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from crawler.archive.description import describe
from crawler.corpus.export.card import Card
from crawler.corpus.export.parquet import chunks, write_chunks
from crawler.corpus.export.writing import Exported, Options
from crawler.corpus.lines import Line, Lines
from crawler.corpus.output import output_folder

SHARD_BYTES = 512 * 1024 * 1024
"""About so much JSON goes into a shard, which zstd makes a third or less of."""


def write(lines: Lines, name: str, root: Path, options: Options) -> Exported:
    """Write the records to shards ``data/train-*.parquet`` in the folder *name*, and ``README.md`` about them."""
    card = Card(str(describe(root).get("site")))
    written = damaged = 0
    with output_folder(name, root, force=options.force) as folder:
        data = folder / "data"
        data.mkdir()
        remaining = chunks(_counted(lines, card))
        shards: list[Path] = []
        while (first := next(remaining, None)) is not None or not shards:
            shards.append(data / f"{len(shards):05d}")
            with shards[-1].open("wb") as file:
                done = write_chunks(file, _shard(first or [], remaining))
            written, damaged = written + done.records, damaged + done.damaged
        for number, shard in enumerate(shards):
            shard.rename(data / f"train-{number:05d}-of-{len(shards):05d}.parquet")
        (folder / "README.md").write_text(card.text(written), encoding="utf-8")
    return Exported(written, damaged=damaged)


def _counted(lines: Iterable[Line], card: Card) -> Iterator[Line]:
    for line in lines:
        card.count(line.record, len(line.raw))
        yield line


def _shard(first: list[dict[str, Any]], remaining: Iterator[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Yield *first* and further chunks, until they are enough for a shard."""
    size = 0
    for chunk in chain([first], remaining):
        yield chunk
        size += sum(len(record.get("text") or "") for record in chunk) + 1000 * len(chunk)
        if size >= SHARD_BYTES:
            return
