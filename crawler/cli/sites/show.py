"""``scrapy sites show``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import orjson

from crawler.cli.show import print_json, say
from crawler.sites import SiteProfile, load_profile

_KEYS = {"article_templates": "article_urls", "image_templates": "image_urls", "flat_templates": "flat_image_urls"}
"""The keys of ``[recover]`` that have other names than the fields of Recovery."""


def run(_root: Path, opts: argparse.Namespace) -> int:
    """Print a profile with its defaults."""
    profile = load_profile(opts.site)
    if opts.json:
        print_json(resolved(profile))
    else:
        for line in toml_lines(resolved(profile)):
            say(line)
    return 0


def resolved(profile: SiteProfile) -> dict[str, Any]:
    """Return the table of *profile*, with every key that has a value, and ``origins``: where requests may go."""
    recovery = profile.recovery
    archives = [{key: value for key, value in asdict(one).items() if value is not None} for one in recovery.archives]
    recover = {
        _KEYS.get(one.name, one.name): getattr(recovery, one.name)
        for one in fields(recovery)
        if one.name != "archives" and getattr(recovery, one.name) not in {None, ()}
    }
    return {
        "name": profile.name,
        "language": profile.language,
        "timezone": profile.zone.key,
        "article": {
            "urls": profile.article_templates,
            "hosts": profile.article_hosts,
            "id_pattern": profile.id_pattern.pattern,
        },
        "image": {"urls": profile.image_templates, "flat_urls": profile.flat_templates},
        "extract": dict(profile.selectors),
        "recover": {**recover, "archives": archives},
        "known": [{"id": article_id, "date": day.isoformat()} for article_id, day in profile.known],
        "origins": sorted(f"{host}:{port}" for host, port in profile.origins),
    }


def toml_lines(table: dict[str, Any]) -> Iterator[str]:
    """Yield *table* as TOML; the hosts are a comment, since they follow from the URLs."""
    yield f"# Requests may go to {', '.join(table['origins'])}"
    for key in ("name", "language", "timezone"):
        if table[key] is not None:
            yield f"{key} = {_value(table[key])}"
    for name in ("article", "image", "extract", "recover"):
        rows = {key: value for key, value in table[name].items() if value not in ((), [], None)}
        if plain := {key: value for key, value in rows.items() if key != "archives"}:
            yield ""
            yield f"[{name}]"
            for key, value in plain.items():
                yield from _lines(key, value)
        for archive in rows.get("archives", ()):
            yield ""
            yield "[[recover.archives]]"
            for key, value in archive.items():
                yield from _lines(key, value)
    for point in table["known"]:
        yield ""
        yield "[[known]]"
        yield f"id = {point['id']}"
        yield f"date = {point['date']}"


def _lines(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, tuple):
        yield f"{key} = ["
        yield from (f"    {_value(one)}," for one in value)
        yield "]"
    elif key == "id_pattern" and "'" not in value:
        yield f"{key} = '{value}'"
    else:
        yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    return orjson.dumps(value).decode() if isinstance(value, str) else f"{value:g}"
