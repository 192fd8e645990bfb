"""``scrapy corpus stats``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from crawler.cli.show import print_json, print_table
from crawler.corpus.stats import corpus_stats
from crawler.text.terminal import safe

_MAX_MONTHS_SHOWN = 12


def run(root: Path, opts: argparse.Namespace) -> int:
    """Print what the corpus at *root* holds, counted."""
    stats = corpus_stats(root)
    if opts.json:
        print_json(stats)
        return 0
    table = Table(title=safe(f"Corpus {root}"), show_header=False)
    for name, value in stats.items():
        table.add_row(name.replace("_", " "), Text(safe(_shown(name, value))))
    print_table(table)
    return 0


def _shown(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        return f"{value:,}" if isinstance(value, int) else str(value)
    counts = [f"{key} {count:,}" for key, count in value.items()]
    if name == "months" and len(counts) > _MAX_MONTHS_SHOWN:
        counts = [f"{len(counts) - _MAX_MONTHS_SHOWN} more (--json)", *counts[-_MAX_MONTHS_SHOWN:]]
    return ", ".join(counts) or "none"
