"""``scrapy corpus merge OTHER...``."""

from __future__ import annotations

import argparse
from pathlib import Path

from crawler.archive.description import PROFILE_NAME
from crawler.archive.intact import Damages
from crawler.archive.near import near_threshold
from crawler.cli.show import note, note_damage, print_json, progress, say
from crawler.corpus.merge.merge import Merged, merge
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
    """Merge other corpora into the one at *root* and print the counts of each; exit code 0, or 5 for damaged lines."""
    others = list(dict.fromkeys(map(Path, opts.others)))
    with progress("merging") as on_progress:
        merged = merge(
            root,
            others,
            all_versions=opts.all_versions,
            segment_bytes=bytes_of(opts.settings, "ARCHIVE_SEGMENT_MB"),
            near=near_threshold(opts.settings["NEAR_DUPLICATE_THRESHOLD"]),
            on_progress=on_progress,
        )
    for other, one in merged.items():
        if one.gave_profile:
            note(f"corpus {root} now uses the site profile of {other} ({PROFILE_NAME})")
    if opts.json:
        print_json({"corpus": str(root), "merged": {str(other): one.counts() for other, one in merged.items()}})
    else:
        for other, one in merged.items():
            say(f"{other}: {_counts_of(one)}")
    damaged = Damages()
    for one in merged.values():
        damaged.add_all(one.damaged)
    return note_damage(damaged)


def _counts_of(one: Merged) -> str:
    counts = one.counts().items()
    return ", ".join(f"{count:,} {_WORDS[name]}" for name, count in counts if count or name in _ALWAYS)
