"""JSON lines: the very bytes of the corpus's own."""

from __future__ import annotations

from pathlib import Path

from crawler.corpus.export.writing import Exported, Options
from crawler.corpus.lines import Lines
from crawler.corpus.output import output_file


def write(lines: Lines, name: str, root: Path, options: Options) -> Exported:
    """Write the lines as they are to the file *name*."""
    count = 0
    with output_file(name, root, force=options.force) as file:
        for line in lines.raw():
            file.write(line)
            count += 1
    return Exported(count)
