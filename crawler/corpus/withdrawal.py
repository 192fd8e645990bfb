"""Decides what a withdrawal takes out of a corpus, and makes the tombstones.

An article goes with all its versions, with every other record that has one of its texts, and with the pictures that no
other record shows. Records that only resemble it stay unless they are wanted, too.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.archive.blanking import blank_withdrawn
from crawler.archive.description import describe, is_corpus
from crawler.archive.files import CorpusLock, write_errors
from crawler.archive.intact import is_key, record_if_intact
from crawler.archive.opened import DEFAULT_SEGMENT_BYTES
from crawler.archive.pictures import PICTURE_PATH_RE, images_of
from crawler.archive.places import line_at
from crawler.archive.reading import catalogue_of
from crawler.archive.repair import open_catalogue
from crawler.archive.segments import FAMILIES, LinePlace, all_segments
from crawler.archive.tombstones import (
    TOMBSTONES_NAME,
    Tombstone,
    Withdrawn,
    name_hash,
    read_tombstones,
    settle_withdrawn,
    with_more,
    write_tombstones,
)
from crawler.archive.warcs import INDEX_NAME
from crawler.archive.withdrawal import finish
from crawler.archive.writer import Corpus
from crawler.corpus.lines import AllLines
from crawler.dedupe import MIN_WORDS, words_of
from crawler.exceptions import ConfigError
from crawler.frontier.targets import target_id
from crawler.warc.index import CaptureIndex, IndexedCapture

_SHA256_RE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_QUERY_VALUES = 500


@dataclass(slots=True)
class Withdrawal:
    """What a withdrawal takes: a tombstone for each key, and what stays although it is near.

    ``same_text`` are the keys that go because they have the same text as one that was given; ``near`` those of near
    duplicates that stay; ``shared`` the paths of pictures that stay, as other records show them.
    """

    tombstones: list[Tombstone] = field(default_factory=list)
    same_text: list[str] = field(default_factory=list)
    near: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)


def withdraw(root: Path, keys: Sequence[str], reason: str, *, near: bool = False) -> Withdrawal:
    """Take *keys* out of the corpus at *root* for good, for a *reason*; with *near*, their near duplicates, too.

    A key is that of an article, its bare id, or the path or SHA-256 of a picture. A key that the corpus does not hold
    is never archived from now on. Raises ``ConfigError`` for what is no key, and the errors of
    :class:`~crawler.archive.writer.Corpus`.
    """
    site = str(describe(root)["site"])
    with write_errors(root), CorpusLock(root):
        found = plan(root, keys, reason, near=near)
        write_tombstones(root, with_more(read_tombstones(root), found.tombstones))
    Corpus(root, site).close()
    return found


def plan_held(root: Path, keys: Sequence[str], *, near: bool = False) -> Withdrawal:
    """Return what :func:`withdraw` would take out, and change nothing."""
    describe(root)
    with write_errors(root), CorpusLock(root):
        return plan(root, keys, "", near=near)


def complete(root: Path) -> bool:
    """Carry out the withdrawals of the corpus at *root* that a kill interrupted; return whether there were any."""
    if not (root / TOMBSTONES_NAME).exists() or not any(one.finished is None for one in read_tombstones(root)):
        return False
    Corpus(root, str(describe(root)["site"])).close()
    return True


def plan(root: Path, keys: Sequence[str], reason: str, *, near: bool = False) -> Withdrawal:
    """Return what a withdrawal of *keys* would take; nothing is written but a catalogue that is not up to date."""
    open_catalogue(root)[0].close()
    site = str(describe(root)["site"])
    articles = list(dict.fromkeys(_article_key(key, site) for key in keys if not _is_picture(key)))
    found = Withdrawal()
    with catalogue_of(root) as connection:
        given = set(articles)
        if near:
            articles += [key for key in _near(connection, given) if key not in given]
        articles = _with_same_text(root, connection, articles)
        found.same_text = [key for key in articles if key not in given]
        taken = set(articles)
        found.near = [key for key in _near(connection, taken) if key not in taken]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = {key: _Content() for key in articles}
        _gather(root, made)
        captures = _captures_of(root, {place for one in made.values() for place in one.places})
        for key, content in made.items():
            tombstone = Tombstone(
                key=key,
                withdrawn=now,
                reason=reason,
                versions=content.versions,
                texts=tuple(sorted(content.texts)),
                pictures=tuple(sorted(path.partition("/")[2][3:67] for path in content.own_paths)),
                picture_names=tuple(sorted(map(name_hash, content.own_names))),
                payloads=tuple(sorted({sha256 for place in content.places for sha256 in captures.get(place, ())})),
            )
            found.tombstones.append(tombstone)
            found.shared += sorted(content.paths - content.own_paths)
    pictures = (_picture_path(root, key) for key in keys if _is_picture(key))
    found.tombstones += [
        Tombstone(key=path, withdrawn=now, reason=reason, pictures=(path.partition("/")[2][3:67],)) for path in pictures
    ]
    return found


def _is_picture(key: str) -> bool:
    return key.startswith("images/") or _SHA256_RE.fullmatch(key) is not None


def _article_key(key: str, site: str) -> str:
    whole = key if "/" in key else f"{site}/{key}"
    if not is_key(whole) or not whole.startswith(f"{site}/"):
        raise ConfigError(f"{key}: it is no key of this corpus, such as {site}/123, and no path of a picture")
    return whole


def _picture_path(root: Path, key: str) -> str:
    if not key.startswith("images/"):
        held = sorted((root / "images" / key[:2]).glob(f"{key}.*"))
        key = held[0].relative_to(root).as_posix() if held else f"images/{key[:2]}/{key}.jpg"
    if not PICTURE_PATH_RE.fullmatch(key):
        raise ConfigError(f"{key}: it is no path of a picture, such as images/ab/ab12....jpg")
    return key


def _near(connection: sqlite3.Connection, keys: set[str]) -> list[str]:
    """Return the keys whose latest record is a duplicate of one of *keys*, or that one of *keys* is a duplicate of."""
    rows = connection.execute(
        "SELECT t.key, r.duplicate_of FROM records r JOIN targets t USING (tid)"
        " WHERE r.duplicate_of IS NOT NULL AND r.version = (SELECT max(v.version) FROM records v WHERE v.tid = r.tid)"
    )
    found = dict.fromkeys(other for pair in rows for one, other in (pair, pair[::-1]) if one in keys)
    return [key for key in found if key not in keys]


def _with_same_text(root: Path, connection: sqlite3.Connection, keys: list[str]) -> list[str]:
    """Return *keys*, and those of all records that have a text of theirs; too short a text proves nothing."""
    found, waiting = dict.fromkeys(keys), list(keys)
    while waiting:
        texts = {text for key in waiting for text in _texts(root, connection, key)}
        waiting = [key for key in _keys_with(connection, texts) if key not in found]
        found |= dict.fromkeys(waiting)
    return list(found)


def _texts(root: Path, connection: sqlite3.Connection, key: str) -> Iterator[bytes]:
    rows = connection.execute(
        "SELECT segment, offset, length, content_sha256 FROM records WHERE tid = ? AND content_sha256 IS NOT NULL",
        (target_id(key),),
    ).fetchall()
    for *place, sha256 in rows:
        record = record_if_intact(line_at(root, LinePlace(*place)))
        if record is not None and is_telling(record.get("text")):
            yield sha256


def is_telling(text: object) -> bool:
    """Return whether *text* is so long that an equal one is the same article."""
    return isinstance(text, str) and words_of(text).size >= MIN_WORDS


def _keys_with(connection: sqlite3.Connection, texts: set[bytes]) -> Iterator[str]:
    waiting = sorted(texts)
    for at in range(0, len(waiting), _MAX_QUERY_VALUES):
        part = waiting[at : at + _MAX_QUERY_VALUES]
        marks = ", ".join("?" * len(part))
        query = f"SELECT DISTINCT t.key FROM records r JOIN targets t USING (tid) WHERE content_sha256 IN ({marks})"  # noqa: S608 - marks
        yield from (str(key) for (key,) in connection.execute(query, part))


@dataclass(slots=True)
class _Content:
    """What a key holds: texts, pictures by path and name (its own: those of no other record), places of captures."""

    versions: int = 0
    texts: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    own_paths: set[str] = field(default_factory=set)
    own_names: set[str] = field(default_factory=set)
    places: set[tuple[str, int]] = field(default_factory=set)

    def take(self, record: dict[str, Any]) -> None:
        self.versions += 1
        if is_telling(record.get("text")) and record.get("content_sha256"):
            self.texts.add(record["content_sha256"])
        self.paths.update(_paths(record))
        self.names.update(_names(record))
        capture = record.get("capture") or {}
        if capture.get("warc_file") and isinstance(capture.get("warc_offset"), int):
            self.places.add((capture["warc_file"], capture["warc_offset"]))


def _gather(root: Path, made: dict[str, _Content]) -> None:
    """Fill *made*, by key, from all lines of the corpus at *root*."""
    shown: set[str] = set()
    for record in _records(root):
        if (content := made.get(record["key"])) is not None:
            content.take(record)
    wanted = {name for content in made.values() for name in content.paths | content.names}
    if wanted:
        for record in _records(root):
            if record["key"] not in made:
                shown |= wanted.intersection([*_paths(record), *_names(record)])
    for content in made.values():
        content.own_paths = content.paths - shown
        content.own_names = content.names - shown


def _records(root: Path) -> Iterator[dict[str, Any]]:
    for family in FAMILIES:
        yield from (line.record for line in AllLines(root, family))


def _paths(record: dict[str, Any]) -> list[str]:
    paths = (image.get("path") for image in images_of(record))
    return [path for path in paths if isinstance(path, str) and PICTURE_PATH_RE.fullmatch(path)]


def _names(record: dict[str, Any]) -> list[str]:
    names = (image.get(name) for image in images_of(record) for name in ("pic", "url"))
    return [name for name in names if isinstance(name, str)]


def _captures_of(root: Path, places: set[tuple[str, int]]) -> dict[tuple[str, int], list[str]]:
    """Return the SHA-256 of the bodies of the captures at *places*; of a revisit that of the response."""
    found: dict[tuple[str, int], list[str]] = {}
    if not places or not (root / INDEX_NAME).exists():
        return found
    with closing(CaptureIndex(root / INDEX_NAME)) as index:
        for place in places:
            capture = index.at(*place)
            if capture is not None:
                found[place] = [sha256.hex() for sha256 in _bodies(index, capture)]
    return found


def _bodies(index: CaptureIndex, capture: IndexedCapture) -> Iterator[bytes]:
    if capture.sha256 is not None:
        yield capture.sha256
    elif capture.digest:
        yield from (one.sha256 for one in index.matching("digest", capture.digest) if one.sha256 is not None)


def open_with_tombstones(root: Path, site: str, others: Iterable[Path], *, segment_bytes: int) -> Corpus:
    """Return the corpus at *root*, created if needed, without what it or one of *others* has withdrawn."""
    brought = [one for other in others for one in read_tombstones(other)]
    if brought and is_corpus(root):
        with write_errors(root), CorpusLock(root):
            _adopt(root, brought)
    corpus = Corpus(root, site, segment_bytes=segment_bytes or DEFAULT_SEGMENT_BYTES)
    if brought and not corpus.withdrawn:  # it is new
        with write_errors(root):
            write_tombstones(root, with_more((), brought))
            finish(root)
        corpus.withdrawn = Withdrawn.of(root)
        with corpus.group():
            settle_withdrawn(corpus.catalogue.connection, corpus.withdrawn)
    return corpus


def _adopt(root: Path, brought: list[Tombstone]) -> None:
    """Add tombstones of another corpus to those of *root*, with what they mean here."""
    held = read_tombstones(root)
    merged = with_more(held, brought)
    fresh = [one for one in merged if one.finished is None]
    if not fresh:
        return
    reasons = {one.key: one.reason for one in fresh}
    if all_segments(root):
        articles = [key for key in reasons if not key.startswith("images/")]
        own = plan(root, articles, "").tombstones
        first = fresh[0].reason
        merged = with_more(merged, [replace(one, reason=reasons.get(one.key, first)) for one in own])
    write_tombstones(root, merged)


@contextmanager
def all_unfinished(root: Path, withdrawn: Withdrawn) -> Iterator[None]:
    """Until WARC files that are copied inside are rid of what is *withdrawn*, the tombstones count as unfinished."""
    if not withdrawn:
        yield
        return
    write_tombstones(root, [replace(one, finished=None) for one in withdrawn.tombstones])
    yield
    blank_withdrawn(root, withdrawn)
    finish(root)
