"""``scrapy corpus browse``."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from crawler.archive.intact import Damages
from crawler.cli.show import note_damage, print_json, progress, say
from crawler.corpus.search.index import CaughtUp
from crawler.exceptions import ConfigError, CorpusDamaged


def run(root: Path, opts: argparse.Namespace) -> int:
    """Serve the corpus at *root* to browsers of this machine until it is interrupted.

    Exit code 0, or 5 if lines are damaged.
    """
    if find_spec("datasette") is None:
        raise ConfigError("browse needs Datasette: pip install 'scrapy-gleaner[browse]'")
    from crawler.corpus.browse.server import serve  # noqa: PLC0415 - an extra that not everyone has

    damaged = Damages()

    def ready(url: str, caught_up: CaughtUp) -> None:
        damaged.add_all(caught_up.damaged)
        note_damage(damaged)
        if opts.json:
            print_json({"url": url})
        else:
            say(f"browse: {url} shows {root} to this machine only; Ctrl-C ends it")

    with progress("reading new lines", bytes_=True) as on_bytes:
        serve(root, opts.port, on_bytes=on_bytes, on_ready=ready)
    return CorpusDamaged.exit_code if damaged else 0
