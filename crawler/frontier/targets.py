"""A target of the frontier: an article to fetch, its number and its states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import Final, NamedTuple

from crawler.items import Article
from crawler.net.statuses import GONE

_ID_DIGITS = 18

WITHDRAWN: Final = "withdrawn"
"""The reason of targets that were taken out of the corpus for good: nothing makes them pending again."""


class Validators(NamedTuple):
    """The values for the next conditional request (RFC 9110, section 13): URL, ETag and Last-Modified of a response."""

    url: str
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An article to fetch: its key, its id, its distance from the seeds, and data from dumps.

    ``validators`` are those of the capture that the corpus holds, if the article is to be requested again.
    """

    key: str
    id: str
    depth: int
    title: str | None = None
    pic: str | None = None
    attempts: int = 0
    validators: Validators | None = None


class KnownTarget(NamedTuple):
    """What a catalogue knows about a target, whatever its state."""

    tid: int
    key: str
    state: str
    depth: int
    title: str | None
    pic: str | None


@lru_cache(maxsize=4096)
def target_id(key: str) -> int:
    """Return the number by which the catalogue knows *key*: the article's id, or a hash if it has none.

    So related articles, whose ids are near, are near in the database too, and no index from key to number is needed.
    Ids of articles give numbers from 0 up; hashes give negative numbers of 62 bits.

    >>> target_id("alalam/1793356")
    1793356
    """
    article_id = key.rpartition("/")[2]
    if (
        article_id.isascii()
        and article_id.isdigit()
        and len(article_id) <= _ID_DIGITS
        and (article_id[0] != "0" or article_id == "0")
    ):
        return int(article_id)
    return -1 - (int.from_bytes(blake2b(key.encode(), digest_size=8).digest()) >> 2)


_MAX_REASON_CHARACTERS = 500


def stub_state(status: int | None) -> str:
    """Return ``gone`` for an HTTP *status* that shows that the article is gone, ``failed`` for one worth a retry.

    Only 404 and 410 say so themselves. A 200 counts as gone if its page says that it is something else; pass None for a
    page that does not.

    >>> [stub_state(status) for status in (404, 410, 200, 206, 403, 503, None)]
    ['gone', 'gone', 'gone', 'failed', 'failed', 'failed', 'failed']
    """
    return "gone" if status in GONE or status == HTTPStatus.OK else "failed"


def stub_reason(article: Article) -> str | None:
    """Return why *article* is a stub, in a few words for the frontier; None if it is not a stub."""
    if article.kind != "stub":
        return None
    if article.capture.attempts:
        return "; ".join(dict.fromkeys(attempt.reason for attempt in article.capture.attempts))[:_MAX_REASON_CHARACTERS]
    return "no answer" if article.capture.status is None else f"status {article.capture.status}"


def unix_time(moment: str | None) -> float | None:
    """Return an ISO 8601 *moment* as Unix time; None if it is invalid.

    >>> unix_time("2026-11-22T20:00:00+00:00"), unix_time("yesterday")
    (1795377600.0, None)
    """
    try:
        return datetime.fromisoformat(moment).timestamp() if moment else None
    except (ValueError, OverflowError):
        return None
