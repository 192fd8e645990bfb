"""The catalogue: a SQLite index over the lines, which is also the frontier and the seen sets.

Except for attempts, leases and the reasons of failures, everything in it follows from the lines
(:meth:`Catalogue.index`). So it can be deleted and rebuilt (:mod:`crawler.archive.repair`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from crawler.archive.database import CatalogueDatabase
from crawler.archive.decision import HeldVersion
from crawler.archive.gathering import PictureRow, RecordRow, TargetRow, VisitRow
from crawler.archive.identity import identity_of
from crawler.archive.intact import crcs_of
from crawler.archive.segments import LinePlace
from crawler.frontier.targets import Validators, stub_reason, stub_state, target_id, unix_time
from crawler.frontier.visits import Visits, answer_of, next_interval
from crawler.items import Article, DuplicateRule, Image

_STATES = {"article": "fetched", "seed": "seed"}
_NO_VALIDATORS = (None, None, None)


class Catalogue(CatalogueDatabase):
    """An open catalogue: it indexes lines, and answers questions about keys and pictures."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.visits = Visits(self)

    def index(
        self,
        article: Article,
        place: LinePlace,
        crc: int,
        *,
        version: int,
        duplicate_of: str | None,
        rule: DuplicateRule | None,
        validators: Validators | None = None,
    ) -> None:
        """Index *article*: its version, its pictures, and the targets that it lists.

        Its line is at *place* and has the CRC-32 *crc*. *version*, *duplicate_of* and *rule* are those of the line.
        *validators* come from its response, for conditional requests. A seed is not a visit, nor is a record that was
        moved: neither ends a lease.
        """
        state = stub_state(article.capture.status) if article.kind == "stub" else _STATES[article.kind]
        tid, found, url_key = identity_of(article)
        content = article.content_sha256
        listed = article.depth if article.related else None
        is_visit = article.kind != "seed" and not (rule or "").startswith("moved-")
        if tid in self.gathered.tids:
            self.flush()
        visit = self._visit(article, tid, version, validators) if is_visit else None  # may write the gathered rows
        self.uncommitted += 1
        self.gathered.advance(place.segment, place.offset + place.length, 1)
        target = TargetRow(tid, article.key, article.id, state, article.depth, listed, stub_reason(article))
        record = RecordRow(
            tid=tid,
            version=version,
            segment=place.segment,
            offset=place.offset,
            length=place.length,
            crc=crc,
            kind=article.kind,
            source=article.capture.source,
            language=article.language,
            published=article.published,
            url_key=url_key,
            content_sha256=bytes.fromhex(content) if content else None,
            duplicate_of=duplicate_of,
            duplicate_rule=rule,
        )
        self.gathered.archive(target, record, visit)
        if duplicate_of is None:
            if found is not None:
                self.fingerprints.add(found, tid)
            if url_key:
                self.gathered.url_keys.add(url_key)
            if article.kind == "article" and article.text:
                self.recurring.add(article.text, tid)
        self.gathered.list(article, tid)
        self.gathered.add_pictures(article)

    def _visit(self, article: Article, tid: int, version: int, validators: Validators | None) -> VisitRow:
        answer = answer_of(article, "changed" if version > 1 else "new")
        before = self.visits.interval(tid) if version > 1 else None  # no key was visited before its first line
        checked = unix_time(article.capture.fetched) or 0.0
        interval = next_interval(answer, before)
        return VisitRow(tid, checked, checked + interval, interval, *(validators or _NO_VALIDATORS))

    def add_pictures(self, article: Article) -> None:
        """Index the outcomes of the pictures of *article*, which adds no line; a stored picture stays stored."""
        known = {image: self.picture(image.pic or image.url or "") for image in article.images}
        news = tuple(image for image, held in known.items() if held is None or held.status != "stored")
        self.gathered.add_pictures(replace(article, images=news))

    def highest_version(self, key: str) -> HeldVersion | None:
        """Return the highest version of *key* in the corpus."""
        tid = target_id(key)
        query = "SELECT kind, content_sha256, version FROM records WHERE tid = ? ORDER BY version DESC LIMIT 1"
        row = self.run(query, (tid,), of=tid).fetchone()
        return row and HeldVersion(row[0], row[1] and row[1].hex(), row[2])

    def crc_of(self, key: str, version: int) -> int | None:
        """Return the CRC-32 of the line of *version* of *key*; None if there is none."""
        if target_id(key) in self.gathered.tids:
            self.flush()
        return crcs_of(self._connection)(key, version)

    def standing(self, tid: int, version: int) -> str | None:
        """Return the key of *tid* if *version* of it is the highest, and in articles/; else None."""
        query = (
            "SELECT version, duplicate_of, key FROM records JOIN targets USING (tid) WHERE tid = ?"
            " ORDER BY version DESC LIMIT 1"
        )
        row = self.run(query, (tid,), of=tid).fetchone()
        return row[2] if row and row[:2] == (version, None) else None

    @property
    def boilerplate(self) -> frozenset[int]:
        """The keys of paragraphs that recur on the site, as of the last write. Any thread may read it."""
        return self.recurring.known

    def versions(self, key: str) -> list[tuple[HeldVersion, LinePlace]]:
        """Return the versions of *key* in the corpus, oldest first, and where their lines are."""
        tid = target_id(key)
        query = (
            "SELECT kind, content_sha256, version, segment, offset, length FROM records WHERE tid = ? ORDER BY version"
        )
        rows = self.run(query, (tid,), of=tid)
        return [
            (HeldVersion(kind, sha256 and sha256.hex(), version), LinePlace(*at)) for kind, sha256, version, *at in rows
        ]

    def discovered_from(self, key: str) -> set[str]:
        """Return the keys of the archived pages that list *key* as related."""
        tid = target_id(key)
        query = "SELECT group_concat(source) FROM edges WHERE target = ?"
        return self.named(key, self.read_written(query, (tid,)).fetchone()[0])

    def named(self, key: str, sources: str | None) -> set[str]:
        """Return the keys of records that list *key*: *sources* (comma-separated numbers) and those in the group."""
        site = key.rpartition("/")[0]
        keys = self.gathered.sources(key)
        for source in sources.split(",") if sources else ():
            if source[0] == "-":
                row = self.read_written("SELECT key FROM targets WHERE tid = ?", (int(source),)).fetchone()
                keys.add(row[0] if row else f"{site}/{source}")
            else:
                keys.add(f"{site}/{source}")
        return keys

    def picture(self, name: str) -> Image | None:
        """Return the outcome of the picture with this pic (or URL); None if it was never requested."""
        if name in self.gathered.pictures:
            self.flush()
        query = f"SELECT {', '.join(PictureRow._fields)} FROM pictures WHERE name = ?"  # noqa: S608 - our own words
        row = self.read_written(query, (name,)).fetchone()
        return PictureRow(*row).image() if row else None

    def segments(self) -> dict[str, tuple[int, int]]:
        """Return how far each segment is indexed: name to (bytes, lines)."""
        rows = self.run("SELECT name, bytes, lines FROM segments")
        return {name: (size, lines) for name, size, lines in rows}

    def advance(self, segment: str, end: int) -> None:
        """Note that *segment* is read up to the byte offset *end*, where no indexed line shows it."""
        self.gathered.advance(segment, end, 0)
