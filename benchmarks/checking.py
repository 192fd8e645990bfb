"""What it costs an export to check each line: the same export with and without the checks, in turns.

    python benchmarks/checking.py DIR [--turns 9]

DIR holds a corpus (benchmarks/made_corpus.py makes one). The two differ in nothing but the function that takes a line
for a record; what is printed are medians of CPU seconds, which a busy machine blurs less than those of the clock.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from crawler.corpus import lines
from crawler.corpus.export import Options, export
from crawler.corpus.selection import Selection

_FORMATS = ("jsonl", "csv", "parquet")
_CHECKED = lines.intact_record, lines.check_line


def _unchecked(line: bytes, _crc_of: object = None) -> dict[str, Any]:
    record: dict[str, Any] = orjson.loads(line)
    return record


def exported(root: Path, format_: str, out: Path, *, checked: bool) -> float:
    """Export the corpus at *root*; return the CPU seconds it took."""
    lines.intact_record, lines.check_line = _CHECKED if checked else (_unchecked, _unchecked)
    began = time.process_time()
    export(root, format_, str(out), Selection(), all_versions=True, options=Options(force=True))
    return time.process_time() - began


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", metavar="DIR", type=Path, help="a corpus")
    parser.add_argument("--turns", type=int, default=9, help="how often each (default: 9)")
    options = parser.parse_args()
    print("| format | without checks, CPU s | with | more |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for format_ in _FORMATS:
            took: dict[bool, list[float]] = {False: [], True: []}
            for turn in range(2 * options.turns):
                checked = turn % 2 == 1
                took[checked].append(exported(options.root, format_, Path(folder) / "out", checked=checked))
            bare, full = median(took[False]), median(took[True])
            print(f"| {format_} | {bare:.3f} | {full:.3f} | {100 * (full / bare - 1):.0f} % |", flush=True)


if __name__ == "__main__":
    main()
