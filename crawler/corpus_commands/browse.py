"""``scrapy corpus browse``."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from crawler.archive.index import CaughtUp
from crawler.exceptions import ConfigError
from crawler.show import note, print_json, progress, say


def run(root: Path, opts: argparse.Namespace) -> int:
    """Serve the corpus at *root* to browsers of this machine until it is interrupted; exit code 0."""
    if find_spec("datasette") is None:
        raise ConfigError("browse needs Datasette: pip install 'scrapy-gleaner[browse]'")
    from crawler.browse.server import serve  # noqa: PLC0415 - an extra that not everyone has

    def ready(url: str, caught_up: CaughtUp) -> None:
        if caught_up.damaged:
            note(f"{caught_up.damaged} damaged lines were passed over; scrapy corpus verify names them")
        if opts.json:
            print_json({"url": url})
        else:
            say(f"browse: {url} shows {root} to this machine only; Ctrl-C ends it")

    with progress("reading new lines", bytes_=True) as on_bytes:
        serve(root, opts.port, on_bytes=on_bytes, on_ready=ready)
    return 0
