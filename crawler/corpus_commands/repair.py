"""``scrapy corpus repair``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.archive.corpus import rebuild
from crawler.exceptions import CorpusDamaged
from crawler.show import print_json, say


def run(root: Path, opts: argparse.Namespace) -> int:
    """Make the catalogue of the corpus at *root* anew; exit code 0, or 5 if lines are damaged or captures lost."""
    recovery = rebuild(root, "it was asked for")
    if opts.json:
        print_json(
            {
                "lines": recovery.adopted,
                "cut": [place._asdict() for place in recovery.cut],
                "damaged": [{**place._asdict(), "message": message} for place, message in recovery.damaged],
                "lost_captures": [{**one._asdict(), "records": records} for one, records in recovery.lost.items()],
            }
        )
    else:
        for message in recovery.messages():
            say(message)
        say(f"{root}: the catalogue now knows {recovery.adopted:,} lines")
    return CorpusDamaged.exit_code if recovery.damaged or recovery.lost else 0
