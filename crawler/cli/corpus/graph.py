"""``scrapy corpus graph --format FORMAT -o OUT``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.cli.show import done, note_damage, progress
from crawler.corpus.export.graph import export_graph


def run(root: Path, opts: argparse.Namespace) -> int:
    """Write the graph of the corpus at *root* and print its size; exit code 0, or 5 if lines are damaged."""
    with progress("reading titles") as on_progress:
        written = export_graph(root, opts.format, opts.output, force=opts.force, on_progress=on_progress)
    facts = {"output": opts.output, "format": opts.format, **written._asdict()}
    if damaged := [damage.facts() for damage in facts.pop("lines")]:
        facts["damaged_lines"] = damaged
    done(opts, facts, [f"{written.nodes:,} nodes and {written.edges:,} edges in {opts.output}"])
    return note_damage(written.lines)
