"""A record with its neighbours: what the page of a record shows."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from crawler.archive.intact import Damage, NotIntactError, crcs_of, intact_record
from crawler.archive.pictures import stored_pictures
from crawler.archive.places import line_at
from crawler.archive.reading import read_catalogue
from crawler.archive.segments import LinePlace
from crawler.exceptions import CorpusDamaged
from crawler.frontier.targets import target_id

_MAX_NEIGHBOURS = 200


class Neighbour(NamedTuple):
    """A key that a record lists, or that lists it. ``state`` None: the corpus has not heard of it."""

    key: str
    title: str | None
    state: str | None
    archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A record: its ``facts`` (those that are words), the ``line`` as it is on the disk, pictures, and neighbours."""

    facts: dict[str, str]
    authors: list[str]
    line: bytes
    pictures: list[str]
    lists: list[Neighbour]
    listed_by: list[Neighbour]
    versions: int


def look_up(root: Path, key: str) -> Looked | None:
    """Return the record of *key* in the corpus at *root*: its latest version, in articles/ or duplicates/.

    None if nothing is archived under it. Raises ``CorpusDamaged`` if its line is not the one that was written.
    """
    tid = target_id(key)
    with read_catalogue(root) as connection:
        rows = connection.execute(
            "SELECT r.segment, r.offset, r.length FROM records r JOIN targets t USING (tid)"
            " WHERE tid = ? AND key = ? ORDER BY version DESC",
            (tid, key),
        ).fetchall()
        if not rows:
            return None
        line = line_at(root, LinePlace(*rows[0]))
        try:
            record = intact_record(line, crcs_of(connection))
        except NotIntactError as error:
            raise CorpusDamaged(str(root), str(Damage(LinePlace(*rows[0]), key, str(error)))) from error
        authors = record.get("authors")
        return Looked(
            facts=_facts(record),
            authors=[name for name in authors if isinstance(name, str)] if isinstance(authors, list) else [],
            line=line,
            pictures=stored_pictures(record),
            lists=_lists(connection, record),
            listed_by=_listed_by(connection, tid),
            versions=len(rows),
        )


def _facts(record: dict[str, Any]) -> dict[str, str]:
    """Return what a page shows of *record*, whoever wrote its line: what is no text there is left out."""
    capture = record.get("capture")
    source = capture.get("source") if isinstance(capture, dict) else None
    return {name: value for name, value in {**record, "source": source}.items() if isinstance(value, str) and value}


_NODE_SQL = "t.key, t.title, t.state, EXISTS (SELECT 1 FROM records r WHERE r.tid = t.tid)"


def _lists(connection: sqlite3.Connection, record: dict[str, Any]) -> list[Neighbour]:
    """Return what *record* lists as related, in its order."""
    related = record.get("related")
    found = []
    for item in related[:_MAX_NEIGHBOURS] if isinstance(related, list) else ():
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            continue
        key = f"{record.get('site')}/{item['id']}"
        row = connection.execute(f"SELECT {_NODE_SQL} FROM targets t WHERE tid = ?", (target_id(key),)).fetchone()  # noqa: S608
        title = item.get("title") if isinstance(item.get("title"), str) else None
        found.append(
            Neighbour(key, title or row[1], row[2], bool(row[3])) if row else Neighbour(key, title, None, False)
        )
    return found


def _listed_by(connection: sqlite3.Connection, tid: int) -> list[Neighbour]:
    rows = connection.execute(
        f"SELECT {_NODE_SQL} FROM edges e JOIN targets t ON t.tid = e.source WHERE e.target = ? ORDER BY t.key LIMIT ?",  # noqa: S608
        (tid, _MAX_NEIGHBOURS),
    )
    return [Neighbour(key, title, state, bool(archived)) for key, title, state, archived in rows]
