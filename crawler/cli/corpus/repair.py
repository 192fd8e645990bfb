"""``scrapy corpus repair``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.archive.writer import rebuild
from crawler.cli.show import print_json, say
from crawler.corpus.search.index import remove_index
from crawler.exceptions import CorpusDamaged

_NEXT = "next: scrapy crawl neighbours as before, or scrapy crawl revisit, archives again what the site still has"


def run(root: Path, opts: argparse.Namespace) -> int:
    """Move damaged lines of the corpus at *root* to quarantine/ and make its catalogue anew.

    Exit code 0, or 5 if something is damaged or lost.
    """
    recovery = rebuild(root, "it was asked for", mend=True)
    if recovery.taken:
        remove_index(root)
    if opts.json:
        print_json(
            {
                "lines": recovery.adopted,
                "corpus_json": recovery.described,
                "profiles": recovery.profiles,
                "cut": [place._asdict() for place in recovery.cut],
                "damaged": [{**place._asdict(), "message": message} for place, message in recovery.damaged],
                "manifest": recovery.manifest,
                "damaged_pictures": recovery.damaged_pictures,
                "lost_pictures": recovery.lost_pictures.paths,
                "requested_again": recovery.lost_pictures.keys,
                "quarantined": [{**one.damage.facts(), "kept": one.kept} for one in recovery.taken],
                "lost_lines": recovery.gone,
                "asked_again": recovery.asked_again,
                "lost_captures": [{**one._asdict(), "records": records} for one, records in recovery.lost.items()],
            }
        )
    else:
        for message in recovery.messages():
            say(message)
        say(f"{root}: the catalogue now knows {recovery.adopted:,} lines")
        if recovery.asked_again:
            say(_NEXT)
    return CorpusDamaged.exit_code if recovery.is_damage else 0
