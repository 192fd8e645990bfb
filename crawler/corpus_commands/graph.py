"""``scrapy corpus graph --format FORMAT -o OUT``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.archive.graph import export_graph
from crawler.show import done, progress


def run(root: Path, opts: argparse.Namespace) -> int:
    """Write the graph of the corpus at *root* and print its size."""
    with progress("reading titles") as on_progress:
        written = export_graph(root, opts.format, opts.output, force=opts.force, on_progress=on_progress)
    facts = {"output": opts.output, "format": opts.format, **written._asdict()}
    done(opts, facts, [f"{written.nodes:,} nodes and {written.edges:,} edges in {opts.output}"])
    return 0
