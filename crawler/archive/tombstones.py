"""``withdrawn.jsonl``: what was taken out of a corpus for good, when and why; hashes, but no content.

A tombstone is the decision, and everything else follows from it: :mod:`crawler.archive.withdrawal` removes what it
names, and everything that is written later passes :class:`Withdrawn`. A tombstone without ``finished`` is not carried
out yet: whoever opens the corpus next does that first.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from crawler.archive.description import PROFILE_NAME
from crawler.archive.files import write_pieces_atomically
from crawler.archive.intact import Damage, key_in
from crawler.archive.mending import Taken
from crawler.archive.ownprofile import earlier_profiles
from crawler.archive.quarantine import keep_file, note_repairs
from crawler.archive.segments import LinePlace
from crawler.exceptions import ConfigError, CorpusDamaged
from crawler.frontier.targets import WITHDRAWN, target_id
from crawler.items import Article, Image, RelatedItem
from crawler.jsonl import CHECKSUM_FIELD, checksum_holds, with_checksum
from crawler.sites.profile import SiteProfile, parse_profile

TOMBSTONES_NAME = "withdrawn.jsonl"
TOMBSTONE_START: Final = b'{"key":"'
_REPLAYED_RE = re.compile(r"/\d{4,14}(?:[a-z]{2}_)?/+(https?:/.*)", re.ASCII)
_INNER_URL_RE = re.compile(rb"^WARC-Target-URI: *<?([^\r\n>]+)", re.MULTILINE | re.IGNORECASE)
_MAX_INNER_HEAD_BYTES = 1 << 14
FOREIGN_SUFFIXES: Final = (".warc.gz", ".arc.gz")
"""Ends of the URLs of other archives' files, of which single records are requested."""
_ONE_SLASH_RE = re.compile(r"^(https?:)/+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """An article or a picture that was withdrawn: its key (of a picture: its path), the time (UTC) and the reason.

    ``texts`` are the ``content_sha256`` of its texts, ``pictures`` the SHA-256 of the pictures that went with it,
    ``picture_names`` the SHA-256 of their pics and URLs, ``payloads`` that of the bodies of its captures. ``finished``
    is when nothing of it was left, None before.
    """

    key: str
    withdrawn: str
    reason: str
    versions: int = 0
    texts: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    picture_names: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
    finished: str | None = None

    @property
    def is_picture(self) -> bool:
        """Whether it is of a picture alone."""
        return self.key.startswith("images/")

    def encode(self) -> bytes:
        """Return its line."""
        return with_checksum(orjson.dumps(asdict(self)))


_LISTS = frozenset({"texts", "pictures", "picture_names", "payloads"})


def read_tombstones(root: Path) -> tuple[Tombstone, ...]:
    """Return the tombstones of the corpus at *root*, in the order in which they were made.

    Raises ``CorpusDamaged`` for a line that is not as it was written: what it names must not come back unnoticed.
    """
    path = root / TOMBSTONES_NAME
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return _tombstones(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=8)
def _tombstones(path: Path, _changed: int, _size: int, _inode: int) -> tuple[Tombstone, ...]:
    lines = path.read_bytes().splitlines(keepends=True)
    return tuple(_tombstone(path, number, line) for number, line in enumerate(lines, 1))


def _tombstone(path: Path, number: int, line: bytes) -> Tombstone:
    try:
        fields: dict[str, Any] = orjson.loads(line if checksum_holds(line) else b"")
        del fields[CHECKSUM_FIELD]
        fields |= {name: tuple(fields[name]) for name in _LISTS}
        return Tombstone(**fields)
    except (ValueError, TypeError, KeyError) as error:
        message = f"line {number} of {TOMBSTONES_NAME} is not a tombstone as it was written ({error})"
        raise CorpusDamaged(str(path.parent), f"{message}; put a copy of the file back") from error


def mend_tombstones(root: Path) -> list[Taken]:
    """Move damaged tombstones of the corpus at *root* to quarantine/; return them. What they name can come back."""
    path = root / TOMBSTONES_NAME
    try:
        read_tombstones(root)
    except CorpusDamaged:
        lines = path.read_bytes().splitlines(keepends=True)
    else:
        return []
    kept = keep_file(root, path)
    damaged = [line for line in lines if not checksum_holds(line)]
    reason = "it is no tombstone as it was written: what it names is not withdrawn any more"
    taken = [Taken(Damage(LinePlace(TOMBSTONES_NAME, 0, len(line)), key_in(line), reason), kept) for line in damaged]
    note_repairs(root, [{"file": TOMBSTONES_NAME, **one.damage.facts(), "kept": kept} for one in taken])
    write_pieces_atomically(path, (line for line in lines if checksum_holds(line)))
    return taken


def write_tombstones(root: Path, tombstones: Iterable[Tombstone]) -> None:
    """Replace the tombstones of the corpus at *root*, durably. The caller holds its lock."""
    write_pieces_atomically(root / TOMBSTONES_NAME, (one.encode() for one in tombstones))


def with_more(held: Iterable[Tombstone], more: Iterable[Tombstone]) -> list[Tombstone]:
    """Return the tombstones *held* with *more* of them, unfinished; two of one key become one, with the first reason.

    A tombstone that names nothing new changes nothing.
    """
    found = {one.key: one for one in held}
    for one in more:
        before = found.get(one.key)
        if before is None:
            found[one.key] = replace(one, finished=None)
            continue
        lists = {name: tuple(dict.fromkeys(getattr(before, name) + getattr(one, name))) for name in _LISTS}
        if any(lists[name] != getattr(before, name) for name in _LISTS):
            versions = max(before.versions, one.versions)
            found[one.key] = replace(before, **lists, versions=versions, finished=None)  # type: ignore[arg-type]
    return list(found.values())


def name_hash(name: str) -> str:
    """Return the SHA-256 of the pic or URL of a picture."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()


class WithdrawnContentError(ValueError):
    """What should be stored is withdrawn from the corpus."""

    def __init__(self) -> None:
        super().__init__("it is withdrawn from this corpus")


class Withdrawn:
    """What may not be in a corpus: the *tombstones*, and the *profiles* by which URLs name their articles."""

    def __init__(self, tombstones: Iterable[Tombstone] = (), profiles: Iterable[SiteProfile] = ()) -> None:
        self.tombstones = tuple(tombstones)
        articles = [one for one in self.tombstones if not one.is_picture]
        self.keys: Final = frozenset(one.key for one in articles)
        self.texts: Final = frozenset(chain.from_iterable(one.texts for one in articles))
        self.pictures: Final = frozenset(chain.from_iterable(one.pictures for one in self.tombstones))
        self.picture_names: Final = frozenset(chain.from_iterable(one.picture_names for one in self.tombstones))
        self.payloads: Final = frozenset(chain.from_iterable(one.payloads for one in self.tombstones)) | self.pictures
        self._ids = frozenset(key.rpartition("/")[2] for key in self.keys)
        self._profiles = tuple(profiles)

    @classmethod
    def of(cls, root: Path) -> Withdrawn:
        """Return what is withdrawn from the corpus at *root*."""
        tombstones = read_tombstones(root)
        return cls(tombstones, _profiles(root)) if tombstones else _NOTHING

    def __bool__(self) -> bool:
        return bool(self.tombstones)

    @property
    def is_unfinished(self) -> bool:
        """Whether a tombstone is not carried out yet."""
        return any(one.finished is None for one in self.tombstones)

    def covers(self, article: Article) -> bool:
        """Return whether *article* is withdrawn: by its key, or as its text is that of a withdrawn article."""
        return article.key in self.keys or article.content_sha256 in self.texts

    def redacted(self, article: Article) -> Article:
        """Return *article* without what it says of withdrawn articles and pictures; only ids and URLs stay."""
        changes: dict[str, Any] = {}
        if any(self._is_told(item) for item in article.related):
            changes["related"] = tuple(
                replace(item, title=None, pic=None) if self._is_told(item) else item for item in article.related
            )
        if any(image.sha256 in self.pictures for image in article.images):
            changes["images"] = tuple(
                refused_picture(image.pic, image.url) if image.sha256 in self.pictures else image
                for image in article.images
            )
        if article.near_duplicate_of in self.keys:
            changes |= {"near_duplicate_of": None, "similarity": None, "duplicate_rule": None}
        return replace(article, **changes) if changes else article

    def redact(self, record: dict[str, Any]) -> bool:
        """Do what :meth:`redacted` does in the fields of a line, but for duplicates; return whether any changed."""
        changed = False
        for item in record.get("related") or ():
            if item.get("id") in self._ids and (item.get("title") is not None or item.get("pic") is not None):
                item["title"] = item["pic"] = None
                changed = True
        for image in record.get("images") or ():
            if image.get("sha256") in self.pictures:
                kept = asdict(refused_picture(image.get("pic"), image.get("url")))
                image.update({name: kept[name] for name in image})
                image["reason"] = WITHDRAWN
                changed = True
        return changed

    def may_name(self, line: bytes) -> bool:
        """Return whether *line* may have to be redacted: a quick look at its bytes."""
        if self.pictures and b'"status":"stored"' in line:
            return True
        return not self._ids.isdisjoint(found.decode() for found in _RELATED_ID_RE.findall(line))

    def names(self, url: str) -> bool:
        """Return whether *url* is one of a withdrawn article, also as a web archive replays it."""
        return self.key_of(url) is not None

    def key_of(self, url: str) -> str | None:
        """Return the key of the withdrawn article that *url* is of."""
        found = _REPLAYED_RE.search(url)
        for one in (_ONE_SLASH_RE.sub(r"\1//", found[1]), url) if found else (url,):
            if key := self._key_of(one):
                return key
        return None

    def refuses(self, url: str, body: bytes) -> bool:
        """Return whether a response of *url* with that *body* may not be kept."""
        if self.names(url) or (url.partition("?")[0].endswith(FOREIGN_SUFFIXES) and self.names_within(body)):
            return True
        return bool(self.payloads) and hashlib.sha256(body).hexdigest() in self.payloads

    def names_within(self, body: bytes) -> bool:
        """Return whether *body* is a record of a WARC file, as Common Crawl gives it, of a withdrawn article."""
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, _MAX_INNER_HEAD_BYTES)
        except zlib.error:
            return False
        found = _INNER_URL_RE.search(head)
        return found is not None and self.names(found[1].decode("utf-8", "replace"))

    def _key_of(self, url: str) -> str | None:
        for profile in self._profiles:
            with suppress(ValueError):
                article_id = profile.article_id(url)
                if article_id is not None and (key := profile.key(article_id)) in self.keys:
                    return key
        if self._profiles:
            return None
        with suppress(ValueError):  # without a profile, an id in the path is one
            parts = urlsplit(url)
            for number in re.findall(r"\d+", f"{parts.path}?{parts.query}"):
                for key in self.keys:
                    if key.rpartition("/")[2] == number:
                        return key
        return None

    def _is_told(self, item: RelatedItem) -> bool:
        return item.id in self._ids and (item.title is not None or item.pic is not None)


