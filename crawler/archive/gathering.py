"""Rows that a group adds to the catalogue: gathered in memory, written together.

A record has some thirty rows, most of them for the related articles that it lists, and neighbouring records list the
same ones. So rows are merged here first, and then written table by table, many in one statement. That costs several
times less than one statement for each. This is the only place that writes rows that follow from a line.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import attrgetter, itemgetter
from typing import NamedTuple

from crawler.frontier.targets import target_id
from crawler.items import Article, Image, RelatedItem
from crawler.sqlite import Row, insert


class TargetRow(NamedTuple):
    """A row of ``targets`` for an archived target. ``listed`` is the depth at which its record lists others."""

    tid: int
    key: str
    id: str | None
    state: str
    depth: int
    listed: int | None
    reason: str | None


class RecordRow(NamedTuple):
    """A row of ``records``: a line."""

    tid: int
    version: int
    segment: str
    offset: int
    length: int
    crc: int
    kind: str
    source: str
    language: str | None
    published: str | None
    url_key: str | None
    content_sha256: bytes | None
    duplicate_of: str | None
    duplicate_rule: str | None


class VisitRow(NamedTuple):
    """A row of ``visits``: Unix times in seconds, and the validators of the response for conditional requests."""

    tid: int
    checked: float
    due: float
    interval: float
    url: str | None
    etag: str | None
    modified: str | None


class PictureRow(NamedTuple):
    """A row of ``pictures``: the outcome of the picture ``name`` (its pic, or else its URL)."""

    name: str
    status: str
    url: str | None
    path: str | None
    sha256: str | None
    phash: str | None
    bytes: int | None
    width: int | None
    height: int | None
    media_type: str | None
    reason: str | None

    def image(self) -> Image:
        """Return it as the image of a record."""
        facts = self._asdict()
        name = facts.pop("name")
        return Image(pic=None if self.url == name else name, **facts)


def _insert_into(table: str, row: type[TargetRow | RecordRow | VisitRow | PictureRow]) -> str:
    marks = ", ".join("?" * len(row._fields))
    return f"INSERT INTO {table} ({', '.join(row._fields)}) VALUES ({marks})"  # noqa: S608 - our own words


_LONGER_TITLE = """CASE
    WHEN title IS NULL OR length(excluded.title) > length(title)
      OR (length(excluded.title) = length(title) AND excluded.title < title)
    THEN coalesce(excluded.title, title) ELSE title END"""

_FIRST_PIC = "CASE WHEN pic IS NULL OR excluded.pic < pic THEN coalesce(excluded.pic, pic) ELSE pic END"

# Merged so that the order in which dumps are read makes no difference: a rebuilt catalogue is the same. Most targets
# were listed before, and a row that would not change is not written.
_LIST_TARGET = f"""
INSERT INTO targets (tid, key, id, state, depth, title, pic) VALUES (?, ?, ?, 'pending', ?, ?, ?)
ON CONFLICT (tid) DO UPDATE SET
    depth = min(depth, excluded.depth),
    title = {_LONGER_TITLE},
    pic = {_FIRST_PIC},
    state = CASE state WHEN 'seed' THEN 'pending' ELSE state END
