"""The catalogue: a SQLite index over the lines, which is also the frontier and the seen sets.

Everything in it but attempts, leases and the reasons of failures follows from the lines, by :meth:`Catalogue.index`
alone; so it can be thrown away and made again (:mod:`crawler.archive.recovery`).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from w3lib.url import canonicalize_url

from crawler.archive.decision import Held, stub_reason, stub_state
from crawler.archive.frontier import target_id
from crawler.archive.segments import Place
from crawler.archive.visits import Visits, answer_of, unix_time
from crawler.items import Article, Image

VERSION = 3

_SCHEMA = """
CREATE TABLE segments (             -- how far the catalogue has read each segment
    name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, lines INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE targets (              -- every key that is archived, or that a dump named
    tid INTEGER PRIMARY KEY,        -- see target_id()
    key TEXT NOT NULL,
    id TEXT,
    state TEXT NOT NULL,            -- pending leased fetched gone failed; seed: known from its own dump, not asked for
    depth INTEGER NOT NULL,
    title TEXT, pic TEXT,           -- what dumps told of it
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT,                    -- why it is gone or failed
    lease_run TEXT, lease_until REAL,
    home TEXT                       -- the state that a lease which ends without an answer goes back to
);
CREATE INDEX targets_pending ON targets (depth, tid) WHERE state = 'pending';
CREATE INDEX targets_leased ON targets (lease_until) WHERE state = 'leased';
CREATE INDEX targets_failed ON targets (tid) WHERE state = 'failed';
CREATE TABLE visits (               -- when each archived target was last asked for, and when it is due again
    tid INTEGER PRIMARY KEY, checked REAL NOT NULL, due REAL, interval REAL NOT NULL,
    url TEXT, etag TEXT, modified TEXT
);
CREATE INDEX visits_due ON visits (due) WHERE due IS NOT NULL;
CREATE INDEX visits_checked ON visits (checked);
CREATE TABLE edges (                -- source lists target as related
    target INTEGER NOT NULL, source INTEGER NOT NULL, sort INTEGER,
    PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE TABLE records (              -- one row a line
    tid INTEGER NOT NULL, version INTEGER NOT NULL,
    segment TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    crc INTEGER NOT NULL,           -- CRC-32 of the line: what rots in a segment that is not sealed yet is found by it
    kind TEXT NOT NULL, source TEXT NOT NULL, language TEXT, published TEXT,
    url_key TEXT, content_sha256 BLOB, duplicate_of TEXT,
    PRIMARY KEY (tid, version)
) WITHOUT ROWID;
CREATE INDEX records_content ON records (content_sha256) WHERE content_sha256 IS NOT NULL AND duplicate_of IS NULL;
CREATE INDEX records_url ON records (url_key) WHERE url_key IS NOT NULL AND duplicate_of IS NULL;
CREATE TABLE pictures (             -- every picture asked for, by its pic, or its URL where it has no pic
    name TEXT PRIMARY KEY, status TEXT, url TEXT, path TEXT, sha256 TEXT, phash TEXT,
    bytes INTEGER, width INTEGER, height INTEGER, media_type TEXT
) WITHOUT ROWID;
"""

_LONGER_TITLE = """CASE
    WHEN title IS NULL OR length(excluded.title) > length(title)
      OR (length(excluded.title) = length(title) AND excluded.title < title)
    THEN coalesce(excluded.title, title) ELSE title END"""

_FIRST_PIC = "CASE WHEN pic IS NULL OR excluded.pic < pic THEN coalesce(excluded.pic, pic) ELSE pic END"

# Merged so that the order in which dumps are read makes no difference: a rebuilt catalogue is the same. Most that is
# listed was listed before, and a row that would stay as it is, is not written.
_LIST_TARGET = f"""
INSERT INTO targets (tid, key, id, state, depth, title, pic) VALUES (?, ?, ?, 'pending', ?, ?, ?)
ON CONFLICT (tid) DO UPDATE SET
    depth = min(depth, excluded.depth),
    title = {_LONGER_TITLE},
    pic = {_FIRST_PIC},
    state = CASE state WHEN 'seed' THEN 'pending' ELSE state END
WHERE excluded.depth < depth OR state = 'seed' OR title IS NOT {_LONGER_TITLE} OR pic IS NOT {_FIRST_PIC}"""  # noqa: S608

_ARCHIVE_SEED = """
INSERT INTO targets (tid, key, id, state, depth, reason) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (tid) DO UPDATE SET depth = min(depth, excluded.depth)"""

_ARCHIVE_TARGET = f"""
{_ARCHIVE_SEED},
    state = excluded.state, reason = excluded.reason, lease_run = NULL, lease_until = NULL, home = NULL"""

_ADD_PICTURE = """
INSERT INTO pictures (name, status, url, path, sha256, phash, bytes, width, height, media_type)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
    status = excluded.status, url = excluded.url, path = excluded.path, sha256 = excluded.sha256,
    phash = excluded.phash, bytes = excluded.bytes, width = excluded.width, height = excluded.height,
    media_type = excluded.media_type
WHERE pictures.status IS NOT 'stored'"""

_PLAIN_URL_RE = re.compile(r"https?://[a-z0-9.-]+(:[1-9][0-9]{0,3})?/[A-Za-z0-9_/-]*")


class Catalogue:
    """An open catalogue. One connection, used by one thread at a time; other processes may read beside it.

    ``synchronous=NORMAL`` in WAL mode: a commit survives any death of the process; a power cut may undo the last
    ones, but never those that the lines, synced first, do not make good when the corpus is next opened.
    """

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.visits = Visits(self.connection)
        try:
            self._prepare()
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self) -> None:
        execute = self.connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute("PRAGMA cache_size = -32000")
        execute("PRAGMA temp_store = MEMORY")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self.transaction():
                for statement in _SCHEMA.split(";\n"):
                    execute(statement)
                execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"catalogue of version {version}, this is {VERSION}")

    def close(self) -> None:
        """Close the connection; what is not committed is lost."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is done inside, or nothing of it."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def index(self, article: Article, place: Place, crc: int) -> None:
        """Take in *article*, whose line of CRC-32 *crc* is at *place*: version, pictures, and the targets it lists."""
        state = {"article": "fetched", "seed": "seed", "stub": stub_state(article.capture.status)}[article.kind]
        execute = self.connection.execute
        tid = target_id(article.key)
        statement = _ARCHIVE_SEED if article.kind == "seed" else _ARCHIVE_TARGET
        execute(statement, (tid, article.key, article.id, state, article.depth, stub_reason(article)))
        execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tid,
                article.version,
                *place,
                crc,
                article.kind,
                article.capture.source,
                article.language,
                article.published,
                _url_key(article),
                article.content_sha256 and bytes.fromhex(article.content_sha256),
                article.near_duplicate_of,
            ),
        )
        if article.kind != "seed":
            self.visits.record(tid, answer_of(article, added=True), unix_time(article.capture.fetched) or 0.0)
        self._list(article, tid)
        self.add_pictures(article)

    def _list(self, article: Article, source: int) -> None:
        targets, edges = [], []
        for item in article.related:
            key = f"{article.site}/{item.id}"
            tid = target_id(key)
            targets.append((tid, key, item.id, article.depth + 1, item.title, item.pic))
            edges.append((tid, source, item.sort))
        if targets:
            self.connection.executemany(_LIST_TARGET, targets)
            self.connection.executemany("INSERT OR IGNORE INTO edges VALUES (?, ?, ?)", edges)

    def add_pictures(self, article: Article) -> None:
        """Take in what became of the pictures of *article*."""
        for image in article.images:
            if name := image.pic or image.url:
                facts = (image.status, image.url, image.path, image.sha256, image.phash)
                size = (image.bytes, image.width, image.height, image.media_type)
                self.connection.execute(_ADD_PICTURE, (name, *facts, *size))

    def held(self, key: str) -> Held | None:
        """Return the highest version of *key* in the corpus."""
        row = self.connection.execute(
            "SELECT kind, content_sha256, version FROM records WHERE tid = ? ORDER BY version DESC LIMIT 1",
            (target_id(key),),
        ).fetchone()
        return row and Held(row[0], row[1] and row[1].hex(), row[2])

    def twin(self, article: Article) -> tuple[str, float | None] | None:
        """Return another key in articles/ with the text of *article* (and 1.0), or else its URL (and None)."""
        find = (
            "SELECT key FROM records JOIN targets USING (tid)"
            " WHERE {} = ? AND kind = ? AND duplicate_of IS NULL AND tid != ? ORDER BY tid LIMIT 1"
        )
        likenesses = (
            ("content_sha256", article.content_sha256 and bytes.fromhex(article.content_sha256), 1.0),
            ("url_key", _url_key(article), None),
        )
        for column, value, similarity in likenesses:
            if value is None:
                continue
            row = self.connection.execute(find.format(column), (value, article.kind, target_id(article.key))).fetchone()
            if row:
                return row[0], similarity
        return None

    def discovered_from(self, key: str) -> tuple[str, ...]:
        """Return the keys of the archived pages that list *key* as related, sorted."""
        rows = self.connection.execute(
            "SELECT key FROM edges JOIN targets ON tid = source WHERE target = ? ORDER BY key",
            (target_id(key),),
        )
        return tuple(row[0] for row in rows)

    def picture(self, name: str) -> Image | None:
        """Return what became of the picture with this pic (or URL), None if it was never asked for."""
        row = self.connection.execute(
            "SELECT status, url, path, sha256, phash, bytes, width, height, media_type FROM pictures WHERE name = ?",
            (name,),
        ).fetchone()
        if row is None:
            return None
        fields = ("status", "url", "path", "sha256", "phash", "bytes", "width", "height", "media_type")
        return Image(pic=None if row[1] == name else name, **dict(zip(fields, row, strict=True)))

    def segments(self) -> dict[str, tuple[int, int]]:
        """Return how far each segment is indexed: name to (bytes, lines)."""
        rows = self.connection.execute("SELECT name, bytes, lines FROM segments")
        return {name: (size, lines) for name, size, lines in rows}

    def advance(self, segment: str, end: int, lines: int) -> None:
        """Record that *segment* is indexed up to the offset *end*, *lines* lines further than before."""
        self.connection.execute(
            "INSERT INTO segments VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, lines = lines + excluded.lines",
            (segment, end, lines),
        )


def _url_key(article: Article) -> str | None:
    """Return what equal pages' URLs have in common; only fetched articles have one."""
    return _canonical(article.url) if article.kind == "article" and article.url else None


@lru_cache(maxsize=1024)  # a record is asked for twins, and again when it is indexed
def _canonical(url: str) -> str:
    # A plain URL is canonical as it is, which is told thirty times faster than it is made so.
    canonical = url if _PLAIN_URL_RE.fullmatch(url) else canonicalize_url(url)
    return canonical.removeprefix("https:").removeprefix("http:")
