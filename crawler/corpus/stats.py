"""What a corpus holds, counted."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from crawler.archive.description import describe
from crawler.archive.reading import read_catalogue
from crawler.archive.segments import FAMILIES, all_segments, segment_paths
from crawler.corpus.selection import LATEST
from crawler.pages.likeness import groups

_FILES = ("catalogue.sqlite*", "near/*", "search.sqlite*", "warc/*", "runs/*/*", "quarantine/*")
"""Whose bytes are counted, beside the lines and pictures."""


def corpus_stats(root: Path) -> dict[str, Any]:
    """Return what the corpus holds, counted.

    ``records``, ``sources``, ``languages``, ``published`` (by year) and ``months`` count the latest version of each
    key that stands in articles/; ``lines``, ``duplicates``, ``duplicate_kinds``, ``duplicate_rules`` and ``versions``
    (superseded ones too) count lines; ``targets`` the keys by state; ``pictures`` the outcomes of those requested,
    ``picture_groups`` in how many ``groups`` so many ``files`` show the same (:mod:`crawler.pages.likeness`).
    ``bytes`` is what each part takes on the disk, ``record_bytes`` what the lines have uncompressed.
    """
    with read_catalogue(root) as connection:
        latest = _latest(connection)
        stored = "FROM (SELECT DISTINCT sha256, bytes FROM pictures WHERE status = 'stored')"

        def number(query: str) -> int:
            return int(connection.execute(query).fetchone()[0] or 0)

        def counted(query: str) -> dict[str, int]:
            return {str(name): count for name, count in connection.execute(f"{query} GROUP BY 1 ORDER BY 1")}

        return {
            **describe(root),
            "records": latest["kind"],
            "lines": number("SELECT sum(lines) FROM segments"),
            "versions": number("SELECT count(*) FROM records WHERE duplicate_of IS NULL"),
            "duplicates": number("SELECT count(*) FROM records WHERE duplicate_of IS NOT NULL"),
            "duplicate_kinds": counted("SELECT kind, count(*) FROM records WHERE duplicate_of IS NOT NULL"),
            "duplicate_rules": counted(
                "SELECT coalesce(duplicate_rule, 'unknown'), count(*) FROM records WHERE duplicate_of IS NOT NULL"
            ),
            "sources": latest["source"],
            "languages": dict(sorted(latest["language"].items(), key=lambda pair: -pair[1])),
            "published": latest["year"],
            "months": latest["month"],
            "targets": counted("SELECT state, count(*) FROM targets"),
            "pictures": counted("SELECT status, count(*) FROM pictures"),
            "picture_files": number(f"SELECT count(*) {stored}"),
            "picture_bytes": number(f"SELECT sum(bytes) {stored}"),
            "picture_groups": _picture_groups(connection),
            "segment_bytes": sum(path.stat().st_size for path in all_segments(root)),
            "record_bytes": number("SELECT sum(length) FROM records"),
            "bytes": _bytes(root),
        }


def _picture_groups(connection: sqlite3.Connection) -> dict[str, int]:
    rows = connection.execute(
        "SELECT min(phash) FROM pictures WHERE status = 'stored' AND length(phash) = 16 GROUP BY sha256 ORDER BY sha256"
    )
    found = groups(digits for (digits,) in rows)
    return {"groups": len(found), "files": sum(map(len, found))}


def _latest(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Return the latest versions, counted by kind, source, language, year and month, in one pass over all records."""
    names = ("kind", "source", "language", "month", "year")
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    rows = connection.execute(
        "SELECT r.kind, r.source, r.language, substr(r.published, 1, 7) AS month, count(*)"  # noqa: S608 - our own words
        f" FROM records r WHERE {LATEST} GROUP BY 1, 2, 3, 4"
    )
    for *values, count in rows:
        values.append(values[3] and values[3][:4])
        for name, value in zip(names, values, strict=True):
            counts[name]["unknown" if value is None else str(value)] += count
    return {name: dict(sorted(counted.items())) for name, counted in counts.items()}


def _bytes(root: Path) -> dict[str, int]:
    """Return the bytes on the disk of each part of the corpus but its pictures, which would take long to look at."""
    parts = {family: [p for p in segment_paths(root, family) if p.exists()] for family in FAMILIES}
    parts |= {pattern.partition("/")[0].rstrip("*"): list(root.glob(pattern)) for pattern in _FILES}
    return {part: sum(path.stat().st_size for path in paths) for part, paths in parts.items()}
