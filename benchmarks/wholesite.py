"""A whole site from web archives: list, count, and crawl all that two archives hold of a site that serves nothing more.

    python benchmarks/wholesite.py [--articles 2000 --held 1400 --captures 4000] [--kills]

The archives are two collections of pywb at two paths, behind a server that gives small index answers and 429s. Prints
for each step the seconds, the greatest memory, and the requests; then how many articles are right. With ``--kills``,
each step is killed (SIGKILL) after some requests and run again. pywb must be installed in the environment of the
archive tools (``make test`` makes it).
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import wholesite
from tests.conftest import RunningReplica
from tests.recover.webarchive import Pywb

_KILLED_AFTER_REQUESTS = {"list": 4, "nearest": 300, "all": 500}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--held", type=int, default=1400)
    parser.add_argument("--captures", type=int, default=4000)
    parser.add_argument("--kills", action="store_true")
    options = parser.parse_args()
    truth = wholesite.Holdings(options.articles, options.held, options.captures)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        replica = RunningReplica(folder, "--articles", str(options.articles), "--gone", "1", "--gone-pictures", "1")
        exchanges = {one: truth.exchanges(replica.url, one) for one in wholesite.COLLECTIONS}
        print({one: len(held) for one, held in exchanges.items()}, "captures in the archives", flush=True)
        pywb = Pywb(folder / "pywb", **exchanges)
        archives = wholesite.SmallPages(pywb)
        try:
            _steps(folder, replica, archives, truth, kills=options.kills)
        finally:
            archives.stop()
            pywb.stop()
            replica.stop()


def _steps(
    folder: Path, replica: RunningReplica, archives: wholesite.SmallPages, truth: wholesite.Holdings, *, kills: bool
) -> None:
    site = wholesite.profile_of(replica.profile, folder, archives)
    captures = folder / "captures.jsonl.gz"
    _step("list", folder, archives, wholesite.list_arguments(site, captures), kills=kills)
    with gzip.open(captures) as stream:
        listed = sum(1 for _ in stream)
    counted = wholesite.run(folder, "captures", "count", captures, "--site", site)
    print(f"{listed:,} captures listed; count: exit code {counted.code}, {counted.mebibytes:.0f} MiB", flush=True)
    print(counted.output[-600:], flush=True)
    for per_article in ("nearest", "all"):
        corpus = folder / per_article
        sent = _step(
            per_article, folder, archives, wholesite.crawl_arguments(captures, site, corpus, per_article), kills=kills
        )
        texts = sum(map(len, truth.texts.values()))
        of = {"nearest": truth.held, "all": listed}[per_article]
        print(f"  {sent / of:.3f} requests for each of {of:,} captures; texts in the archives: {texts:,}")
        print(f"  {wholesite.compare(corpus, truth)} of {truth.held:,}", flush=True)


def _step(name: str, folder: Path, archives: wholesite.SmallPages, arguments: list[object], *, kills: bool) -> int:
    before = archives.counts.total()
    if kills:
        killed = wholesite.run(folder, *arguments, archives=archives, kill_after=_KILLED_AFTER_REQUESTS[name])
        print(f"{name}: killed, exit code {killed.code}", flush=True)
    ran = wholesite.run(folder, *arguments, archives=archives)
    sent = archives.counts.total() - before
    print(f"{name}: exit code {ran.code}, {ran.seconds:.0f} s, {ran.mebibytes:.0f} MiB, {sent:,} requests")
    print(f"  {dict(archives.counts)} since the start, {archives.refused} refused", flush=True)
    if ran.code:
        print(ran.output[-2000:])
    return sent


if __name__ == "__main__":
    main()
