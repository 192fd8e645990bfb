"""``scrapy corpus history KEY``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from crawler.archive.intact import Damages
from crawler.cli.show import note_damage, print_changes, print_json, say
from crawler.corpus.history import Version, history, whole_text
from crawler.corpus.worddiff import Change, word_diff
from crawler.exceptions import ConfigError


def run(root: Path, opts: argparse.Namespace) -> int:
    """Print the versions of a key in the corpus at *root*, and the differences between two of them.

    Exit code 0, or 5 if one of them is damaged.
    """
    versions = history(root, opts.key)
    damaged = Damages()
    for version in versions:
        if version.damage:
            damaged.add(version.damage)
    pair = _pair(versions, opts)
    changes = word_diff(*map(whole_text, pair)) if pair else []
    if opts.json:
        print_json({"versions": [_facts(version) for version in versions], "diff": _diff(pair, changes)})
        return note_damage(damaged)
    for version in versions:
        say(_line(version))
    if pair:
        say("")
        say(f"From version {pair[0].version} to {pair[1].version}:")
        print_changes(changes)
    return note_damage(damaged)


def _pair(versions: list[Version], opts: argparse.Namespace) -> tuple[Version, Version] | None:
    """Return the two versions to compare: those given, otherwise the last two; None if there is only one."""
    numbered = {version.version: version for version in versions}
    if len(versions) == 1 and opts.from_ is None and opts.to is None:
        return None
    newer = versions[-1].version if opts.to is None else opts.to
    earlier = [number for number in numbered if number < newer]
    older = opts.from_ if opts.from_ is not None else max(earlier, default=newer)
    for number in (older, newer):
        if number not in numbered:
            raise ConfigError(f"version {number} does not exist; there are {', '.join(map(str, numbered))}")
    return numbered[older], numbered[newer]


def _diff(pair: tuple[Version, Version] | None, changes: list[Change]) -> dict[str, Any] | None:
    if pair is None:
        return None
    older, newer = pair
    return {"from": older.version, "to": newer.version, "changes": [change._asdict() for change in changes]}


def _facts(version: Version) -> dict[str, Any]:
    record = version.record or {}
    names = ("kind", "title", "published", "run", "capture", "content_sha256", "duplicate_rule")
    facts = {"version": version.version, **{name: record.get(name) for name in names}}
    words = len(str(record.get("text") or "").split())
    place = version.place._asdict()
    return {**facts, "words": words, "duplicate_of": version.duplicate_of, "place": place, "damaged": not record}


def _line(version: Version) -> str:
    facts = _facts(version)
    if facts["damaged"]:
        return f"{version.version}  damaged: {version.place.segment} at {version.place.offset}"
    capture = facts["capture"] if isinstance(facts["capture"], dict) else {}
    what = f"{facts['kind']} from {capture.get('source')}, {facts['words']:,} words, run {facts['run']}"
    repeated = f", a duplicate of {version.duplicate_of}" if version.duplicate_of else ""
    repeated += f" ({rule})" if (rule := facts["duplicate_rule"]) else ""
    return f"{version.version}  {capture.get('fetched') or 'no date':<25}  {what}{repeated}"
