"""``scrapy corpus bag``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.archive.sealing import compression_named
from crawler.cli.show import print_json, say
from crawler.corpus.fixity.bags import make_bag


def run(root: Path, opts: argparse.Namespace) -> int:
    """Make a bag of the corpus at *root*."""
    bag = make_bag(
        root,
        Path(opts.out),
        compression_named(opts.compression or opts.settings["ARCHIVE_COMPRESSION"]),
        link=opts.link,
    )
    if opts.json:
        print_json({"path": str(bag.path), "files": bag.files, "bytes": bag.bytes})
    else:
        say(f"{bag.path}: a bag of {bag.files:,} files, {bag.bytes:,} bytes")
    return 0
