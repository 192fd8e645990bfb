"""``scrapy corpus repair``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.archive.rebuilding import rebuild
from crawler.cli.show import print_json, say
from crawler.corpus.search.index import remove_index
from crawler.corpus.withdrawal import complete
from crawler.exceptions import CorpusDamaged

_NEXT = "next: run scrapy crawl neighbours or revisit, which archives the lost articles again"


def run(root: Path, opts: argparse.Namespace) -> int:
    """Move damaged lines of the corpus at *root* to quarantine/ and rebuild its catalogue.

    Exit code 0, or 5 if something is damaged or lost.
    """
    report = rebuild(root, "on request", mend=True)
    if report.taken:
        remove_index(root)
    complete(root)
    if opts.json:
        print_json(
            {
                "lines": report.adopted,
                "corpus_json": report.described,
                "profiles": report.profiles,
                "cut": [place._asdict() for place in report.cut],
                "damaged": [{**place._asdict(), "message": message} for place, message in report.damaged],
                "manifest": report.manifest,
                "damaged_pictures": report.damaged_pictures,
                "lost_pictures": report.lost_pictures.paths,
                "requested_again": report.lost_pictures.keys,
                "quarantined": [{**one.damage.facts(), "kept": one.kept} for one in report.taken],
                "lost_lines": report.gone,
                "asked_again": report.requested_again,
                "lost_captures": [{**one._asdict(), "records": records} for one, records in report.lost.items()],
            }
        )
    else:
        for message in report.messages():
            say(message)
        say(f"{root}: the catalogue now knows {report.adopted:,} lines")
        if report.requested_again:
            say(_NEXT)
    return CorpusDamaged.exit_code if report.is_damage else 0
