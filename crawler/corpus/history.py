"""The versions of a key: when each was obtained, by which run, from where, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from crawler.archive.description import describe
from crawler.archive.intact import Damage, NotIntactError, crcs_of, intact_record
from crawler.archive.places import line_at
from crawler.archive.reading import read_catalogue
from crawler.archive.segments import LinePlace
from crawler.exceptions import ConfigError
from crawler.frontier.targets import target_id


class Version(NamedTuple):
    """A version: where its line is, and the record in it; None if the line is damaged.

    ``duplicate_of`` is the key whose text it repeats, if its line is in duplicates/; ``damage`` is what is wrong with
    the line.
    """

    version: int
    duplicate_of: str | None
    place: LinePlace
    record: dict[str, Any] | None
    damage: Damage | None = None


def history(root: Path, key: str) -> list[Version]:
    """Return all versions of *key* in the corpus at *root*, oldest first; a bare id is a key of the corpus's site.

    Raises ``ConfigError`` if nothing is archived under *key*, ``CorpusError`` if there is no corpus.
    """
    if "/" not in key:
        key = f"{describe(root).get('site')}/{key}"
    with read_catalogue(root) as connection:
        target = connection.execute(
            "SELECT tid, state FROM targets WHERE tid = ? AND key = ?", (target_id(key), key)
        ).fetchone()
        if target is None:
            raise ConfigError(f"{key}: the corpus has no such key")
        rows = connection.execute(
            "SELECT version, duplicate_of, segment, offset, length FROM records WHERE tid = ? ORDER BY version",
            target[:1],
        ).fetchall()
        if not rows:
            raise ConfigError(f"{key}: nothing is archived of it yet; its state is {target[1]}")
        versions = []
        for number, of, *at in rows:
            place = LinePlace(*at)
            try:
                versions.append(Version(number, of, place, intact_record(line_at(root, place), crcs_of(connection))))
            except NotIntactError as error:
                versions.append(Version(number, of, place, None, Damage(place, key, str(error))))
    return versions


def whole_text(version: Version) -> str:
    """Return title and text of *version* as paragraphs, the empty text if there is neither."""
    return text_of(version.record or {})


def text_of(record: dict[str, Any]) -> str:
    """Return title and text of *record* as paragraphs, the empty text if it has neither."""
    return "\n\n".join(part for name in ("title", "text") if isinstance(part := record.get(name), str))
