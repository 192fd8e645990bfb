"""``search.sqlite``: the full-text index of a corpus, and how it is brought up to date with the lines.

It can be deleted: it is rebuilt when it is missing, broken, of another version, or disagrees with the lines. Before
each search it indexes the lines that the catalogue has read since the last search, with a commit every few thousand
lines, so indexing resumes after a kill. It does not disturb a crawl: the catalogue is read for an instant (in WAL mode
readers and writer do not wait for each other), and the lines are read as files.

The folded text (:mod:`crawler.corpus.search.folding`) is indexed in an FTS5 table without content, whose tokenizer
splits at ASCII spaces only. Another table holds the original title and the compressed text, for display. They could be
read from the lines, but a closed segment may be compressed, and ten hits from ten of those would take seconds.

A new version of a key gets a new row. The words of the old version stay in the index without a document, and so do
those of a key that moved to duplicates/. When they are a fifth of all, the index is rebuilt.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from crawler.archive.files import write_errors
from crawler.archive.intact import CrcOf, Damage, Damages, NotIntactError, crcs_of, intact_record, key_in
from crawler.archive.pictures import stored_picture
from crawler.archive.places import line_at, lines_from
from crawler.archive.reading import read_catalogue
from crawler.archive.segments import LinePlace, all_segments, segment_name
from crawler.corpus.search.folding import FOLDING, fold
from crawler.exceptions import CorpusError
from crawler.sqlite import connect_to_read

INDEX_NAME = "search.sqlite"
VERSION = 600 + FOLDING
_LINES_A_COMMIT = 2_000
_STALE_SHARE = 5
_COMPRESSION_LEVEL = 1  # few texts are read at a time, so writing speed matters more

_SCHEMA = """
CREATE TABLE segments (             -- how far each segment was read, and what its last line read was
    name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, last INTEGER NOT NULL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE documents (            -- the latest version of each key
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, version INTEGER, kind TEXT, language TEXT, published TEXT,
    source TEXT, picture TEXT,      -- where it was obtained; the path of its first stored picture
    year TEXT, title TEXT, url TEXT,
    crc INTEGER NOT NULL            -- of what is shown of it: see document_crc()
);
CREATE INDEX documents_published ON documents (published);
CREATE INDEX documents_year ON documents (year);
CREATE INDEX documents_language ON documents (language);
CREATE INDEX documents_source ON documents (source);
CREATE INDEX documents_kind ON documents (kind);
CREATE TABLE originals (id INTEGER PRIMARY KEY, text BLOB);
CREATE TABLE damaged (              -- lines that were not intact when they were read
    segment TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, key TEXT, reason TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5 (title, text, content = '', tokenize = 'ascii');
CREATE VIEW articles AS             -- what scrapy corpus browse shows, and counts by the indexes above
    SELECT picture, title, published, language, source, kind, key, year, url, id FROM documents
"""


@dataclass(slots=True)
class CaughtUp:
    """The result of an update. ``busy``: another process was updating, so the newest lines may be missing.

    ``damaged``: all lines that the index lacks because they were not intact when it read them.
    """

    lines: int = 0
    damaged: Damages = field(default_factory=Damages)
    rebuilt: str | None = None
    busy: bool = False


class SearchIndex(NamedTuple):
    """An open index: its ``connection``, its ``path``, and the result of its update."""

    connection: sqlite3.Connection
    path: Path
    caught_up: CaughtUp


@contextmanager
def open_index(
    root: Path, on_bytes: Callable[[int, int], None], *, rebuilt: str | None = None
) -> Iterator[SearchIndex]:
    """Open the index of the corpus at *root*, up to date with the lines that its catalogue has read.

    If the corpus is read-only, its index is used if it has read all lines; else one is built in a temporary folder,
    which is removed when this ends. *on_bytes* receives the bytes of lines read so far, and the bytes to read;
    *rebuilt* is a reason to rebuild the index. Raises ``CorpusError`` if there is no corpus, or the index cannot be
    written.
    """
    with ExitStack() as stack:
        with read_catalogue(root) as catalogue:
            ends = dict(
                catalogue.execute("SELECT name, bytes FROM segments ORDER BY name").fetchall()
            )  # articles first
            reader = _IndexSource(root, ends, crcs_of(catalogue), on_bytes, root)
            index = None if rebuilt or os.access(root, os.W_OK) else _fresh(reader)
            if index is None and not os.access(root, os.W_OK):
                folder = stack.enter_context(TemporaryDirectory(prefix="gleaner-search-"))
                reader = reader._replace(home=Path(folder))
            index = index or _up_to_date(reader, rebuilt)
            stack.callback(index.connection.close)
        yield index


def _up_to_date(reader: _IndexSource, rebuilt: str | None) -> SearchIndex:
    done = CaughtUp(rebuilt=rebuilt)
    if rebuilt:
        remove_index(reader.home)
    with write_errors(reader.home, INDEX_NAME):
        try:
            connection = _caught_up(reader, done)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:  # malformed: the lines have everything that it holds
            done = CaughtUp(rebuilt=f"it was damaged ({error})")
            remove_index(reader.home)
            connection = _caught_up(reader, done)
    return SearchIndex(connection, reader.home / INDEX_NAME, done)


def _fresh(reader: _IndexSource) -> SearchIndex | None:
    """Return the index in the corpus, if it can be read and has read all lines."""
    path = reader.home / INDEX_NAME
    try:
        connection = connect_to_read(path)
        try:
            read = dict(connection.execute("SELECT name, bytes FROM segments").fetchall())
            if _disagreement(reader.root, connection, reader.ends) is None and read == reader.ends:
                done = CaughtUp()
                _add_damaged(connection, done)
                return SearchIndex(connection, path, done)
        except BaseException:
            connection.close()
            raise
        connection.close()
    except sqlite3.Error:
        return None
    return None


class _IndexSource(NamedTuple):
    """What to index: the segments of the corpus at ``root`` up to their ``ends``, and the data of its catalogue.

    ``home`` is the folder of the index: the corpus itself, or a temporary one.
    """

    root: Path
    ends: dict[str, int]
    crc_of: CrcOf
    on_bytes: Callable[[int, int], None]
    home: Path


def _caught_up(reader: _IndexSource, done: CaughtUp) -> sqlite3.Connection:
    connection = _connect(reader.home)
    try:
        reason = _disagreement(reader.root, connection, reader.ends)
        if reason:
            connection.close()
            remove_index(reader.home)
            done.rebuilt = reason
            connection = _connect(reader.home)
        _take_in(reader, connection, done)
        _add_damaged(connection, done)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            connection.close()
            raise
        done.busy = True
    except BaseException:
        connection.close()
        raise
    return connection


def _add_damaged(connection: sqlite3.Connection, done: CaughtUp) -> None:
    for *place, key, reason in connection.execute("SELECT segment, offset, length, key, reason FROM damaged"):
        done.damaged.add(Damage(LinePlace(*place), key, reason))


def _connect(root: Path) -> sqlite3.Connection:
    path = root / INDEX_NAME
    if path.is_symlink():
        raise CorpusError(str(root), f"its {INDEX_NAME} is a symbolic link; remove it")
    connection = sqlite3.connect(path, isolation_level=None, timeout=2)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -64000", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        if _version(connection) == 0:
            with _transaction(connection):
                if _version(connection) == 0:  # nobody else was faster
                    for statement in _SCHEMA.split(";\n"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def remove_index(root: Path) -> None:
    """Remove the index of the corpus at *root*; the next search rebuilds it."""
    for suffix in ("", "-wal", "-shm"):
        (root / f"{INDEX_NAME}{suffix}").unlink(missing_ok=True)


def _disagreement(root: Path, connection: sqlite3.Connection, ends: dict[str, int]) -> str | None:
    """Return why the index cannot be continued; None if it can."""
    if _version(connection) != VERSION:
        return "another version of Gleaner made it"
    plain = {segment_name(path) for path in all_segments(root) if path.suffix == ".jsonl"}
    for name, size, last, checksum in connection.execute("SELECT name, bytes, last, checksum FROM segments"):
        if size > ends.get(name, 0):
            return f"it had read more of {name} than there is"
        # A compressed segment is closed and never changes, so checking it is not worth the cost.
        if name in plain and not _has_checksum(root, LinePlace(name, last, size - last), checksum):
            return f"{name} is not what it had read"
    (documents,) = connection.execute("SELECT count(*) FROM documents").fetchone()
    (rows,) = connection.execute("SELECT coalesce(max(id), 0) FROM originals").fetchone()
    if rows - documents > max(1000, rows // _STALE_SHARE):
        return "much of it was about superseded versions"
    return None


def _has_checksum(root: Path, place: LinePlace, checksum: int) -> bool:
    return zlib.crc32(line_at(root, place)) == checksum


def _take_in(reader: _IndexSource, connection: sqlite3.Connection, done: CaughtUp) -> None:
    ends = reader.ends
    read = dict(connection.execute("SELECT name, bytes FROM segments").fetchall())
    total = sum(end - read.get(name, 0) for name, end in ends.items())
    seen = 0
    for name, end in ends.items():
        start = read.get(name, 0)
        lines = lines_from(reader.root, name, start, end)
        while group := list(islice(lines, _LINES_A_COMMIT)):
            with _transaction(connection):
                if _reached(connection, name) != start:  # another search was updating too, and was faster
                    done.busy = True
                    return
                for place, raw in group:
                    done.lines += 1
                    try:
                        record = intact_record(raw, reader.crc_of)
                    except NotIntactError as error:
                        row = (*place, key_in(raw), str(error))
                        connection.execute("INSERT INTO damaged VALUES (?, ?, ?, ?, ?)", row)
                    else:
                        _index(connection, record, is_duplicate=place.segment.startswith("duplicates"))
                last, raw = group[-1]
                start = last.offset + last.length
                mark = (name, start, last.offset, zlib.crc32(raw))
                connection.execute("INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?)", mark)
            seen += sum(len(raw) for _, raw in group)
            reader.on_bytes(seen, total)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself ends a transaction when the disk is full
            connection.execute("ROLLBACK")
        raise


def _reached(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT bytes FROM segments WHERE name = ?", (name,)).fetchone()
    return row[0] if row else 0


def _index(connection: sqlite3.Connection, record: dict[str, Any], *, is_duplicate: bool) -> None:
    version = record["version"] if isinstance(record.get("version"), int) else 0
    if is_duplicate:
        _remove(connection, record["key"], version)
        return
    key, title, text = record["key"], _text(record.get("title")) or "", _text(record.get("text")) or ""
    packed = zlib.compress(text.encode(), _COMPRESSION_LEVEL)
    # The new row first: its number is then higher than any before, so it is never that of words already indexed.
    document = connection.execute("INSERT INTO originals (text) VALUES (?)", (packed,)).lastrowid
    for (before,) in connection.execute("SELECT id FROM documents WHERE key = ?", (key,)).fetchall():
        connection.execute("DELETE FROM originals WHERE id = ?", (before,))
        connection.execute("DELETE FROM documents WHERE id = ?", (before,))
    kind, language, published, url = (_text(record.get(name)) for name in ("kind", "language", "published", "url"))
    facts = (kind, language, published, _source(record), stored_picture(record), published and published[:4])
    crc = document_crc(key, version, kind, language, published, url, title, packed)
    row = (document, key, version, *facts, title, url, crc)
    # Not INSERT OR REPLACE: it begins a savepoint, at which FTS5 writes its pending data for each single document.
    connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.execute("INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)", (document, fold(title), fold(text)))


def document_crc(*facts: object) -> int:
    """Return the CRC-32 of the shown fields: key, version, kind, language, published, url, title, text."""
    return zlib.crc32(repr(facts).encode(errors="surrogatepass"))


def _remove(connection: sqlite3.Connection, key: str, version: int) -> None:
    """Remove the document of *key*, which moved to duplicates/ with *version*, unless it has a later version."""
    row = connection.execute("DELETE FROM documents WHERE key = ? AND version < ? RETURNING id", (key, version))
    for (document,) in row.fetchall():
        connection.execute("DELETE FROM originals WHERE id = ?", (document,))


def _source(record: dict[str, Any]) -> str | None:
    capture = record.get("capture")
    return _text(capture.get("source")) if isinstance(capture, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
