"""How far targets are from the seeds, whatever the order in which their records came, and how far a crawl may go.

What a record lists is one step farther than itself. If a nearer way to the record is found later, what it lists comes
nearer, too, and what that lists in turn. So a crawl gets all that stands within its depth, also if the nearest way
there was fetched last, because a page failed at first.
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
        """Bring nearer to the seeds what is listed by records that are, in a group."""
        pass_on_depths(self._catalogue, self._line_at)

    def listed_by(self, key: str) -> set[str]:
        """Return the keys that the records of *key* list."""
        return _listed_by(self._catalogue, self._line_at, key)

    def allow(self, depth: int | None) -> int:
        """Return how far from the seeds a crawl may go that asks for *depth* (None: as far as crawls could so far).

        corpus.json keeps the greatest depth. Where it has none, as in an older corpus, the one counts that was reached.
        """
        so_far = self._so_far()
        self._allowed = so_far if depth is None else max(depth, so_far)
        if depth is not None:
            self._note(self._allowed)
        return so_far if depth is None else depth

    def take_over(self, depth: int) -> None:
        """Note that crawls of a corpus that is merged into this one went as deep as *depth*."""
        self._note(max(depth, self._so_far()))

    def _so_far(self) -> int:
        kept = describe(self._root).get("depth")
        return Frontier(self._catalogue).greatest_depth() if kept is None else int(kept)

    def _note(self, depth: int) -> None:
        if depth != describe(self._root).get("depth"):
            with write_errors(self._root):
                update_description(self._root, depth=depth)

    def lists_nearer(self, article: Article) -> bool:
        """Return whether *article* lists one that this crawl could ask for, and would not by what the corpus knows."""
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
    """Bring nearer what is listed by archived targets to which a nearer way was found, inside a transaction."""
    while nearer := catalogue.run("SELECT key, depth FROM targets WHERE depth < listed").fetchall():
        for key, depth in nearer:
            _bring_nearer(catalogue, key, depth, _listed_by(catalogue, line_at, key))


def _bring_nearer(catalogue: Catalogue, key: str, depth: int, listed: Iterable[str]) -> None:
    """Note that *key*, at *depth*, lists the keys *listed*: none of them is more than one step farther."""
    catalogue.run("UPDATE targets SET listed = ? WHERE tid = ?", (depth, target_id(key)))
    nearer = depth + 1
    for one in listed:
        catalogue.run("UPDATE targets SET depth = ? WHERE tid = ? AND depth > ?", (nearer, target_id(one), nearer))


def _listed_by(catalogue: Catalogue, line_at: LineAt, key: str) -> set[str]:
    """Return the keys that the records of *key*, in all their versions, list."""
    records = (record_if_intact(line_at(place), catalogue.crc_of) for _, place in catalogue.versions(key))
    intact = filter(None, records)  # verify tells what is wrong with the others
    return {f"{record['site']}/{item['id']}" for record in intact for item in record["related"]}
