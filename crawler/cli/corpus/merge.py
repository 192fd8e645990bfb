"""``scrapy corpus merge OTHER...``."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from crawler.archive.description import PROFILE_NAME
from crawler.archive.intact import Damages
from crawler.archive.near import near_threshold
from crawler.cli.show import note, note_damage, print_json, progress, say
from crawler.corpus.merge.merge import Merged, merge
from crawler.corpus.merge.others import OtherCorpus
from crawler.corpus.merge.remote import RemoteCorpus
from crawler.exceptions import CorpusDamaged
from crawler.inputs import is_remote
from crawler.utils.conf import bytes_of

_WORDS = {
    "added": "added",
    "duplicates": "duplicates",
    "unchanged": "unchanged",
    "earlier": "older than the text held, left out (--all-versions adds them)",
    "refused": "refused as invalid",
    "pictures": "pictures copied",
    "warcs": "WARC files copied",
    "pictures_failed": "pictures missing or not matching their hashes",
}
_ALWAYS = ("added", "duplicates", "unchanged")


def run(root: Path, opts: argparse.Namespace) -> int:
    """Merge other corpora into the one at *root* and print the counts of each; exit code 0, or 5 for damage."""
    with ExitStack() as fetched:
        others = [_other(name, root, fetched) for name in dict.fromkeys(opts.others)]
        with progress("merging") as on_progress:
            merged = merge(
                root,
                others,
                all_versions=opts.all_versions,
                segment_bytes=bytes_of(opts.settings, "ARCHIVE_SEGMENT_MB"),
                near=near_threshold(opts.settings["NEAR_DUPLICATE_THRESHOLD"]),
                on_progress=on_progress,
            )
    for one in merged.values():
        if one.gave_profile:
            note(f"corpus {root} now uses the site profile of {one.other.name} ({PROFILE_NAME})")
    if opts.json:
        print_json({"corpus": str(root), "merged": {one.other.name: one.counts() for one in merged.values()}})
    else:
        for one in merged.values():
            say(f"{one.other.name}: {_counts_of(one)}")
    damaged, flaws = Damages(), list[str]()
    for one in merged.values():
        damaged.add_all(one.damaged)
        flaws += one.other.flaws
    for flaw in flaws:
        note(flaw)
    return note_damage(damaged) or (CorpusDamaged.exit_code if flaws else 0)


def _other(name: str, root: Path, stack: ExitStack) -> OtherCorpus:
    """Return the corpus *name*; what is fetched of one behind a URL is held as long as *stack*."""
    if not is_remote(name):
        return OtherCorpus(Path(name))
    other = RemoteCorpus(name, root)
    with progress(f"fetching lines of {other.name}") as on_progress:
        stack.enter_context(other.fetched(on_progress))
    return other


def _counts_of(one: Merged) -> str:
    counts = one.counts().items()
    return ", ".join(f"{count:,} {_WORDS[name]}" for name, count in counts if count or name in _ALWAYS)
