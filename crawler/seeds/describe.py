"""A dump as ``scrapy seeds inspect --json`` prints it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawler.seeds.model import Diagnosis, Dump, SeedPage

_NO_DUMP = Dump(form="json", offset=0, end=0)


def describe(seed: SeedPage) -> Iterator[dict[str, Any]]:
    """Yield an object for each dump of the page, each with the facts of the page.

    A page that has no dump but something that looks like one (:func:`is_flagged`) gives one object without records.
    """
    page = seed.page
    for dump in page.dumps or ((_NO_DUMP,) if is_flagged(seed) else ()):
        yield {
            "file": seed.source,
            "url": seed.url,
            "title": page.title,
            "date": page.published.isoformat() if page.published else None,
            "desk_code": page.desk_code,
            "declared_length": dump.declared_length,
            "length_verdict": dump.length_verdict,
            "related": [
                {
                    "id": item.id,
                    "sort": item.sort,
                    "content_type": item.content_type,
                    "pic": item.pic,
                    "title": item.title,
                    "partial": item.partial,
                }
                for item in dump.related
            ],
            "diagnoses": [
                {"kind": diagnosis.kind, "offset": diagnosis.offset, "message": diagnosis.message}
                for diagnosis in all_diagnoses(seed, dump)
            ],
        }


def is_flagged(seed: SeedPage) -> bool:
    """Return whether the page has no dump, but something that a person should check for one."""
    return not seed.page.dumps and any(one.kind == "id-list" for one in seed.page.diagnoses)


def all_diagnoses(seed: SeedPage, dump: Dump) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of *dump* and its page, in the order of the text."""
    return tuple(sorted((*seed.page.diagnoses, *dump.diagnoses), key=lambda diagnosis: diagnosis.offset))


def verdict_line(dump: Dump) -> str:
    """Return the words that describe the length of *dump* to a person.

    >>> verdict_line(Dump(form="json", offset=0, end=9, declared_length=9, actual_length=7, length_verdict="short"))
    'short by 2 of 9'
    """
    declared, by = dump.declared_length, dump.short_by
    if declared is None or by is None:
        return "cut off" if dump.length_verdict == "truncated" else "-"
    if dump.length_verdict == "exact":
        return f"exact ({declared})"
    if dump.length_verdict == "truncated":
        return f"cut off: {dump.actual_length} of {declared}"
    return f"{dump.length_verdict} by {abs(by)} of {declared}"
