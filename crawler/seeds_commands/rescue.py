"""``scrapy seeds rescue``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.rescue import rescue


def run(_root: Path, opts: argparse.Namespace) -> int:
    """Ask for single articles now, and tell what each step found."""
    return rescue(opts.wanted, opts.site, opts.settings, as_json=opts.json)
