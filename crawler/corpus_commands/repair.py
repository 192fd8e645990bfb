"""``scrapy corpus repair``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.archive.corpus import rebuild
from crawler.exceptions import CorpusDamaged
from crawler.show import print_json, say


def run(root: Path, opts: argparse.Namespace) -> int:
    """Make the catalogue of the corpus at *root* anew; exit code 0, or 5 if something is damaged or lost."""
    recovery = rebuild(root, "it was asked for")
    if opts.json:
        print_json(
            {
                "lines": recovery.adopted,
                "corpus_json": recovery.described,
                "cut": [place._asdict() for place in recovery.cut],
                "damaged": [{**place._asdict(), "message": message} for place, message in recovery.damaged],
                "manifest": recovery.manifest,
                "damaged_pictures": recovery.damaged_pictures,
                "lost_pictures": recovery.lost_pictures.paths,
                "requested_again": recovery.lost_pictures.keys,
                "lost_captures": [{**one._asdict(), "records": records} for one, records in recovery.lost.items()],
            }
        )
    else:
        for message in recovery.messages():
            say(message)
        say(f"{root}: the catalogue now knows {recovery.adopted:,} lines")
    is_damaged = (
        recovery.damaged
        or recovery.manifest
        or recovery.lost
        or recovery.damaged_pictures
        or recovery.lost_pictures.paths
    )
    return CorpusDamaged.exit_code if is_damaged else 0