_RELATED_ID_RE = re.compile(rb'"id":"(\d{1,20})"')
_NOTHING: Final = Withdrawn()


def refused_picture(pic: str | None, url: str | None) -> Image:
    """Return the image of a picture that is withdrawn."""
    return Image(pic=pic, url=url, status="refused", reason=WITHDRAWN)


def settle_withdrawn(connection: sqlite3.Connection, withdrawn: Withdrawn) -> None:
    """Remove what is *withdrawn* from a catalogue, inside a transaction; its targets stay, and are never requested."""
    for key in withdrawn.keys:
        tid = target_id(key)
        for table, column in _ROWS:
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (tid,))  # noqa: S608 - our own words
        connection.execute(_SETTLE_TARGET, (tid, key, key.rpartition("/")[2], WITHDRAWN, WITHDRAWN))
    if withdrawn.picture_names or withdrawn.pictures:
        rows = connection.execute("SELECT name, url, sha256 FROM pictures").fetchall()
        gone = [(name,) for name, _, sha256 in rows if name_hash(name) in withdrawn.picture_names]
        refused = [(WITHDRAWN, name) for name, _, sha256 in rows if sha256 in withdrawn.pictures]
        connection.executemany(_REFUSE_PICTURE, refused)
        connection.executemany("DELETE FROM pictures WHERE name = ?", gone)


_ROWS = (
    *(("records", "tid"), ("visits", "tid"), ("edges", "source")),
    *(("fingerprints", "tid"), ("recent_fingerprints", "tid")),
)
_SETTLE_TARGET = """
INSERT INTO targets (tid, key, id, state, depth, reason) VALUES (?, ?, ?, 'dropped', 1, ?)
ON CONFLICT (tid) DO UPDATE SET
    state = 'dropped', reason = ?, title = NULL, pic = NULL, listed = NULL, attempts = 0,
    lease_run = NULL, lease_until = NULL, home = NULL"""
_REFUSE_PICTURE = """
UPDATE pictures SET status = 'refused', reason = ?, path = NULL, sha256 = NULL, phash = NULL, bytes = NULL,
    width = NULL, height = NULL, media_type = NULL WHERE name = ?"""


def _profiles(root: Path) -> Iterator[SiteProfile]:
    for path in (root / PROFILE_NAME, *earlier_profiles(root)):
        with suppress(OSError, ConfigError):
            yield parse_profile(path.read_bytes(), path.name)
