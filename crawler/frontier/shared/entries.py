"""What Redis holds of a target: a key, a depth, and JSON with data from dumps. Everything read back is checked.

Anybody on the network of a Redis without a password can write to it. So nothing that is read back is ever executed (no
pickle), and the key alone decides what is fetched: the site profile builds the URL from its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import orjson

from crawler.frontier.targets import Target, stub_state
from crawler.items import Article

MAX_DATA_BYTES = 64 * 1024
"""Longer values are not parsed."""

_MAX_ID_LETTERS = 20
_ID_RE = re.compile(r"[0-9]{1,20}", re.ASCII)
_FIELDS = ("title", "pic")
_MAX_DEPTH = 1_000_000


class Entry(NamedTuple):
    """A target as it is sent to Redis: ``told`` is JSON with data from dumps."""

    key: str
    depth: int
    data: bytes


class Ended(NamedTuple):
    """How a target ended, as it is sent to Redis; for a fetched target also its depth and the ids that it lists."""

    key: str
    state: str
    depth: int = 0
    lists: str = ""


def fetched(key: str, depth: int, ids: Iterable[str]) -> Ended:
    """Return the end of a target at *depth* whose record lists *ids*; ids beyond the limit are left out."""
    room = MAX_DATA_BYTES // (_MAX_ID_LETTERS + 1)
    return Ended(key, "fetched", depth, " ".join(islice((one for one in ids if _ID_RE.fullmatch(one)), room)))


def entry_of(key: str, depth: int, title: str | None, pic: str | None) -> Entry:
    """Return the entry of a target; values too long for an entry are left out.

    >>> entry_of("alalam/1793356", 1, "A title", None).data
    b'{"title":"A title"}'
    """
    data = orjson.dumps({name: value for name, value in zip(_FIELDS, (title, pic), strict=True) if value is not None})
    return Entry(key, depth, data if len(data) <= MAX_DATA_BYTES else b"{}")


def messages_of(article: Article) -> tuple[list[Ended], list[Entry]]:
    """Return what an archived *article* says about targets: how its own ended (a seed has none), and those it lists."""
    listed = [
        entry_of(f"{article.site}/{item.id}", article.depth + 1, item.title, item.pic) for item in article.related
    ]
    if article.kind == "seed":
        return [], listed
    if article.kind == "stub":
        return [Ended(article.key, stub_state(article.capture.status))], listed
    return [fetched(article.key, article.depth, (item.id for item in article.related))], listed


def read_entry(site: str, key: bytes, depth: bytes, data: bytes) -> tuple[Target | None, bool]:
    """Return the target of *site* in an entry, and whether the whole entry is in Gleaner's form.

    The target is None if the key is not one of an article of *site*. Invalid data from dumps is left out.

    >>> read_entry("alalam", b"alalam/7", b"1", b'{"title":"T"}')[0].title
    'T'
    >>> read_entry("alalam", b"alalam/../7", b"1", b"{}")
    (None, False)
    """
    article_id = key.decode("ascii", "replace").removeprefix(f"{site}/")
    if not _ID_RE.fullmatch(article_id) or key != f"{site}/{article_id}".encode():
        return None, False
    distance = _depth(depth)
    facts = _facts(data)
    title, pic = ((facts or {}).get(name) for name in _FIELDS)
    target = Target(key=f"{site}/{article_id}", id=article_id, depth=distance or 0, title=title, pic=pic, attempts=1)
    return target, distance is not None and facts is not None


def _depth(value: bytes) -> int | None:
    """Return the score of a sorted set as a depth, None if it cannot be one."""
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if 0 <= number <= _MAX_DEPTH and number.is_integer() else None


def _facts(value: bytes) -> dict[str, str] | None:
    if len(value) > MAX_DATA_BYTES:
        return None
    try:
        facts = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(facts, dict) or not facts.keys() <= set(_FIELDS):
        return None
    return facts if all(isinstance(fact, str) for fact in facts.values()) else None
