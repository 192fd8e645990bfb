"""``scrapy corpus overlap OTHER...``."""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from crawler.cli.cluster import pool_of
from crawler.cli.outputs import STDOUT, parts_of, whole_file
from crawler.cli.show import done, note, progress
from crawler.corpus.overlap import CorpusOverlap
from crawler.exceptions import ConfigError
from crawler.runs.exitcodes import COMPLETE, FAILED_URLS


def run(root: Path, opts: argparse.Namespace) -> int:
    """Compare the corpus at *root* with others, and write which of its texts they have; exit code 0, or 9."""
    with ExitStack() as stack:
        pool = stack.enter_context(pool_of(opts))
        if opts.output == STDOUT and pool.is_remote:
            raise ConfigError("--cluster: the parts need a folder that all workers see; give -o FILE")
        to_pipe = opts.output == STDOUT
        place = (
            stack.enter_context(tempfile.TemporaryDirectory(prefix="overlap-")) if to_pipe else parts_of(opts.output)
        )
        overlap = CorpusOverlap(root, opts.others, opts.threshold, Path(place))
        with progress("comparing", bytes_=True, resumes=not to_pipe) as on_progress:
            compared = overlap.compare(pool, retries=opts.retries, on_progress=on_progress)
        with whole_file(opts.output) as out:
            overlap.write(out)
        overlap.discard(compared)
    for text in (*compared.errors, *compared.failed):
        note(text)
    keys = {match.key for match in overlap.matches.values()}
    equal = {match.key for match in overlap.matches.values() if match.similarity == 1}
    facts = {
        "output": opts.output,
        "texts": compared.ours,
        "compared": compared.theirs,
        "found": len(keys),
        "equal": len(equal),
        "failed": len(compared.failed),
    }
    remarks = [
        f"{len(keys):,} of {compared.ours:,} texts are in {compared.theirs:,} others, {len(equal):,} word by word"
    ]
    if compared.failed:
        remarks.append(f"{len(compared.failed):,} files left out")
    done(opts, facts, remarks)
    return FAILED_URLS if compared.failed else COMPLETE
