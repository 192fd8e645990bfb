"""A target of the frontier: an article to fetch, its number and its states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from crawler.items import Article

_ID_DIGITS = 18


class Validators(NamedTuple):
    """What a response gave to ask conditionally with (RFC 9110, section 13): its URL, ETag and Last-Modified."""

    url: str
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An article to fetch: its key, its id, its distance from the seeds, and what dumps told of it.

    ``validators`` are those of the capture that the corpus holds, if it is one to ask for again.
    """

    key: str
    id: str
    depth: int
    title: str | None = None
    pic: str | None = None
    attempts: int = 0
    validators: Validators | None = None


class Known(NamedTuple):
    """What a catalogue knows of a target, whatever its state."""

    tid: int
    key: str
    state: str
    depth: int
    title: str | None
    pic: str | None


@lru_cache(maxsize=4096)
def target_id(key: str) -> int:
    """Return the number by which the catalogue knows *key*: the article's id, or a hash for what has none.

    So related articles, whose ids are near, are near in the database too, and no index from key to number is needed.
    Articles' ids give numbers from 0 up, hashes negative ones of 62 bits.

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


_SETTLING = frozenset({200, 404, 410})
"""Statuses of an answer that says what is there: another page than the article (200), or nothing."""
_LONGEST_REASON = 500


def stub_state(status: int | None) -> str:
    """Return ``gone`` for an HTTP *status* that settles that there is nothing, ``failed`` for one worth a retry.

    Only 404 and 410 say so themselves. A 200 does if its page says that it is something else; None stands for one
    that does not. All others speak of the request, of who may ask, or of the server's state: 403 is not 404.

    >>> [stub_state(status) for status in (404, 410, 200, 206, 403, 503, None)]
    ['gone', 'gone', 'gone', 'failed', 'failed', 'failed', 'failed']
    """
    return "gone" if status in _SETTLING else "failed"


def stub_reason(article: Article) -> str | None:
    """Return why *article* is a stub, in a few words for the frontier; None if it is none."""
    if article.kind != "stub":
        return None
    if article.capture.attempts:
        return "; ".join(dict.fromkeys(attempt.reason for attempt in article.capture.attempts))[:_LONGEST_REASON]
    return "no answer" if article.capture.status is None else f"status {article.capture.status}"


def unix_time(moment: str | None) -> float | None:
    """Return an ISO 8601 *moment* as Unix time; None if it is none.

    >>> unix_time("2026-11-22T20:00:00+00:00"), unix_time("yesterday")
    (1795377600.0, None)
    """
    try:
        return datetime.fromisoformat(moment).timestamp() if moment else None
    except (ValueError, OverflowError):
        return None
