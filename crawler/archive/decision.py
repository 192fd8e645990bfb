"""What becomes of a record that is brought to the corpus: decided here, carried out by the corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from crawler.items import Article, DuplicateRule, Kind

_RETRYABLE = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_LONGEST_REASON = 500
_RANK: dict[Kind, int] = {"stub": 0, "seed": 1, "article": 2}


@dataclass(frozen=True, slots=True)
class Added:
    """A new line in articles/: the first version of its key, or a changed one."""

    version: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A line in duplicates/: the text (``similarity`` 1.0) or the URL (None) of another key that is archived."""

    of: str
    similarity: float | None
    version: int
    rule: DuplicateRule


@dataclass(frozen=True, slots=True)
class Unchanged:
    """No line: the corpus holds this already, or something better."""

    version: int


Outcome = Added | Duplicate | Unchanged


class Twin(NamedTuple):
    """A record in articles/ that another one repeats: its key, how similar the texts are, and what tells."""

    key: str
    similarity: float | None
    rule: DuplicateRule


class Held(NamedTuple):
    """The highest version of a key in the corpus."""

    kind: Kind
    content_sha256: str | None
    version: int


def decide(article: Article, held: Held | None, twin: Twin | None, *, anew: bool = False) -> Outcome:
    """Decide what becomes of *article*, given the version *held* under its key and a *twin* under another.

    An article supersedes a seed, and a seed a stub, never the other way; of two of one kind, a changed text makes a
    new version and an equal one none. *twin* is a record in articles/ with the same text or URL. One that was made
    *anew* from the same page is a new version with an equal text, too: the caller knows that it differs.
    """
    if held is not None:
        better = _RANK[article.kind] - _RANK[held.kind]
        if better < 0:
            return Unchanged(held.version)
        equal = article.content_sha256 == held.content_sha256 and not anew
        if better == 0 and (article.kind == "stub" or equal):
            return Unchanged(held.version)
    version = held.version + 1 if held else 1
    if twin is not None:
        return Duplicate(twin.key, twin.similarity, version, twin.rule)
    return Added(version)


_BROUGHT: dict[DuplicateRule, DuplicateRule] = {
    "moved-shorter": "shorter",
    "moved-undated": "undated",
    "moved-pictureless": "pictureless",
    "moved-later": "later",
}


def as_brought(rule: DuplicateRule) -> DuplicateRule:
    """Return *rule* for a record that is brought to a corpus: what was moved elsewhere, is not moved here.

    >>> as_brought("moved-undated"), as_brought("later")
    ('undated', 'later')
    """
    return _BROUGHT.get(rule, rule)


def stub_state(status: int | None) -> str:
    """Return ``gone`` for an HTTP *status* that settles that there is nothing, ``failed`` for one worth a retry.

    >>> [stub_state(status) for status in (404, 200, 503, 429, None)]
    ['gone', 'gone', 'failed', 'failed', 'failed']
    """
    settled = status is not None and status < _SERVER_ERROR and status not in _RETRYABLE
    return "gone" if settled else "failed"


def stub_reason(article: Article) -> str | None:
    """Return why *article* is a stub, in a few words for the frontier; None if it is none."""
    if article.kind != "stub":
        return None
    if article.capture.attempts:
        return "; ".join(dict.fromkeys(attempt.reason for attempt in article.capture.attempts))[:_LONGEST_REASON]
    return "no answer" if article.capture.status is None else f"status {article.capture.status}"
