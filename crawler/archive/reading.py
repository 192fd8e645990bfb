"""Looking into a corpus without writing to it, also while a crawl does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from crawler.archive.corpus import describe
from crawler.archive.recovery import CATALOGUE_NAME
from crawler.archive.segments import FAMILIES, segment_paths
from crawler.exceptions import CorpusDamaged


@contextmanager
def read_catalogue(root: Path) -> Iterator[sqlite3.Connection]:
    """Open the catalogue of the corpus at *root* for reading; raise ``CorpusError`` if there is none to read."""
    describe(root)
    path = root / CATALOGUE_NAME
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection
    except sqlite3.Error as error:
        message = f"its catalogue cannot be read ({error}); scrapy corpus repair makes it anew"
        raise CorpusDamaged(str(root), message) from error


def corpus_stats(root: Path) -> dict[str, Any]:
    """Return what the corpus holds, counted: records by kind, targets by state, pictures by status, bytes."""
    with read_catalogue(root) as connection:

        def count(query: str) -> dict[str, int]:
            return {str(name): number for name, number in connection.execute(query)}

        latest = "SELECT tid, max(version) AS version FROM records GROUP BY tid"
        kept = f"({latest}) JOIN records USING (tid, version) WHERE duplicate_of IS NULL"
        (pictures, picture_bytes) = connection.execute(
            "SELECT count(*), total(bytes) FROM (SELECT DISTINCT sha256, bytes FROM pictures WHERE status = 'stored')"
        ).fetchone()
        return {
            **describe(root),
            "records": count(f"SELECT kind, count(*) FROM {kept} GROUP BY kind ORDER BY kind"),  # noqa: S608
            "lines": sum(lines for (lines,) in connection.execute("SELECT lines FROM segments")),
            "duplicates": count(
                "SELECT CASE WHEN duplicate_of IS NULL THEN 'kept' ELSE 'duplicate' END, count(*)"
                " FROM records GROUP BY 1"
            ).get("duplicate", 0),
            "sources": count(f"SELECT source, count(*) FROM {kept} GROUP BY source ORDER BY source"),  # noqa: S608
            "languages": count(f"SELECT language, count(*) FROM {kept} GROUP BY language ORDER BY 2 DESC"),  # noqa: S608
            "published": count(
                "SELECT coalesce(substr(published, 1, 4), 'unknown'), count(*)"  # noqa: S608
                f" FROM {kept} GROUP BY 1 ORDER BY 1"
            ),
            "targets": count("SELECT state, count(*) FROM targets GROUP BY state ORDER BY state"),
            "pictures": count("SELECT status, count(*) FROM pictures GROUP BY status ORDER BY status"),
            "picture_files": pictures,
            "picture_bytes": int(picture_bytes),
            "segment_bytes": sum(p.stat().st_size for family in FAMILIES for p in segment_paths(root, family)),
        }
