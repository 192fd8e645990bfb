"""``scrapy seeds harvest``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crawler.archive.files import FULL_ERRNOS
from crawler.cli.seeds import no_dump
from crawler.cli.show import done, note, progress
from crawler.exceptions import DiskFull, SeedError
from crawler.runs.exitcodes import COMPLETE, FAILED_URLS
from crawler.seeds.harvest import harvest, total_size
from crawler.sites import load_profile

_STDOUT = "-"


def run(_root: Path, opts: argparse.Namespace) -> int:
    """Write the pages with a dump, one JSON line each, and print how many there are."""
    paths: list[str] = opts.paths
    profile = load_profile(opts.site) if opts.site else None
    jobs = opts.jobs or os.cpu_count() or 1
    files = pages = records = lost = unread = cut = 0
    total = total_size(paths) if sys.stderr.isatty() else 0
    with _output(opts.output) as out, progress("harvest", bytes_=True) as show:
        for one in harvest(paths, out, profile, jobs=jobs, progress=lambda count: show(count, total), base=opts.base):
            for error in one.errors:
                note(error)
            if one.more_errors:
                note(f"and {one.more_errors} more like these")
            files, pages, records = files + one.files, pages + one.pages, records + one.records
            lost, unread, cut = lost + one.lost, unread + one.unread, cut + one.cut
        if not pages and not lost and not cut:
            raise no_dump(paths, files - unread, "files")
    remarks = [f"{pages:,} pages with {records:,} related items from {files:,} files"]
    facts = {"output": opts.output, "files": files, "pages": pages, "records": records}
    if lost:
        facts["lost"] = lost
        remarks.append(f"{lost:,} files left out, because the processes that read them were killed")
    if cut:
        facts["cut"] = cut
        remarks.append(f"{cut:,} files by URL that were not read to their end: harvest them again")
    done(opts, facts, remarks)
    return FAILED_URLS if lost or cut else COMPLETE


@contextmanager
def _output(name: str) -> Iterator[IO[bytes]]:
    """Open the output file. It appears under its name only when it is complete."""
    if name == _STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = Path(f"{name}.part")
    try:
        with draft.open("wb") as out:
            yield out
        draft.replace(name)
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise DiskFull(
                name, "no space left to write it, or its parts in the temporary folder", is_corpus=False
            ) from error
        raise SeedError(name, f"cannot be written ({error.strerror or error})") from error
    finally:
        draft.unlink(missing_ok=True)
