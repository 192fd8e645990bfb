"""``python -m crawler.report CORPUS RUN``: write runs/RUN/report.html. A crawl runs this when it ends."""

from __future__ import annotations

import sys
from pathlib import Path

from crawler.archive.files import write_atomically
from crawler.exceptions import GleanerError
from crawler.report.make import make_report


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
    sys.exit(main(sys.argv[1:]))
