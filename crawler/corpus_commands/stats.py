"""``scrapy corpus stats``."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.table import Table
from rich.text import Text

from crawler.archive.reading import corpus_stats
from crawler.corpus_commands.show import console, print_json
from crawler.text.terminal import safe


def run(root: Path, opts: argparse.Namespace) -> int:
    """Print what the corpus at *root* holds, counted."""
    stats = corpus_stats(root)
    if opts.json:
        print_json(stats)
        return 0
    table = Table(title=safe(f"Corpus {root}"), show_header=False)
    for name, value in stats.items():
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {count:,}" for key, count in value.items()) or "none"
        else:
            shown = f"{value:,}" if isinstance(value, int) else str(value)
        table.add_row(name.replace("_", " "), Text(safe(shown)))
    console().print(table)
    return 0
