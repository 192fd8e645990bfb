"""``scrapy captures list``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.cli.captures.listing import make_listing, print_listed
from crawler.cli.captures.making import list_captures


def run(_root: Path, opts: argparse.Namespace) -> int:
    """List captures, and print how many there are by month and source."""
    listed = list_captures(make_listing(opts, opts.output), opts.settings)
    print_listed(listed, as_json=opts.json)
    return listed.exit_code
