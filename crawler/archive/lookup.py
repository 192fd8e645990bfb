"""Looks records up in the catalogue before they are added: many in one query, as most of them are new."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Final, NamedTuple

from crawler.archive.catalogue import Catalogue
from crawler.archive.decision import HeldVersion, RepeatedRecord
from crawler.archive.fingerprints import fingerprint
from crawler.archive.identity import Identity, identity_of, url_key_of
from crawler.frontier.targets import target_id
from crawler.items import Article

MAX_RECORDS_PER_QUERY: Final = 16
_PRESENCE_SQL: Final = """
WITH asked (tid, hash, url_key) AS (VALUES {})
SELECT EXISTS (SELECT 1 FROM records WHERE tid = asked.tid),
       EXISTS (SELECT 1 FROM fingerprints WHERE hash = asked.hash),
       EXISTS (SELECT 1 FROM records WHERE url_key = asked.url_key AND duplicate_of IS NULL),
       (SELECT group_concat(source) FROM edges WHERE target = asked.tid)
FROM asked"""
_IS_IN_ARTICLES_SQL: Final = """duplicate_of IS NULL
AND (SELECT v.duplicate_of FROM records v WHERE v.tid = r.tid ORDER BY v.version DESC LIMIT 1) IS NULL"""
"""True for all versions of a key that is in articles/."""
_SAME_TEXT_SQL: Final = f"""
SELECT key FROM records r JOIN targets USING (tid)
WHERE tid = ? AND content_sha256 = ? AND kind = ? AND {_IS_IN_ARTICLES_SQL} LIMIT 1"""  # noqa: S608 - our own words
_SAME_URL_SQL: Final = f"""
SELECT key FROM records r JOIN targets USING (tid)
WHERE url_key = ? AND kind = ? AND tid != ? AND {_IS_IN_ARTICLES_SQL} ORDER BY tid LIMIT 1"""  # noqa: S608 - our own words


class Presence(NamedTuple):
    """Whether there are records of that number, text or URL; the numbers of those that list it, comma-separated."""

    key: int
    text: int
    url: int
    sources: str | None


class KnownRecord(NamedTuple):
    """What a corpus knows about a new record: the version held under its key, its twin, and the keys that list it."""

    held: HeldVersion | None
    repeated: RepeatedRecord | None
    discovered_from: set[str]


class RecordLookup:
    """Looks records up in *catalogue* before they are added, many in one query."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._found: dict[str, tuple[Article, Identity, Presence]] = {}  # by key
        self._flushes = catalogue.flushes

    def look_up(self, articles: Sequence[Article]) -> None:
        """Look *articles* up together in the database; :meth:`known` then returns the result for each.

        One query shows that most of them are new, which costs several times less than one query each.
        """
        if self._flushes != self._catalogue.flushes:  # rows that were not written then may be written now
            self._found.clear()
            self._flushes = self._catalogue.flushes
        for at in range(0, len(articles), MAX_RECORDS_PER_QUERY):
            part = articles[at : at + MAX_RECORDS_PER_QUERY]
            identities = [identity_of(article) for article in part]
            rows = self._catalogue.read_written(_presence_sql(len(part)), list(chain.from_iterable(identities)))
            for article, identity, row in zip(part, identities, rows, strict=True):
                self._found[article.key] = article, identity, Presence._make(row)

    def known(self, article: Article) -> KnownRecord:
        """Return the version held under the key of *article*, its twin, and where it was discovered."""
        catalogue = self._catalogue
        found = self._found.pop(article.key, None)
        if found is None or found[0] is not article or self._flushes != catalogue.flushes:
            self.look_up((article,))
            found = self._found.pop(article.key)
        _, identity, present = found
        gathered = catalogue.gathered
        discovered_from = catalogue.named(article.key, present.sources)  # before gathered rows may be written
        is_held = present.key or identity.tid in gathered.tids
        text_is_held = present.text or (
            identity.fingerprint is not None and catalogue.fingerprints.is_recent(identity.fingerprint)
        )
        url_is_held = present.url or identity.url_key in gathered.url_keys
        return KnownRecord(
            catalogue.highest_version(article.key) if is_held else None,
            self.repeated(article) if text_is_held or url_is_held else None,
            discovered_from,
        )

    def repeated(self, article: Article) -> RepeatedRecord | None:
        """Return another key in articles/ with the text of *article*, or else with its URL."""
        key = article.content_sha256 and self._repeated_text(article, article.content_sha256)
        if key:
            return RepeatedRecord(key, 1.0, "text")
        url_key = url_key_of(article)
        key = url_key and self._repeated_url(article, url_key)
        return RepeatedRecord(key, None, "url") if key else None

    def _repeated_text(self, article: Article, content_sha256: str) -> str | None:
        own, content = target_id(article.key), bytes.fromhex(content_sha256)
        for tid in self._catalogue.fingerprints.find(fingerprint(content_sha256)):
            if tid == own:
                continue
            row = self._catalogue.run(_SAME_TEXT_SQL, (tid, content, article.kind), of=tid).fetchone()
            if row:
                return str(row[0])
        return None

    def _repeated_url(self, article: Article, url_key: str) -> str | None:
        if url_key in self._catalogue.gathered.url_keys:
            self._catalogue.flush()
        values = (url_key, article.kind, target_id(article.key))
        row = self._catalogue.read_written(_SAME_URL_SQL, values).fetchone()
        return row and str(row[0])


@cache
def _presence_sql(count: int) -> str:
    return _PRESENCE_SQL.format(", ".join(["(?, ?, ?)"] * count))
