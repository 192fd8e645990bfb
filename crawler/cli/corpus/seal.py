"""``scrapy corpus seal``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.archive.sealing import compression_named
from crawler.cli.show import note, print_json, say
from crawler.corpus.fixity.manifest import seal
from crawler.exceptions import CorpusDamaged


def run(root: Path, opts: argparse.Namespace) -> int:
    """Seal the corpus at *root*; exit code 0, or 5 if files that were listed before are gone."""
    done = seal(root, compression_named(opts.compression or opts.settings["ARCHIVE_COMPRESSION"]))
    for message in done.repairs.messages():
        note(message)
    if opts.json:
        print_json({"sealed": [one.file for one in done.seals], "listed": done.listed, "missing": done.missing})
    else:
        for path in done.missing:
            say(f"{path}: it was listed before and is missing")
        say(f"{root}: {len(done.seals)} segments sealed, {done.listed:,} files in manifest-sha256.txt")
    return CorpusDamaged.exit_code if done.missing else 0
