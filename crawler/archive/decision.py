"""Decides what a new record becomes (added, duplicate or unchanged); the corpus carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crawler.items import Article, DuplicateRule, Kind

_RANK: dict[Kind, int] = {"stub": 0, "seed": 1, "article": 2}


class MovedRecord(NamedTuple):
    """A record in articles/ that moves to duplicates/ because a better one came: its key, and why."""

    key: str
    similarity: float | None
    rule: DuplicateRule


@dataclass(frozen=True, slots=True)
class Added:
    """A new line in articles/: the first version of its key, or a changed one. ``over``: records it is better than."""

    version: int
    over: tuple[MovedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A line in duplicates/: its text, or nearly, or its URL is in articles/ under another key."""

    of: str
    similarity: float | None
    version: int
    rule: DuplicateRule


@dataclass(frozen=True, slots=True)
class Unchanged:
    """No new line: the corpus already holds this record, or a better one."""

    version: int


Outcome = Added | Duplicate | Unchanged


class RepeatedRecord(NamedTuple):
    """A record in articles/ that another one repeats: its key, the similarity of the texts, and the rule."""

    key: str
    similarity: float | None
    rule: DuplicateRule


class HeldVersion(NamedTuple):
    """The highest version of a key in the corpus."""

    kind: Kind
    content_sha256: str | None
    version: int


def decide(
    article: Article, held: HeldVersion | None, repeated: RepeatedRecord | None, *, differs: bool = False
) -> Outcome:
    """Return what *article* becomes, given the version *held* under its key and a *repeated* record under another key.

    An article supersedes a seed, and a seed a stub, never the other way. Of two of one kind, a changed text makes a
    new version and an equal text none. *repeated* is a record in articles/ with the same text or URL. *differs*: the
    caller knows of another difference, so an equal text makes a new version too.
    """
    if held is not None:
        better = _RANK[article.kind] - _RANK[held.kind]
        if better < 0:
            return Unchanged(held.version)
        equal = article.content_sha256 == held.content_sha256 and not differs
        if better == 0 and (article.kind == "stub" or equal):
            return Unchanged(held.version)
    version = held.version + 1 if held else 1
    if repeated is not None:
        return Duplicate(repeated.key, repeated.similarity, version, repeated.rule)
    return Added(version)


class Worth(NamedTuple):
    """Decides which of two near duplicates is better. ``dated``: its date is from the page or dump, not a guess."""

    words: int
    dated: bool
    pictured: bool


class SimilarRecord(NamedTuple):
    """A record in articles/ that nearly repeats another, and the similarity of the texts."""

    key: str
    similarity: float
    worth: Worth


_LONGER_RATIO = 1.05


def worse_by(one: Worth, other: Worth) -> DuplicateRule | None:
    """Return why *one* is the worse of two near duplicates; None if it is not.

    The better one is longer by a twentieth; else it is the dated one; else the one with a stored picture; else the
    longer one.

    >>> worse_by(Worth(100, True, True), Worth(106, False, False))
    'shorter'
    >>> worse_by(Worth(100, False, True), Worth(101, True, False))
    'undated'
    """
    if one.words * _LONGER_RATIO < other.words:
        return "shorter"
    if other.words * _LONGER_RATIO < one.words:
        return None
    if one.dated != other.dated:
        return "undated" if other.dated else None
    if one.pictured != other.pictured:
        return "pictureless" if other.pictured else None
    return "shorter" if one.words < other.words else None


def decide_similar(worth: Worth, similar: Sequence[SimilarRecord], version: int) -> Added | Duplicate:
    """Return what a record new to articles/ becomes, given the near duplicates there (*similar*), most similar first.

    It is a duplicate of the most similar one that is not worse than it. If all are worse, they become its duplicates.
    """
    for one in similar:
        if not worse_by(one.worth, worth):
            return Duplicate(one.key, one.similarity, version, worse_by(worth, one.worth) or "later")
    return Added(version, tuple(MovedRecord(*one[:2], moved(worse_by(one.worth, worth) or "later")) for one in similar))


_BROUGHT: dict[DuplicateRule, DuplicateRule] = {
    "moved-shorter": "shorter",
    "moved-undated": "undated",
    "moved-pictureless": "pictureless",
    "moved-later": "later",
}


_MOVED = {brought: moved for moved, brought in _BROUGHT.items()}


def moved(rule: DuplicateRule) -> DuplicateRule:
    """Return *rule* for a record that was in articles/ before.

    >>> moved("shorter")
    'moved-shorter'
    """
    return _MOVED[rule]


def as_brought(rule: DuplicateRule) -> DuplicateRule:
    """Return *rule* for a record brought from another corpus: it was moved there, but it is not moved here.

    >>> as_brought("moved-undated"), as_brought("later")
    ('undated', 'later')
    """
    return _BROUGHT.get(rule, rule)
