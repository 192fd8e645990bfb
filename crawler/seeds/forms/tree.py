"""From the tree of a dump to its records: which of its arrays are records, and which are values of a record.

A list of records is at the top level or under keys of other arrays (``{"related": [...], "total": 3}``). The outermost
arrays whose elements have ids are lists of records; whatever is inside a record is its value, never a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import orjson

_SURE = 3
"""The strength of a record that has a key which only the site's records have, or both a place and a picture."""


class Branch(dict[Any, Any]):
    """An array or object in a form; elements without keys are numbered.

    ``at`` is its start (with its key), ``closing`` its closing mark. ``partial``: it breaks off, or the dumper omitted
    something. ``count`` is the declared number of elements, ``index`` the number of the last element that is itself an
    array, ``indent`` the column of its parenthesis where the layout is known.
    """

    __slots__ = ("at", "closing", "count", "indent", "index", "last", "partial")

    def __init__(self, at: int, closing: bytes = b"", count: int | None = None, indent: int | None = None) -> None:
        super().__init__()
        self.at = at
        self.closing = closing
        self.count = count
        self.indent = indent
        self.index = -1
        self.last: Branch | None = None
        self.partial = False


class RecordList(NamedTuple):
    """A list of records: the array that holds them, and those of its elements that are arrays."""

    holder: Any
    records: Sequence[Mapping[Any, Any]]


def find_records(tree: Any) -> list[RecordList]:
    """Return the lists of records in *tree*, in their order; a single record is a list of one."""
    found = list(_outermost(tree))
    strongest = max((_strongest(one) for one in found), default=0)
    if isinstance(tree, dict) and "id" in tree and (own := _strength(tree)) >= _SURE and own > strongest:
        return [RecordList(tree, [tree])]
    return [one for one in found if _strongest(one) >= min(strongest, _SURE)]


def strings_of_json(tree: Any) -> Iterator[Any]:
    """Yield the parsed value of each string in *tree* that is itself JSON with known keys."""
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            waiting += reversed(list(value.values() if isinstance(value, dict) else value))
        elif isinstance(value, str) and value.lstrip()[:1] in ("[", "{") and "contenttypeid" in value:
            with suppress(orjson.JSONDecodeError):
                yield orjson.loads(value)


def _outermost(tree: Any) -> Iterator[RecordList]:
    """Yield the lists of records that are not inside another record; no recursion, as the page decides the depth."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        named = isinstance(holder, dict)
        children = [child for child in (holder.values() if named else holder) if isinstance(child, dict | list)]
        records = [child for child in children if isinstance(child, dict)]
        listed = [record for record in records if "id" in record]
        if not listed and records and all(getattr(record, "partial", False) for record in records):
            listed = records  # cut before their ids, and what is inside belongs to them
        if listed and (not named or all(_is_number(key) for key, child in holder.items() if isinstance(child, dict))):
            yield RecordList(holder, records)
        elif (sure := [record for record in listed if _strength(record) >= _SURE]) and "id" not in holder:
            yield RecordList(holder, _distinct(sure))
        else:
            waiting += reversed(children)


def _distinct(records: Sequence[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Return *records* without those whose id stands before; those cut before their ids all stay."""
    ids: set[str] = set()
    distinct = []
    for record in records:
        if "id" in record:
            if str(record["id"]) in ids:
                continue
            ids.add(str(record["id"]))
        distinct.append(record)
    return distinct


def _is_number(key: Any) -> bool:
    return isinstance(key, int) or key.isdigit()


def _strength(record: Mapping[Any, Any]) -> int:
    """Return how certain it is that *record* is one of the site's records, by its keys."""
    if "contenttypeid" in record:
        return _SURE + 1
    if "sort" in record and "pic" in record:
        return _SURE
    return 2 * ("sort" in record or "pic" in record) or int("title" in record)


def _strongest(found: RecordList) -> int:
    return max(_strength(record) for record in found.records)
