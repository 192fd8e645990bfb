"""``scrapy corpus verify``."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from crawler.cli.cluster import pool_of
from crawler.cli.show import print_json, progress, say
from crawler.corpus.fixity.verify import verify
from crawler.exceptions import CorpusDamaged


def run(root: Path, opts: argparse.Namespace) -> int:
    """Check the corpus at *root* and print each problem; exit code 0, or 5 if there is one."""
    with ExitStack() as stack:
        pool = stack.enter_context(pool_of(opts)) if opts.cluster else None  # as many processes as the corpus is worth
        on_progress = stack.enter_context(progress("checking", bytes_=True, resumes=False))
        found = verify(root, pool=pool, retries=opts.retries, on_progress=on_progress)
    if opts.json:
        problems = [problem._asdict() for problem in found.problems]
        print_json({**found._asdict(), "problems": problems, "ok": not problems})
    else:
        for problem in found.problems:
            place = "" if problem.offset is None else f" at {problem.offset}"
            say(f"{problem.file}{place}: {problem.message}")
        for remark in found.notes:
            say(f"note: {remark}")
        verdict = f"{len(found.problems)} problems" if found.problems else "all well"
        if found.lost_captures:
            verdict += f"; {found.lost_captures:,} captures are known to be lost"
        say(f"{root}: {found.lines:,} lines, {found.pictures:,} pictures: {verdict}")
    return CorpusDamaged.exit_code if found.problems else 0
