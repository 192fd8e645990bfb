"""``scrapy corpus reextract``."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from crawler.archive import Corpus
from crawler.archive.description import describe
from crawler.archive.files import write_errors
from crawler.archive.intact import Damages
from crawler.archive.near import near_threshold
from crawler.archive.places import line_at
from crawler.archive.profilechoice import ChosenProfile, choose_profile
from crawler.archive.reading import read_catalogue
from crawler.archive.recurring import known_boilerplate
from crawler.cli.cluster import pool_of
from crawler.cli.show import note, note_damage, print_json, progress, say
from crawler.corpus.history import history
from crawler.corpus.reextract import (
    DRAFT_NAME,
    Draft,
    difference,
    extract_again,
    extract_pages,
    fingerprint,
    works,
    write,
)
from crawler.corpus.worddiff import word_diff
from crawler.exceptions import ConfigError, CorpusDamaged
from crawler.extensions.readers import reading_time, rules_off
from crawler.items import Article
from crawler.jsonl import decode
from crawler.pages.facts import Cleaning
from crawler.runs.record import new_run
from crawler.utils.conf import bytes_of, whole

_MAX_SHOWN = 10


def run(root: Path, opts: argparse.Namespace) -> int:
    """Extract the articles of the corpus at *root* again, show the differences, and write them if asked to."""
    chosen = _chosen(root, opts.site)
    profile, settings = chosen.profile, opts.settings
    off = rules_off(settings)
    with read_catalogue(root) as catalogue:
        boilerplate = known_boilerplate(catalogue)
    seconds = reading_time(settings)
    default = None if whole(settings, "EXTRACT_PROCESSES") else "processes:0"
    job = partial(extract_again, root.absolute(), profile, Cleaning(off, boilerplate), new_run())
    with write_errors(root, DRAFT_NAME), closing(Draft(root / DRAFT_NAME, fingerprint(profile, off))) as draft:
        damaged = Damages()
        with pool_of(opts, default) as pool, progress("reading pages") as on_progress:
            todo = works(root, draft, on_progress, damaged)
            with closing(todo):
                extract_pages(pool, job, todo, draft, opts.retries, seconds)
        if opts.key:
            return _show_key(root, draft, opts) or note_damage(damaged)
        counts, fields = draft.counts(), draft.field_counts()
        if not opts.json:
            _show(counts, fields, draft)
        waiting = counts.get("changed", 0)
        if waiting and not opts.dry_run and (opts.yes or _agreed(waiting)):
            threshold = near_threshold(settings["NEAR_DUPLICATE_THRESHOLD"])
            corpus = Corpus(root, profile.name, segment_bytes=bytes_of(settings, "ARCHIVE_SEGMENT_MB"))
            with closing(corpus), progress("writing") as on_progress:
                if threshold is not None:
                    corpus.find_near_duplicates(threshold)
                corpus.keep_profile(chosen.content)
                write(draft, corpus, lambda done: on_progress(done, waiting))
        written = draft.counts()
        if opts.json:
            print_json({"outcomes": written, "fields": fields, "lost": draft.keys("lost", _MAX_SHOWN)})
        elif waiting:
            say(f"{written.get('written', 0):,} new versions written" if "written" in written else "nothing written")
    return note_damage(damaged) or (CorpusDamaged.exit_code if counts.get("failed") else 0)


def _chosen(root: Path, given: str | None) -> ChosenProfile:
    """Return the site profile to extract with; print a note if it is not the one that the corpus keeps."""
    site = str(describe(root)["site"])
    chosen = choose_profile(root, given, default=site)
    if chosen.profile.name != site:
        raise ConfigError(
            f"corpus {root} belongs to the site {site!r}, not {chosen.profile.name!r}: give another --site"
        )
    if chosen.remark:
        note(chosen.remark)
    return chosen


def _show(counts: dict[str, int], fields: dict[str, int], draft: Draft) -> None:
    total = sum(counts.values())
    shown = ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"
    say(f"{total:,} articles extracted again: {shown}")
    for name, count in fields.items():
        say(f"  {name:<16} differs in {count:,}")
    for key in draft.keys("lost", _MAX_SHOWN):
        say(f"{key}: no text was found; the article is left unchanged")
    for key, reason in draft.failures(_MAX_SHOWN):
        say(f"{key}: {reason}")


def _show_key(root: Path, draft: Draft, opts: argparse.Namespace) -> int:
    """Print what would change in the article ``opts.key``, field by field."""
    new = draft.remade(opts.key)
    if new is None:
        version = draft.version(opts.key)
        if version is None:
            raise ConfigError(f"--key {opts.key}: no article with this key has its page in the corpus's WARC files")
        if opts.json:
            print_json({"key": opts.key, "version": version, "changed": {}})
        else:
            say(f"{opts.key}: no changes")
        return 0
    old = _version_before(root, new)
    changed: dict[str, tuple[Any, Any]] = {
        name: (getattr(old, name), getattr(new, name)) for name in difference(old, new)
    }
    if opts.json:
        print_json({"key": new.key, "version": old.version, "changed": changed})
        return 0
    for name, (before, after) in changed.items():
        if name == "text":
            runs = word_diff(before or "", after or "")
            marked = (f"[-{text}-]" if kind == "removed" else f"{{+{text}+}}" for kind, text in runs if kind != "equal")
            say(f"{name}: {' '.join(marked)}")
        else:
            say(f"{name}: {before!r} -> {after!r}")
    return 0


def _version_before(root: Path, new: Article) -> Article:
    """Return the record that *new* would be a new version of."""
    held = next(version for version in history(root, new.key) if version.version == new.version)
    if held.damage:
        raise CorpusDamaged(str(root), str(held.damage))
    return decode(line_at(root, held.place))


def _agreed(waiting: int) -> bool:
    """Ask the user whether to write; without a terminal the answer is no."""
    if not sys.stdin.isatty():
        say("nothing was written: confirm with --yes")
        return False
    say(f"Write {waiting:,} new versions? [y/N]")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
