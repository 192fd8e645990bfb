"""``python -m tests.zoo``: print the table expected.tsv; with a folder, write the files there."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.zoo.archives import ODDITIES
from tests.zoo.outcomes import harvested, recovered, replayed, served


def main() -> None:
    if len(sys.argv) > 1:
        for name, oddity in ODDITIES.items():
            stem = "".join(letter if letter.isalnum() else "-" for letter in name)
            (Path(sys.argv[1]) / f"{stem}.{oddity.ending}").write_bytes(oddity.make())
        return
    rows = ["oddity\tharvest\treplay\trecovery\tserver"]
    with tempfile.TemporaryDirectory() as folder:
        for name, oddity in ODDITIES.items():
            row = harvested(oddity, Path(folder)), replayed(oddity, Path(folder)), recovered(oddity), served(name)
            rows.append("\t".join([name, *row]))
    sys.stdout.write("\n".join([*rows, ""]))


if __name__ == "__main__":
    main()