WHERE excluded.depth < depth OR state = 'seed' OR title IS NOT {_LONGER_TITLE} OR pic IS NOT {_FIRST_PIC}"""  # noqa: S608

_ARCHIVE_ONLY = f"""
{_insert_into("targets", TargetRow)}
ON CONFLICT (tid) DO UPDATE SET
    depth = min(depth, excluded.depth),
    listed = coalesce(max(listed, excluded.listed), listed, excluded.listed)"""

_ARCHIVE_VISITED = f"""
{_ARCHIVE_ONLY},
    state = excluded.state, reason = excluded.reason, lease_run = NULL, lease_until = NULL, home = NULL"""

_ADD_RECORD = _insert_into("records", RecordRow)

# Versions of a page may give an item different sort values: the smallest counts, in whatever order they are read.
_ADD_EDGE = """
INSERT INTO edges (target, source, sort) VALUES (?, ?, ?)
ON CONFLICT (target, source) DO UPDATE SET sort = excluded.sort
WHERE excluded.sort < sort OR (sort IS NULL AND excluded.sort IS NOT NULL)"""

_ADD_PICTURE = f"""
{_insert_into("pictures", PictureRow)}
ON CONFLICT (name) DO UPDATE SET {", ".join(f"{column} = excluded.{column}" for column in PictureRow._fields[1:])}
WHERE pictures.status IS NOT 'stored' OR excluded.status = 'stored'"""

_ADD_VISIT = f"""
{_insert_into("visits", VisitRow)}
ON CONFLICT (tid) DO UPDATE SET
    checked = excluded.checked, due = excluded.due, interval = excluded.interval,
    url = coalesce(excluded.url, url),
    etag = iif(excluded.url IS NULL, etag, excluded.etag),
    modified = iif(excluded.url IS NULL, modified, excluded.modified)"""

_ADVANCE = """
INSERT INTO segments (name, bytes, lines) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, lines = lines + excluded.lines"""


_picture_facts = attrgetter(*PictureRow._fields[1:])


@dataclass(slots=True)
class ListedTarget:
    """What dumps say about a target, merged; the records that list it (``sources``), and their ``sorts`` for it."""

    key: str
    id: str
    depth: int
    title: str | None
    pic: str | None
    sources: list[int] = field(default_factory=list)
    sorts: list[int | None] = field(default_factory=list)

    def edges(self, target: int) -> Iterator[Row]:
        """Return a row for each record that lists this target, whose number is *target*."""
        return zip(repeat(target), self.sources, self.sorts, strict=False)

    def merge(self, depth: int, item: RelatedItem) -> None:
        """Merge *item*, for a target *depth* steps from the seeds, as :data:`_LIST_TARGET` does."""
        self.depth = min(self.depth, depth)
        title, pic = self.title, self.pic
        if item.title is not None and (title is None or (-len(item.title), item.title) < (-len(title), title)):
            self.title = item.title
        if item.pic is not None and (pic is None or item.pic < pic):
            self.pic = item.pic


class Gathered:
    """Rows that are not written yet. It never holds two lines of one key."""

    def __init__(self) -> None:
        self.records: list[RecordRow] = []
        self.tids: set[int] = set()
        self.url_keys: set[str] = set()
        self.pictures: dict[str, PictureRow] = {}
        self._targets: dict[str, list[TargetRow]] = {_ARCHIVE_ONLY: [], _ARCHIVE_VISITED: []}
        self._visits: list[VisitRow] = []
        self._listed: dict[str, ListedTarget] = {}  # by id
        self._seeds: dict[int, str] = {}
        self._advanced: dict[str, tuple[int, int]] = {}  # segment -> end offset read, lines added

    def __bool__(self) -> bool:
        return bool(self.records or self.pictures or self._advanced)

    def archive(self, target: TargetRow, record: RecordRow, visit: VisitRow | None) -> None:
        """Add the rows of a line: its target, itself, and its visit.

        A line without a visit does not change the state of a known target.
        """
        self._targets[_ARCHIVE_VISITED if visit else _ARCHIVE_ONLY].append(target)
        self.records.append(record)
        self.tids.add(target.tid)
        if visit:
            self._visits.append(visit)

    def advance(self, segment: str, end: int, lines: int) -> None:
        """Note that *segment* is read up to the byte offset *end*, *lines* lines further than before."""
        before = self._advanced.get(segment)
        self._advanced[segment] = end, lines + (before[1] if before else 0)

    def list(self, article: Article, source: int) -> None:
        """Add the targets that *article*, which has the number *source*, lists as related, and edges to them."""
        depth, listed = article.depth + 1, self._listed
        if source < 0:
            self._seeds[source] = article.key
        for item in article.related:
            one = listed.get(item.id)
            if one is None:
                one = listed[item.id] = ListedTarget(f"{article.site}/{item.id}", item.id, depth, item.title, item.pic)
            elif depth < one.depth or item.title != one.title or item.pic != one.pic:
                one.merge(depth, item)
            one.sources.append(source)
            one.sorts.append(item.sort)

    def sources(self, key: str) -> set[str]:
        """Return the keys of the gathered records that list *key*."""
        site, _, item_id = key.rpartition("/")
        one, seeds = self._listed.get(item_id), self._seeds
        return {seeds[source] if source < 0 else f"{site}/{source}" for source in one.sources} if one else set()

    def add_pictures(self, article: Article) -> None:
        """Add the outcomes of the pictures of *article*; a stored picture stays as it was stored last."""
        for image in article.images:
            name = image.pic or image.url
            held = self.pictures.get(name) if name else None
            if name and (image.status == "stored" or held is None or held.status != "stored"):
                self.pictures[name] = PictureRow(name, *_picture_facts(image))

    def write(self, connection: sqlite3.Connection) -> None:
        """Write all rows, inside a transaction; targets by ascending number, because neighbours share a page."""
        for statement, rows in self._targets.items():
            insert(connection, statement, rows)
        insert(connection, _ADD_RECORD, self.records)
        listed = sorted(((target_id(one.key), one) for one in self._listed.values()), key=itemgetter(0))
        insert(connection, _LIST_TARGET, ((tid, one.key, one.id, one.depth, one.title, one.pic) for tid, one in listed))
        insert(connection, _ADD_EDGE, chain.from_iterable(one.edges(tid) for tid, one in listed))
        insert(connection, _ADD_PICTURE, self.pictures.values())
        insert(connection, _ADD_VISIT, self._visits)
        insert(connection, _ADVANCE, ((segment, *read) for segment, read in self._advanced.items()))
