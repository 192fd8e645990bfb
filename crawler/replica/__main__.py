"""``python -m crawler.replica``: the same as ``scrapy replica``, without starting Scrapy."""

from __future__ import annotations

import argparse
import sys

from crawler.replica.options import add_options, run_options

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m crawler.replica", description=__doc__)
    add_options(parser)
    sys.exit(run_options(parser.parse_args()))
