"""An index of WARC files in SQLite: by URL for replay, by payload for revisits, in CDX order for WACZ.

It is built from the files alone and can be rebuilt at any time. A file's row says how far it was read and the CRC-32 of
those bytes, which shows later damage that no checksum in the file itself can show.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from crawler.sqlite import connect_to_read
from crawler.warc.exchange import target_uri
from crawler.warc.reading import Record, http_head
from crawler.warc.surt import surt
from crawler.warc.writing import Original

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS captures (
    file INTEGER NOT NULL REFERENCES files, offset INTEGER NOT NULL, length INTEGER NOT NULL, kind TEXT NOT NULL,
    urlkey TEXT NOT NULL, url TEXT NOT NULL, date TEXT NOT NULL, status INTEGER, media_type TEXT,
    digest TEXT, sha256 BLOB, record_id TEXT, refers_to_url TEXT, refers_to_date TEXT, PRIMARY KEY (file, offset)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS captures_by_url ON captures (urlkey, date);
CREATE INDEX IF NOT EXISTS captures_by_payload ON captures (sha256) WHERE kind = 'response';
CREATE INDEX IF NOT EXISTS captures_by_any_digest ON captures (digest);
CREATE INDEX IF NOT EXISTS captures_by_record ON captures (record_id);
"""
_VERSION = 1


class IndexedCapture(NamedTuple):
    """A response in a WARC file: ``kind`` is ``response``, ``revisit`` or ``resource``.

    ``refers_to_url`` and ``refers_to_date`` name the response of a revisit, if the record says which.
    """

    file: str
    offset: int
    length: int
    kind: str
    urlkey: str
    url: str
    date: str
    status: int | None
    media_type: str | None
    digest: str | None
    sha256: bytes | None
    record_id: str | None
    refers_to_url: str | None = None
    refers_to_date: str | None = None


_COLUMNS = ", ".join(IndexedCapture._fields[1:])
_SELECT = f"SELECT name, {_COLUMNS} FROM captures JOIN files ON id = file"  # noqa: S608 - our own words


