"""``python -m crawler.corpus.report CORPUS RUN [PIPE]``: writes runs/RUN/report.html. A crawl runs this at its end.

The crawl gives the descriptor of a pipe and holds its other end, so that this process ends with the crawl.
"""

from __future__ import annotations

import sys
from pathlib import Path

from crawler.archive.files import write_atomically
from crawler.corpus.report.make import make_report
from crawler.exceptions import GleanerError
from crawler.processes.workers import begin

_WITH_PIPE = 3


def main(arguments: list[str]) -> int:
    """Write the report of a run; return 0, or 1 with one line on standard error."""
    root, run = Path(arguments[0]), arguments[1]
    try:
        write_atomically(root / "runs" / run / "report.html", make_report(root, run))
    except (GleanerError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) > _WITH_PIPE:
        begin(int(sys.argv[_WITH_PIPE]))
    sys.exit(main(sys.argv[1:]))
