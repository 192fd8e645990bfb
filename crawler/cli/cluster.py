"""The options of commands whose work is shared: ``--cluster`` and ``--retries``; and the pool that they name."""

from __future__ import annotations

import argparse
import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.batch.pool import BatchPool

DEFAULT_RETRIES = 2


def _count(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError
    return number


_count.__name__ = "number"  # what argparse calls a bad one


def add_cluster(parser: argparse.ArgumentParser, *, retries: bool = True) -> None:
    """Add the options to *parser*."""
    parser.add_argument(
        "--cluster",
        metavar="WHERE",
        help="where the work is done: processes:N on this machine (default: one per core), or the workers of a Dask "
        "scheduler, dask:ADDRESS or dask-file:PATH; see docs/guides/many-machines.md",
    )
    if retries:
        parser.add_argument(
            "--retries",
            metavar="N",
            type=_count,
            default=DEFAULT_RETRIES,
            help=f"try an input that fails N times more (default: {DEFAULT_RETRIES})",
        )


def pool_of(opts: argparse.Namespace, default: str | None = None) -> AbstractContextManager[BatchPool]:
    """Open the pool that ``--cluster`` names (default: *default*, otherwise a process for each core)."""
    from crawler.batch.pool import open_pool  # noqa: PLC0415 - options are loaded at every start
    from crawler.cli.show import note  # noqa: PLC0415

    return open_pool(opts.cluster or default or f"processes:{os.cpu_count() or 1}", note)