class CaptureIndex:
    """The index in the SQLite file at *path*, created if needed. Nothing is kept until :meth:`commit`.

    Over 15 methods: each asks or changes the same two tables in one statement.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        if read_only:
            self._connection = connect_to_read(path)
            return
        self._connection = sqlite3.connect(path, check_same_thread=False)
        try:
            execute = self._connection.execute
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = NORMAL")
            if execute("PRAGMA user_version").fetchone()[0] not in {0, _VERSION}:
                raise sqlite3.DatabaseError("it is of another version")
            self._connection.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION};")
        except sqlite3.Error:
            self._connection.close()
            raise

    @property
    def has_tables(self) -> bool:
        """Whether all tables are there; they are not if whoever created the file was killed or the disk was full."""
        return bool(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def files(self) -> dict[str, tuple[int, int]]:
        """Return for each file how far it was read and the CRC-32 of what was read."""
        return {name: (size, crc) for name, size, crc in self._connection.execute("SELECT name, bytes, crc FROM files")}

    def advance(self, name: str, size: int, crc: int) -> None:
        """Note that the file *name* was read up to *size*, and the *crc* of those bytes."""
        self._connection.execute(
            "INSERT INTO files (name, bytes, crc) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, crc = excluded.crc",
            (name, size, crc),
        )

    def forget(self, name: str) -> None:
        """Remove the file *name* and its captures."""
        self._connection.execute("DELETE FROM captures WHERE file = (SELECT id FROM files WHERE name = ?)", (name,))
        self._connection.execute("DELETE FROM files WHERE name = ?", (name,))

    def add(self, capture: IndexedCapture) -> None:
        """Add *capture*, whose file is known (:meth:`advance`)."""
        marks = ", ".join("?" * len(IndexedCapture._fields[1:]))
        self._connection.execute(
            f"INSERT OR REPLACE INTO captures (file, {_COLUMNS})"  # noqa: S608 - our own words
            f" VALUES ((SELECT id FROM files WHERE name = ?), {marks})",
            capture,
        )

    def remove(self, file: str, offset: int) -> None:
        """Remove the capture at *offset* of *file*, which is not there any more."""
        self._connection.execute(
            "DELETE FROM captures WHERE file = (SELECT id FROM files WHERE name = ?) AND offset = ?", (file, offset)
        )

    def vacuum(self) -> None:
        """Rewrite the database, outside a transaction, so that no byte of what was removed is left in its files."""
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def original(self, payload_sha256: bytes) -> Original | None:
        """Return the first response with that payload, None if there is none."""
        row = self._connection.execute(
            "SELECT record_id, url, date FROM captures WHERE sha256 = ? AND kind = 'response' LIMIT 1",
            (payload_sha256,),
        ).fetchone()
        return Original(*row) if row else None

    def last_answer(self, url: str) -> Original | None:
        """Return the last response of status 200 for exactly *url*: a 304 says that it is still the answer."""
        url = target_uri(url)
        row = self._connection.execute(
            "SELECT record_id, url, date, digest FROM captures"
            " WHERE urlkey = ? AND url = ? AND kind = 'response' AND status = 200 ORDER BY date DESC LIMIT 1",
            (url_key(url), url),
        ).fetchone()
        return Original(*row) if row else None

    def at(self, file: str, offset: int) -> IndexedCapture | None:
        """Return the capture at *offset* of *file*."""
        return next(self._captures("WHERE name = ? AND offset = ?", file, offset), None)

    def of_file(self, file: str) -> Iterator[IndexedCapture]:
        """Yield the captures in *file*, in the order of the file."""
        return self._captures("WHERE file = (SELECT id FROM files WHERE name = ?) ORDER BY offset", file)

    def has_original(self, revisit: IndexedCapture) -> bool:
        """Return whether the response to which *revisit* refers is in the index."""
        url = revisit.refers_to_url or ""
        row = self._connection.execute(
            "SELECT 1 FROM captures WHERE urlkey = ? AND url = ? AND date = ? AND kind = 'response' LIMIT 1",
            (url_key(url), url, revisit.refers_to_date),
        )
        return row.fetchone() is not None

    def orphans(self) -> Iterator[IndexedCapture]:
        """Yield the revisits whose response is not in the index."""
        return (one for one in self._captures("WHERE kind = 'revisit'") if not self.has_original(one))

    def of_url(self, url: str) -> Iterator[IndexedCapture]:
        """Yield the captures of *url*, by its canonical form as in replay tools, the oldest first."""
        return self._captures("WHERE urlkey = ? ORDER BY date, name, offset", url_key(url))

    def matching(self, field: Literal["digest", "record_id"], value: str) -> Iterator[IndexedCapture]:
        """Yield the captures whose *field* is *value*, responses with a payload first, then the oldest first."""
        order = "ORDER BY kind = 'revisit', date, name, offset"
        return self._captures(f"WHERE {field} = ? {order}", value)

    def all(self) -> Iterator[IndexedCapture]:
        """Yield every capture in the order of a CDX index."""
        return self._captures("ORDER BY urlkey, date, name, offset")

    def count(self) -> int:
        """Return how many captures there are."""
        return int(self._connection.execute("SELECT count(*) FROM captures").fetchone()[0])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Until the context ends, show the current state, whatever another process adds."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    def commit(self) -> None:
        """Commit the changes; the files' own bytes must be durable before."""
        self._connection.commit()

    def into_one_file(self) -> None:
        """Move all that is committed into one file, which can then be renamed."""
        self._connection.execute("PRAGMA journal_mode = DELETE")

    def close(self) -> None:
        """Close the database; changes that were not committed are lost."""
        self._connection.close()

    def _captures(self, condition: str, *parameters: object) -> Iterator[IndexedCapture]:
        for row in self._connection.execute(f"{_SELECT} {condition}", parameters):
            yield IndexedCapture(*row)


def url_key(url: str) -> str:
    """Return the key by which CDX indexes look up *url*: its SURT, or *url* itself if it has none.

    >>> url_key("http://www.Example.org/a?b=2&a=1#top")
    'org,example)/a?a=1&b=2'
    """
    try:
        return surt(url)
    except ValueError:  # a hostile URL can cause any error
        return url


def read_back(record: Record, file: str) -> IndexedCapture | None:
    """Return the index entry of *record*, None if it is not a response.

    All entries are made here: of records just written, read again, or checked.
    """
    if record.kind not in {"response", "revisit"}:
        return None
    headers = record.headers
    url = headers.get("warc-target-uri", "").strip("<>")
    payload = record.payload
    status, http_headers = http_head(record.block)
    return IndexedCapture(
        file,
        record.offset,
        record.length,
        record.kind,
        url_key(url),
        url,
        headers["warc-date"],
        status,
        _media_type(http_headers.get("content-type")),
        headers.get("warc-payload-digest"),
        sha256(payload).digest() if payload and record.kind == "response" else None,
        headers["warc-record-id"],
        headers.get("warc-refers-to-target-uri"),
        headers.get("warc-refers-to-date"),
    )


def _media_type(content_type: str | None) -> str | None:
    return (content_type or "").partition(";")[0].strip().lower() or None
