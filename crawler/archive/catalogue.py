"""The catalogue: a SQLite index over the lines, which is also the frontier and the seen sets.

Everything in it but attempts, leases and the reasons of failures follows from the lines, by :meth:`Catalogue.index`
alone; so it can be thrown away and made again (:mod:`crawler.archive.repair`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from crawler.archive.decision import Held, Twin
from crawler.archive.fingerprints import Fingerprints, fingerprint
from crawler.archive.gathering import Gathered
from crawler.archive.intact import crcs_of
from crawler.archive.lookup import Asked, Found, asked_by, look_up, url_key_of
from crawler.archive.recurring import Recurring
from crawler.archive.schema import STATEMENTS, VERSION
from crawler.archive.segments import Place
from crawler.frontier.targets import Validators, stub_reason, stub_state, target_id, unix_time
from crawler.frontier.visits import Visits, answer_of, next_interval
from crawler.items import Article, DuplicateRule, Image

_PAGES_A_CHECKPOINT = 4_000
"""Of 4 KiB. The more, the more often a page that many groups change is written once for all of them."""
_LINES_A_COMMIT = 1_000
"""The more, the cheaper each: what they list in common is merged, and a page that they share is written once."""
_STATES = {"article": "fetched", "seed": "seed"}
_NO_VALIDATORS = (None, None, None)
_STANDS = "(SELECT v.duplicate_of FROM records v WHERE v.tid = r.tid ORDER BY v.version DESC LIMIT 1) IS NULL"
"""SQL that holds for all versions of a key that stands in articles/."""
_PICTURE = ("status", "url", "path", "sha256", "phash", "bytes", "width", "height", "media_type", "reason")


class Known(NamedTuple):
    """What a corpus knows of a record that is brought to it: see the methods of :class:`Catalogue` of these names."""

    held: Held | None
    twin: Twin | None
    discovered_from: set[str]


class Catalogue:
    """An open catalogue. One connection, used by one thread at a time; other processes may read beside it.

    ``synchronous=NORMAL`` in WAL mode: a commit survives any death of the process; a power cut may undo the last
    ones, but never those that the lines, synced first, do not make good when the corpus is next opened.

    What :meth:`index` takes in is gathered (:mod:`crawler.archive.gathering`) and written by :meth:`flush`: at the
    latest before the commit, and before anything else that asks the database by its ``connection``.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        self._gathered = Gathered()
        self._looked_up: dict[Asked, Found] = {}
        self._fingerprints = Fingerprints(self._connection)
        self._recurring = Recurring(self._connection)
        self.uncommitted = 0
        """How many lines were indexed since the last commit. May be read in any thread."""
        self._asked = False
        self.visits = Visits(self)
        try:
            self._prepare()
            self._fingerprints.load()
            self._recurring.load()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        execute("PRAGMA cache_size = -32000")
        execute(f"PRAGMA wal_autocheckpoint = {_PAGES_A_CHECKPOINT}")
        execute("PRAGMA temp_store = MEMORY")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self._connection:  # no transaction(), which would ask for its tables after an error
                execute("BEGIN IMMEDIATE")
                for statement in STATEMENTS:
                    execute(statement)
                execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"catalogue of version {version}, this is {VERSION}")

    @property
    def connection(self) -> sqlite3.Connection:
        """The database, with all written to it that was gathered so far.

        Who asks for it may change what follows from no line, so :attr:`wants_commit` is true from then on.
        """
        self._asked = True
        self.flush()
        return self._connection

    def close(self) -> None:
        """Close the connection; what is not committed is lost."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is done inside, or nothing of it."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def begin(self) -> None:
        """Begin a transaction, unless one is open."""
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit all since :meth:`begin`, what was gathered too."""
        self.flush()
        self._connection.execute("COMMIT")
        self.uncommitted, self._asked = 0, False

    def rollback(self) -> None:
        """Undo and forget all since :meth:`begin`."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self.uncommitted, self._asked = 0, False
        self._forget()

    @property
    def wants_commit(self) -> bool:
        """Whether much is uncommitted, or anything that the lines alone would not bring back, or nothing is."""
        return self._asked or not 0 < self.uncommitted < _LINES_A_COMMIT

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Inside a transaction, keep all that is done inside, or nothing of it."""
        self.flush()
        self._connection.execute("SAVEPOINT part")
        try:
            yield
            self.flush()
        except BaseException:
            self._connection.execute("ROLLBACK TO part")
            self._forget()
            raise
        finally:
            self._connection.execute("RELEASE part")

    def flush(self) -> None:
        """Write what was gathered to the database; it is still to be committed."""
        self._looked_up.clear()
        if self._gathered:
            self._gathered.write(self._connection)
            self._gathered = Gathered()
            self._fingerprints.write()
            self._recurring.write()

    def _forget(self) -> None:
        """Forget what was gathered, and all that is held in memory of a transaction that was undone."""
        self._looked_up.clear()
        self._gathered = Gathered()
        self._fingerprints.load()
        self._recurring.load()

    def index(
        self,
        article: Article,
        place: Place,
        crc: int,
        *,
        version: int,
        duplicate_of: str | None,
        rule: DuplicateRule | None,
        validators: Validators | None = None,
    ) -> None:
        """Take in *article*, whose line of CRC-32 *crc* is at *place*: version, pictures, and the targets it lists.

        *version*, *duplicate_of* and *rule* are those of the line. *validators* are what its response gave to ask
        conditionally with. A seed is no visit, nor is a record that was moved: it ends no lease.
        """
        state = stub_state(article.capture.status) if article.kind == "stub" else _STATES[article.kind]
        tid, found, url_key = asked_by(article)
        content = article.content_sha256
        listed = article.depth if article.related else None
        is_visit = article.kind != "seed" and not (rule or "").startswith("moved-")
        if tid in self._gathered.tids:
            self.flush()
        visit = self._visit(article, tid, version, validators) if is_visit else None  # which may write what is gathered
        self.uncommitted += 1
        self._gathered.advance(place.segment, place.offset + place.length, 1)
        self._gathered.archive(
            (tid, article.key, article.id, state, article.depth, listed, stub_reason(article)),
            (
                tid,
                version,
                *place,
                crc,
                article.kind,
                article.capture.source,
                article.language,
                article.published,
                url_key,
                content and bytes.fromhex(content),
                duplicate_of,
                rule,
            ),
            visit,
        )
        if duplicate_of is None:
            if found is not None:
                self._fingerprints.add(found, tid)
            if url_key:
                self._gathered.url_keys.add(url_key)
            if article.kind == "article" and article.text:
                self._recurring.add(article.text, tid)
        self._gathered.list(article, tid)
        self._gathered.add_pictures(article)

    def _visit(self, article: Article, tid: int, version: int, validators: Validators | None) -> tuple[Any, ...]:
        answer = answer_of(article, "changed" if version > 1 else "new")
        before = self.visits.interval(tid) if version > 1 else None  # no key was visited before its first line
        checked = unix_time(article.capture.fetched) or 0.0
        interval = next_interval(answer, before)
        return (tid, checked, checked + interval, interval, *(validators or _NO_VALIDATORS))

    def add_pictures(self, article: Article) -> None:
        """Take in what became of the pictures of *article*, which adds no line; what is stored stays as it is."""
        known = {image: self.picture(image.pic or image.url or "") for image in article.images}
        news = tuple(image for image, held in known.items() if held is None or held.status != "stored")
        self._gathered.add_pictures(replace(article, images=news))

    def look_up(self, articles: Sequence[Article]) -> None:
        """Look up together what the database tells of *articles*, each of which is then asked for by :meth:`known`.

        One look tells of most records that they are new, which is several times cheaper than to ask for each.
        """
        self._looked_up.update(look_up(self._connection, [asked_by(article) for article in articles]))

    def known(self, article: Article) -> Known:
        """Return what is held of the key of *article*, its twin, and where it was discovered."""
        asked = asked_by(article)
        if asked not in self._looked_up:
            self.look_up((article,))
        found = self._looked_up.pop(asked)
        discovered_from = self._named(article.key, found.sources)  # before what is gathered may be written
        is_held = found.key or asked.tid in self._gathered.tids
        text_is_held = found.text or (asked.fingerprint is not None and self._fingerprints.is_recent(asked.fingerprint))
        url_is_held = found.url or asked.url_key in self._gathered.url_keys
        return Known(
            self.held(article.key) if is_held else None,
            self.twin(article) if text_is_held or url_is_held else None,
            discovered_from,
        )

    def held(self, key: str) -> Held | None:
        """Return the highest version of *key* in the corpus."""
        tid = target_id(key)
        if tid in self._gathered.tids:
            self.flush()
        row = self._connection.execute(
            "SELECT kind, content_sha256, version FROM records WHERE tid = ? ORDER BY version DESC LIMIT 1", (tid,)
        ).fetchone()
        return row and Held(row[0], row[1] and row[1].hex(), row[2])

    def crc_of(self, key: str, version: int) -> int | None:
        """Return the CRC-32 of the line of *version* of *key*; None if there is none."""
        if target_id(key) in self._gathered.tids:
            self.flush()
        return crcs_of(self._connection)(key, version)

    def standing(self, tid: int, version: int) -> str | None:
        """Return the key of *tid* if *version* of it is the highest, and in articles/; else None."""
        if tid in self._gathered.tids:
            self.flush()
        row = self._connection.execute(
            "SELECT version, duplicate_of, key FROM records JOIN targets USING (tid) WHERE tid = ?"
            " ORDER BY version DESC LIMIT 1",
            (tid,),
        ).fetchone()
        return row[2] if row and row[:2] == (version, None) else None

    @property
    def boilerplate(self) -> frozenset[int]:
        """The keys of paragraphs that recur on the site, as far as they are written. May be read in any thread."""
        return self._recurring.known

    def versions(self, key: str) -> list[tuple[Held, Place]]:
        """Return the versions of *key* in the corpus, oldest first, and where their lines are."""
        tid = target_id(key)
        if tid in self._gathered.tids:
            self.flush()
        rows = self._connection.execute(
            "SELECT kind, content_sha256, version, segment, offset, length FROM records WHERE tid = ? ORDER BY version",
            (tid,),
        )
        return [(Held(kind, sha256 and sha256.hex(), version), Place(*at)) for kind, sha256, version, *at in rows]

    def nearer(self) -> list[tuple[str, int]]:
        """Return the archived keys that are nearer to the seeds than when their records listed others, and how far."""
        self.flush()
        return self._connection.execute("SELECT key, depth FROM targets WHERE depth < listed").fetchall()

    def bring_nearer(self, key: str, depth: int, listed: Iterable[str]) -> None:
        """Note that *key*, at *depth*, lists the keys *listed*: none of them is more than one step farther."""
        execute = self._connection.execute
        execute("UPDATE targets SET listed = ? WHERE tid = ?", (depth, target_id(key)))
        for one in listed:
            execute("UPDATE targets SET depth = ? WHERE tid = ? AND depth > ?", (depth + 1, target_id(one), depth + 1))

    def brings_nearer(self, tids: Collection[int], depth: int) -> bool:
        """Tell whether one of *tids* is not known, or waits farther from the seeds than *depth*."""
        self.flush()
        (near,) = self._connection.execute(
            "SELECT count(*) FROM targets WHERE tid IN (SELECT value FROM json_each(?))"
            " AND (depth <= ? OR state != 'pending')",
            (orjson.dumps(list(tids)).decode(), depth),
        ).fetchone()
        return int(near) < len(tids)

    def twin(self, article: Article) -> Twin | None:
        """Return another key that stands in articles/ with the text of *article*, or else its URL."""
        key = article.content_sha256 and self._text_twin(article, article.content_sha256)
        if key:
            return Twin(key, 1.0, "text")
        url_key = url_key_of(article)
        key = url_key and self._url_twin(article, url_key)
        return Twin(key, None, "url") if key else None

    def _text_twin(self, article: Article, content_sha256: str) -> str | None:
        own, content = target_id(article.key), bytes.fromhex(content_sha256)
        for tid in self._fingerprints.find(fingerprint(content_sha256)):
            if tid == own:
                continue
            if tid in self._gathered.tids:
                self.flush()
            row = self._connection.execute(
                "SELECT key FROM records r JOIN targets USING (tid) WHERE tid = ? AND content_sha256 = ? AND kind = ?"  # noqa: S608
                f" AND duplicate_of IS NULL AND {_STANDS} LIMIT 1",
                (tid, content, article.kind),
            ).fetchone()
            if row:
                return str(row[0])
        return None

    def _url_twin(self, article: Article, url_key: str) -> str | None:
        if url_key in self._gathered.url_keys:
            self.flush()
        row = self._connection.execute(
            "SELECT key FROM records r JOIN targets USING (tid) WHERE url_key = ? AND kind = ? AND tid != ?"  # noqa: S608
            f" AND duplicate_of IS NULL AND {_STANDS} ORDER BY tid LIMIT 1",
            (url_key, article.kind, target_id(article.key)),
        ).fetchone()
        return row and str(row[0])

    def discovered_from(self, key: str) -> set[str]:
        """Return the keys of the archived pages that list *key* as related."""
        tid = target_id(key)
        query = "SELECT group_concat(source) FROM edges WHERE target = ?"
        return self._named(key, self._connection.execute(query, (tid,)).fetchone()[0])

    def _named(self, key: str, sources: str | None) -> set[str]:
        """Return the keys of the *sources* of *key*, numbers with commas between, and of those in the group."""
        site = key.rpartition("/")[0]
        keys = self._gathered.sources(key)
        for source in sources.split(",") if sources else ():
            if source[0] == "-":
                row = self._connection.execute("SELECT key FROM targets WHERE tid = ?", (int(source),)).fetchone()
                keys.add(row[0] if row else f"{site}/{source}")
            else:
                keys.add(f"{site}/{source}")
        return keys

    def picture(self, name: str) -> Image | None:
        """Return what became of the picture with this pic (or URL), None if it was never asked for."""
        if name in self._gathered.pictures:
            self.flush()
        row = self._connection.execute(
            f"SELECT {', '.join(_PICTURE)} FROM pictures WHERE name = ?",  # noqa: S608 - our own words
            (name,),
        ).fetchone()
        if row is None:
            return None
        return Image(pic=None if row[1] == name else name, **dict(zip(_PICTURE, row, strict=True)))

    def segments(self) -> dict[str, tuple[int, int]]:
        """Return how far each segment is indexed: name to (bytes, lines)."""
        self.flush()
        rows = self._connection.execute("SELECT name, bytes, lines FROM segments")
        return {name: (size, lines) for name, size, lines in rows}

    def advance(self, segment: str, end: int) -> None:
        """Note that *segment* is read up to the offset *end*, if no line tells."""
        self._gathered.advance(segment, end, 0)
