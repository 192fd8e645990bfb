"""``scrapy seeds harvest``."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from pathlib import Path

from crawler.cli.cluster import pool_of
from crawler.cli.outputs import STDOUT, parts_of, whole_file
from crawler.cli.seeds import no_dump
from crawler.cli.show import done, note, progress
from crawler.exceptions import ConfigError
from crawler.inputs import is_remote
from crawler.runs.exitcodes import COMPLETE, FAILED_URLS
from crawler.seeds.harvest import HarvestWork, Yield, harvest, total_size
from crawler.sites import load_profile


def run(_root: Path, opts: argparse.Namespace) -> int:
    """Write the pages with a dump, one JSON line each, and print how many there are."""
    paths: list[str] = opts.paths
    profile = load_profile(opts.site) if opts.site else None
    work = _work(opts)
    total = total_size(paths)
    sums = Yield()
    resumes = opts.output != STDOUT
    with ExitStack() as stack:
        if opts.cluster:
            work.pool = stack.enter_context(pool_of(opts))
            if work.pool.is_remote and work.parts is None:
                raise ConfigError("--cluster with -o -: the parts need a folder that all workers see; give -o FILE")
        show = stack.enter_context(progress("harvest", bytes_=True, resumes=resumes))
        out = None if work.keeps else stack.enter_context(whole_file(opts.output))
        for one in harvest(
            paths, out, profile, base=opts.base, work=work, progress=lambda count: show(count, max(count, total))
        ):
            _add(sums, one)
        if not sums.pages and not sums.lost and not sums.cut:
            raise no_dump(paths, sums.files - sums.unread, "files")
    remarks = [f"{sums.pages:,} pages with {sums.records:,} related items from {sums.files:,} files"]
    facts = {"output": opts.output, "files": sums.files, "pages": sums.pages, "records": sums.records}
    if sums.lost:
        facts["lost"] = sums.lost
        remarks.append(f"{sums.lost:,} files left out, because the processes that read them were killed or failed")
    if sums.cut:
        facts["cut"] = sums.cut
        remarks.append(f"{sums.cut:,} files by URL that were not read to their end: harvest them again")
    done(opts, facts, remarks)
    return FAILED_URLS if sums.lost or sums.cut else COMPLETE


def _work(opts: argparse.Namespace) -> HarvestWork:
    work = HarvestWork(opts.jobs or os.cpu_count() or 1, keeps=opts.parts, retries=opts.retries)
    if opts.parts and opts.output == STDOUT:
        raise ConfigError("--parts: give a folder or the URL of one with -o")
    if is_remote(opts.output) and not opts.parts:
        raise ConfigError(f"-o {opts.output}: an object store takes parts only; give --parts, too")
    if opts.output != STDOUT:
        work.parts = opts.output if opts.parts else parts_of(opts.output)
    return work


def _add(sums: Yield, one: Yield) -> None:
    """Print the errors of *one* file, and add its counts to *sums*."""
    for error in one.errors:
        note(error)
    if one.more_errors:
        note(f"and {one.more_errors} more like these")
    for name in ("files", "pages", "records", "lost", "unread", "cut"):
        setattr(sums, name, getattr(sums, name) + getattr(one, name))
