"""How far targets are from the seeds, in whatever order their records came, and how far a crawl may go.

A target is one step farther than the record that lists it. If a shorter way to the record is found later, its targets
come nearer too, and theirs in turn. So a crawl fetches everything within its depth, even if the shortest way was
fetched last because a page failed at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from crawler.archive.catalogue import Catalogue
from crawler.archive.description import describe, update_description
from crawler.archive.files import write_errors
from crawler.archive.intact import record_if_intact
from crawler.archive.segments import LinePlace
from crawler.frontier.local import Frontier
from crawler.frontier.targets import target_id
from crawler.items import Article

LineAt = Callable[[LinePlace], bytes]


class Depths:
    """The depths of the corpus at *root*. *line_at* returns the line at a place."""

    def __init__(self, root: Path, catalogue: Catalogue, line_at: LineAt) -> None:
        self._root = root
        self._catalogue = catalogue
        self._line_at = line_at
        self._allowed: int | None = None

    def pass_on(self) -> None:
        """Correct the depths of targets listed by records that came nearer to the seeds, in a group."""
        pass_on_depths(self._catalogue, self._line_at)

    def listed_by(self, key: str) -> set[str]:
        """Return the keys that the records of *key* list."""
        return _listed_by(self._catalogue, self._line_at, key)

    def allow(self, depth: int | None) -> int:
        """Return how far from the seeds a crawl with *depth* may go (None: as far as earlier crawls could).

        corpus.json keeps the greatest depth. An older corpus has none there; then the depth that was reached counts.
        """
        so_far = self._depth_so_far()
        self._allowed = so_far if depth is None else max(depth, so_far)
        if depth is not None:
            self._note(self._allowed)
        return so_far if depth is None else depth

    def take_over(self, depth: int) -> None:
        """Note that crawls of a merged corpus went as deep as *depth*."""
        self._note(max(depth, self._depth_so_far()))

    def _depth_so_far(self) -> int:
        kept = describe(self._root).get("depth")
        return Frontier(self._catalogue).max_requested_depth() if kept is None else int(kept)

    def _note(self, depth: int) -> None:
        if depth != describe(self._root).get("depth"):
            with write_errors(self._root):
                update_description(self._root, depth=depth)

    def lists_nearer(self, article: Article) -> bool:
        """Return whether *article* brings a target within this crawl's depth that the corpus knows as farther away."""
        if self._allowed is None or article.depth >= self._allowed or not article.related:
            return False
        tids = {target_id(f"{article.site}/{item.id}") for item in article.related}
        query = (
            "SELECT count(*) FROM targets WHERE tid IN (SELECT value FROM json_each(?))"
            " AND (depth <= ? OR state != 'pending')"
        )
        (near,) = self._catalogue.run(query, (orjson.dumps(list(tids)).decode(), article.depth + 1)).fetchone()
        return int(near) < len(tids)


def pass_on_depths(catalogue: Catalogue, line_at: LineAt) -> None:
    """Correct the depths of targets listed by archived targets that came nearer, inside a transaction."""
    while nearer := catalogue.run("SELECT key, depth FROM targets WHERE depth < listed").fetchall():
        for key, depth in nearer:
            _bring_nearer(catalogue, key, depth, _listed_by(catalogue, line_at, key))


def _bring_nearer(catalogue: Catalogue, key: str, depth: int, listed: Iterable[str]) -> None:
    """Note that *key*, at *depth*, lists the keys *listed*; each is at most one step farther."""
    catalogue.run("UPDATE targets SET listed = ? WHERE tid = ?", (depth, target_id(key)))
    nearer = depth + 1
    for one in listed:
        catalogue.run("UPDATE targets SET depth = ? WHERE tid = ? AND depth > ?", (nearer, target_id(one), nearer))


def _listed_by(catalogue: Catalogue, line_at: LineAt, key: str) -> set[str]:
    """Return the keys that the records of *key*, in all their versions, list."""
    records = (record_if_intact(line_at(place), catalogue.crc_of) for _, place in catalogue.versions(key))
    intact = filter(None, records)  # verify reports the others
    return {f"{record['site']}/{item['id']}" for record in intact for item in record["related"]}
