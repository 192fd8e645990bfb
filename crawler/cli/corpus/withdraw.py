"""``scrapy corpus withdraw KEY... --reason TEXT``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crawler.archive.tombstones import Tombstone, read_tombstones
from crawler.cli.show import print_json, say
from crawler.corpus.withdrawal import Withdrawal, plan_held, withdraw
from crawler.exceptions import ConfigError


def run(root: Path, opts: argparse.Namespace) -> int:
    """Withdraw articles and pictures from the corpus at *root*, or list what was withdrawn; exit code 0."""
    if opts.list_:
        _list(root, opts)
        return 0
    if not opts.keys:
        raise ConfigError("withdraw needs a KEY, or --list")
    if opts.dry_run:
        _show(plan_held(root, opts.keys, near=opts.near), opts, "would be withdrawn")
        return 0
    reason = (opts.reason or "").strip()
    if not reason:
        raise ConfigError("withdraw needs --reason TEXT: it is all that stays, beside the key and the time")
    _show(withdraw(root, opts.keys, reason, near=opts.near), opts, "withdrawn")
    return 0


def _list(root: Path, opts: argparse.Namespace) -> None:
    tombstones = read_tombstones(root)
    if opts.json:
        print_json({"withdrawn": [asdict(one) for one in tombstones]})
        return
    for one in tombstones:
        say(f"{one.key}  {one.withdrawn}  {one.reason}")
    say(f"{len(tombstones):,} withdrawn")


def _show(found: Withdrawal, opts: argparse.Namespace, done: str) -> None:
    if opts.json:
        facts: dict[str, Any] = {name: getattr(found, name) for name in ("same_text", "near", "shared")}
        withdrawn = [asdict(one) for one in found.tombstones]
        print_json({"dry_run": opts.dry_run, "withdrawn": withdrawn, **facts})
        return
    for one in found.tombstones:
        say(f"{one.key}: {_counted(one)} {done}")
    for key in found.same_text:
        say(f"{key}: it has the same text")
    for key in found.near:
        say(f"{key}: it is a near duplicate, and stays; give its key or --near to withdraw it, too")
    for path in found.shared:
        say(f"{path}: another record shows this picture, so it stays; give its path to withdraw it, too")


def _counted(one: Tombstone) -> str:
    if one.is_picture:
        return "the picture"
    return f"{one.versions:,} versions, {len(one.pictures):,} pictures"
