"""What the catalogue is asked of every record that is brought: of many in one question, as most of them are new."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Final, NamedTuple

from w3lib.url import canonicalize_url

from crawler.archive.fingerprints import fingerprint
from crawler.frontier.targets import target_id
from crawler.items import Article

_AT_ONCE: Final = 16
_QUESTION: Final = """
WITH asked (tid, hash, url_key) AS (VALUES {})
SELECT EXISTS (SELECT 1 FROM records WHERE tid = asked.tid),
       EXISTS (SELECT 1 FROM fingerprints WHERE hash = asked.hash),
       EXISTS (SELECT 1 FROM records WHERE url_key = asked.url_key AND duplicate_of IS NULL),
       (SELECT group_concat(source) FROM edges WHERE target = asked.tid)
FROM asked"""
_PLAIN_URL_RE = re.compile(r"https?://[a-z0-9.-]+(:[1-9][0-9]{0,3})?/[A-Za-z0-9_/-]*")


class Asked(NamedTuple):
    """By what a record is looked up: its number, the fingerprint of its text, and its :func:`url_key_of`."""

    tid: int
    fingerprint: int | None
    url_key: str | None


class Found(NamedTuple):
    """Whether there are records of that number, text or URL; and the numbers of those that list it, commas between."""

    key: int
    text: int
    url: int
    sources: str | None


def asked_by(article: Article) -> Asked:
    """Return by what *article* is looked up."""
    content = article.content_sha256
    return Asked(target_id(article.key), fingerprint(content) if content else None, url_key_of(article))


def look_up(connection: sqlite3.Connection, asked: Sequence[Asked]) -> dict[Asked, Found]:
    """Return what the catalogue on *connection* tells of what is *asked*."""
    found: dict[Asked, Found] = {}
    for at in range(0, len(asked), _AT_ONCE):
        part = asked[at : at + _AT_ONCE]
        rows = connection.execute(_question(len(part)), list(chain.from_iterable(part)))
        found.update(zip(part, map(Found._make, rows), strict=True))
    return found


@cache
def _question(count: int) -> str:
    return _QUESTION.format(", ".join(["(?, ?, ?)"] * count))


def url_key_of(article: Article) -> str | None:
    """Return what equal pages' URLs have in common; only fetched articles have one."""
    return _canonical(article.url) if article.kind == "article" and article.url else None


@lru_cache(maxsize=1024)  # a record is asked for twins, and again when it is indexed
def _canonical(url: str) -> str:
    # A plain URL is canonical as it is, which is told thirty times faster than it is made so.
    canonical = url if _PLAIN_URL_RE.fullmatch(url) else canonicalize_url(url)
    return canonical.removeprefix("https:").removeprefix("http:")
