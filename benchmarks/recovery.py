"""What it takes to have a half-gone site again: a crawl of the replica, half switched off, with pywb for its archive.

    python benchmarks/recovery.py [--depth 2] [--gone 0.5]

Prints what came from where, and the requests to the archive for each article that it gave back. pywb must be installed
in the environment of the archive tools (``make test`` makes it). The archive holds every article that is gone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from crawler.replica import Site
from tests.conftest import RunningReplica
from tests.crawling import crawl, records, write_seed
from tests.recover.webarchive import Pywb, captured, recovering, utc

SEEDS = range(1793350, 1793380, 3)
DATES = (utc(2014, 6, 1), utc(2016, 3, 1), utc(2017, 9, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--gone", type=float, default=0.5)
    options = parser.parse_args()
    whole, half = Site(missing=0, soft_missing=0), Site(missing=0, soft_missing=0, gone=options.gone)
    with tempfile.TemporaryDirectory() as folder:
        tmp = Path(folder)
        replica = RunningReplica(tmp, "--missing", "0", "--soft-missing", "0", "--gone", str(options.gone))
        ids = [*SEEDS, *map(whole.id_at, range(whole.articles))]
        gone = [one for one in ids if half.gone_kind(one)]
        held = [
            exchange
            for one in gone
            for date in DATES
            for exchange in captured(replica.url, f"/news/{one}", date, whole)
        ]
        pywb = Pywb(tmp / "pywb", web=held)
        try:
            rates = {"cdx_per_minute": 60_000, "captures_per_minute": 60_000}
            site = recovering(replica.profile, tmp, wayback=pywb.url, cdx=f"{pywb.url}/web-index", **rates)
            seed = write_seed(tmp / "seed.txt", *SEEDS)
            done = crawl(seed, tmp / "corpus", site, f"depth={options.depth}", settings=("IMAGES_FETCH=none",))
            (path,) = (tmp / "corpus" / "runs").glob("*/stats.json")
            stats = json.loads(path.read_text())["stats"]
        finally:
            pywb.stop()
            replica.stop()
        kept = {one["key"]: one for one in records(tmp / "corpus") + records(tmp / "corpus", "duplicates")}
    sources = Counter((one["kind"], one["capture"]["source"]) for one in kept.values() if one["kind"] != "seed")
    index, captures = (stats.get(f"gleaner/recover/requests/{name}", 0) for name in ("wayback-cdx", "wayback"))
    recovered = sources["article", "wayback"]
    print(f"exit code {done.returncode}; {len(held):,} captures of {len(gone):,} gone articles in the archive")
    for (kind, source), count in sorted(sources.items()):
        print(f"{kind:<8} from {source:<8} {count:>6,}")
    print(f"requests to the archive: {index:,} to its index, {captures:,} for captures")
    print(f"for each recovered article: {(index + captures) / max(1, recovered):.2f}")
    print(f"seconds: {stats['elapsed_time_seconds']:.0f}")


if __name__ == "__main__":
    main()
