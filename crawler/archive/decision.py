"""What becomes of a record that is brought to the corpus: decided here, carried out by the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crawler.items import Article, DuplicateRule, Kind

_RANK: dict[Kind, int] = {"stub": 0, "seed": 1, "article": 2}


class Lesser(NamedTuple):
    """A record in articles/ that goes to duplicates/, as a better one came: its key, and why."""

    key: str
    similarity: float | None
    rule: DuplicateRule


@dataclass(frozen=True, slots=True)
class Added:
    """A new line in articles/: the first version of its key, or a changed one. ``over``: what it is better than."""

    version: int
    over: tuple[Lesser, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A line in duplicates/: what it says, or nearly, is in articles/ under another key; or its URL is."""

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


class Worth(NamedTuple):
    """What decides which of two near duplicates is the better record: ``dated`` by its page or dump, not by guess."""

    words: int
    dated: bool
    pictured: bool


class Alike(NamedTuple):
    """A record in articles/ whose text is nearly that of another, and how nearly."""

    key: str
    similarity: float
    worth: Worth


_MUCH_LONGER = 1.05


def lesser_by(one: Worth, other: Worth) -> DuplicateRule | None:
    """Return why *one* is the lesser of two near duplicates; None if it is not.

    The one that is longer by a twentieth is better; else the one that is dated; else the one with a stored picture;
    else the longer one.

    >>> lesser_by(Worth(100, True, True), Worth(106, False, False))
    'shorter'
    >>> lesser_by(Worth(100, False, True), Worth(101, True, False))
    'undated'
    """
    if one.words * _MUCH_LONGER < other.words:
        return "shorter"
    if other.words * _MUCH_LONGER < one.words:
        return None
    if one.dated != other.dated:
        return "undated" if other.dated else None
    if one.pictured != other.pictured:
        return "pictureless" if other.pictured else None
    return "shorter" if one.words < other.words else None


def decide_alike(worth: Worth, alike: Sequence[Alike], version: int) -> Added | Duplicate:
    """Decide what becomes of a record that is new in articles/, given those there that are *alike*, most alike first.

    Of those that are no lesser ones it is a duplicate of the most alike. If there is none, all of them are its.
    """
    for one in alike:
        if not lesser_by(one.worth, worth):
            return Duplicate(one.key, one.similarity, version, lesser_by(worth, one.worth) or "later")
    return Added(version, tuple(Lesser(*one[:2], moved(lesser_by(one.worth, worth) or "later")) for one in alike))


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
    """Return *rule* for a record that is brought to a corpus: what was moved elsewhere, is not moved here.

    >>> as_brought("moved-undated"), as_brought("later")
    ('undated', 'later')
    """
    return _BROUGHT.get(rule, rule)
