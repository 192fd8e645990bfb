"""``scrapy corpus duplicates [KEY]``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from crawler.cli.show import note_damage, print_changes, print_json, say
from crawler.corpus.duplicates import Cluster, Repeat, clusters
from crawler.corpus.history import text_of
from crawler.corpus.worddiff import word_diff

_FACTS = ("kind", "title", "url", "published", "version")
_REPEATED = ("near_duplicate_of", "similarity", "duplicate_rule")
_RULES = {
    "text": "it has the same text",
    "url": "it has the same URL",
    "shorter": "it is shorter",
    "undated": "it has no date of its own",
    "pictureless": "it has no picture",
    "later": "it came later",
}
_MAX_EQUAL_WORDS = 40


def run(root: Path, opts: argparse.Namespace) -> int:
    """Print the records in duplicates/ of the corpus at *root*, the records that they repeat, and the differences."""
    found = clusters(root, opts.key, limit=opts.limit)
    if opts.json:
        shown = [_fields(cluster) for cluster in found.shown]
        print_json({"clusters": found.clusters, "duplicates": found.duplicates, "shown": shown})
        return note_damage(found.damaged)
    for cluster in found.shown:
        _print(cluster, whole=opts.key is not None)
    if opts.key is None:
        left = f"; {len(found.shown):,} largest shown" if len(found.shown) < found.clusters else ""
        say(f"{found.duplicates:,} duplicates of {found.clusters:,} records{left}")
    elif not found.shown:
        say(f"{opts.key}: it has no duplicates")
    return note_damage(found.damaged)


def _fields(cluster: Cluster) -> dict[str, Any]:
    repeats = [
        {"key": one.key, **_facts(one.record, (*_FACTS, *_REPEATED)), "diff": _diff(cluster, one)}
        for one in cluster.repeats
    ]
    return {"key": cluster.key, **_facts(cluster.record, _FACTS), "repeats": repeats}


def _facts(record: dict[str, Any] | None, names: tuple[str, ...]) -> dict[str, Any]:
    return {"damaged": record is None, **{name: (record or {}).get(name) for name in names}}


def _diff(cluster: Cluster, one: Repeat) -> list[dict[str, str]] | None:
    if cluster.record is None or one.record is None:
        return None
    return [change._asdict() for change in word_diff(text_of(cluster.record), text_of(one.record))]


def _print(cluster: Cluster, *, whole: bool) -> None:
    say(f"{cluster.key}  {_summary(cluster.record)}")
    for one in cluster.repeats:
        say(f"  {one.key}  {_summary(one.record)}")
        if one.record is None:
            continue
        say(f"    {_kept_reason(one, cluster)}")
        if cluster.record is None:
            continue
        changes = word_diff(text_of(cluster.record), text_of(one.record))
        if any(change.kind != "equal" for change in changes):
            print_changes(changes, indent="    ", most=None if whole else _MAX_EQUAL_WORDS)
    say("")


def _summary(record: dict[str, Any] | None) -> str:
    if record is None:
        return "its line is lost or damaged; see scrapy corpus verify"
    facts = (record.get("title"), record.get("published") and str(record["published"])[:10], record.get("url"))
    return " · ".join(str(fact) for fact in facts if fact)


def _kept_reason(one: Repeat, cluster: Cluster) -> str:
    """Return why a record is in duplicates/, as text."""
    record = one.record or {}
    rule = str(record.get("duplicate_rule") or "unknown")
    why = _RULES.get(rule.removeprefix("moved-"), rule)
    similarity = record.get("similarity")
    parts = [
        f"similarity {similarity:.2f}" if isinstance(similarity, float) and rule not in {"text", "url"} else "",
        why,
    ]
    parts.append("it was in articles/ before" if rule.startswith("moved-") else "")
    parts.append(f"compared with {one.of}" if one.of != cluster.key else "")
    return "; ".join(part for part in parts if part)
