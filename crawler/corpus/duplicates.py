"""Clusters of duplicates: a record that stands in articles/, and those in duplicates/ that repeat it.

A duplicate names the record that was better when it came; if that went to duplicates/ too, its better one counts, and
so on. Only where keys stand now counts: the highest version of each.
"""

from __future__ import annotations

import sqlite3
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from crawler.archive.description import describe
from crawler.archive.intact import Damage, Damages, NotIntactError, crcs_of, intact_record
from crawler.archive.places import lines_at
from crawler.archive.reading import read_catalogue
from crawler.archive.segments import LinePlace
from crawler.corpus.selection import STATE
from crawler.exceptions import ConfigError
from crawler.frontier.targets import target_id

_MAX_CHAIN_KEYS = 100

_MEMBERS = f"""
CREATE TEMP TABLE members AS
    SELECT t.key AS key, r.duplicate_of AS of, r.duplicate_of AS kept, r.segment, r.offset, r.length
    FROM records r JOIN targets t USING (tid) WHERE r.duplicate_of IS NOT NULL AND {STATE}"""  # noqa: S608 - our own words
_FOLLOW = """
UPDATE members SET kept = (SELECT m.of FROM members m WHERE m.key = members.kept)
WHERE kept IN (SELECT key FROM members)"""


class Repeat(NamedTuple):
    """A duplicate: its key, the record in its line (None: it is damaged), and the key that the line names."""

    key: str
    of: str
    record: dict[str, Any] | None


class Cluster(NamedTuple):
    """The key that stands in articles/, the record in its line (None: it is lost or damaged), and what repeats it."""

    key: str
    record: dict[str, Any] | None
    repeats: list[Repeat]


class Clusters(NamedTuple):
    """The selected ones, of so many in all, with so many duplicates; and which of their lines are damaged."""

    shown: list[Cluster]
    clusters: int
    duplicates: int
    damaged: Damages


def clusters(root: Path, key: str | None = None, *, limit: int) -> Clusters:
    """Return the *limit* largest clusters of the corpus at *root*, or the one that *key* is in, if there is one.

    A bare id is a key of the corpus's site. Raises ``ConfigError`` if the corpus does not know *key*, ``CorpusError``
    if there is none.
    """
    if key is not None and "/" not in key:
        key = f"{describe(root).get('site')}/{key}"
    with read_catalogue(root) as connection:
        connection.execute("PRAGMA temp_store = FILE")  # memory stays flat, however many there are
        connection.execute(_MEMBERS)
        connection.execute("CREATE INDEX temp.members_key ON members (key)")
        for _ in range(_MAX_CHAIN_KEYS):
            if not connection.execute(_FOLLOW).rowcount:
                break
        connection.execute("CREATE INDEX temp.members_kept ON members (kept)")
        connection.commit()
        total = connection.execute("SELECT count(DISTINCT kept), count(*) FROM members").fetchone()
        kept = _largest(connection, limit) if key is None else [_kept(connection, key)]
        found = [(one, _place(connection, one), _repeats(connection, one)) for one in kept]
        keys = {place: one for one, place, _ in found if place}
        keys |= {at: one for _, _, repeats in found for one, _, at in repeats}
        damaged = Damages()
        records = _records(root, connection, keys, damaged)
    shown = [
        Cluster(one, records[place] if place else None, [Repeat(key, of, records[at]) for key, of, at in repeats])
        for one, place, repeats in found
        if repeats
    ]
    return Clusters(shown, total[0], total[1], damaged)


def _records(
    root: Path, connection: sqlite3.Connection, keys: dict[LinePlace, str], damaged: Damages
) -> dict[LinePlace, dict[str, Any] | None]:
    """Read the lines of *keys*, segment by segment: one that is compressed is read once for all of them."""
    records: dict[LinePlace, dict[str, Any] | None] = {}
    crc_of = crcs_of(connection)
    for segment, places_in_segment in groupby(sorted(keys), key=lambda place: place.segment):
        for place, raw in lines_at(root, segment, [(place.offset, place.length) for place in places_in_segment]):
            try:
                records[place] = intact_record(raw, crc_of)
            except NotIntactError as error:
                records[place] = None
                damaged.add(Damage(place, keys[place], str(error)))
    return records


def _largest(connection: sqlite3.Connection, limit: int) -> list[str]:
    rows = connection.execute("SELECT kept FROM members GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ?", (limit,))
    return [str(kept) for (kept,) in rows]


def _kept(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute("SELECT kept FROM members WHERE key = ?", (key,)).fetchone()
    if row is None and _place(connection, key) is None:
        raise ConfigError(f"{key}: nothing is archived under this key")
    return str(row[0]) if row else key


def _place(connection: sqlite3.Connection, key: str) -> LinePlace | None:
    """Return where the line is that says what is known of *key* now."""
    row = connection.execute(
        "SELECT segment, offset, length FROM records JOIN targets USING (tid) WHERE tid = ? AND key = ?"
        " ORDER BY version DESC LIMIT 1",
        (target_id(key), key),
    ).fetchone()
    return row and LinePlace(*row)


def _repeats(connection: sqlite3.Connection, kept: str) -> list[tuple[str, str, LinePlace]]:
    rows = connection.execute(
        "SELECT key, of, segment, offset, length FROM members WHERE kept = ? ORDER BY key", (kept,)
    )
    return [(key, of, LinePlace(*place)) for key, of, *place in rows]
