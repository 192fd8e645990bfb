"""From a found dump to its result: its length judged, its titles corrected, its diagnoses placed."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace

from crawler.items import RelatedItem
from crawler.seeds.lengths import LOST, Judgement, judge_length, repair
from crawler.seeds.model import Diagnosis, Dump, LengthVerdict
from crawler.seeds.openings import FoundDump
from crawler.text.mojibake import mend

Place = Callable[[int], int]
"""From a place in the bytes that were scanned to the byte offset in the page's text."""


def judge_dump(data: bytes, found: FoundDump, place: Place | None = None, *, unescape: bool = False) -> Dump:
    """Return *found* as a dump of the page. *place* is given if *data* is text made from the page's HTML.

    *unescape*: decode entities in titles, for a dump that was in a page of HTML unchanged.
    """
    verdict, judgement = _verdict(data, found, place)
    _note_duplicates(found)
    _note_lost_letters(data, found)
    reading, notes = found.reading, found.notes
    at = place or _same
    diagnoses = [Diagnosis(kind, at(position), message) for kind, position, message in notes.entries]
    if notes.dropped:
        diagnoses.append(Diagnosis("too-many", at(reading.end), f"{notes.dropped} more deviations of this dump"))
    begin, end = reading.payload
    return Dump(
        form=found.form,
        offset=at(found.start),
        end=at(reading.end),
        declared_length=found.declared,
        actual_length=(judgement.actual if judgement else end - begin) if found.declared is not None else None,
        length_verdict=verdict,
        encoding=judgement.encoding if judgement else "utf-8",
        related=_right_titles(found, judgement, unescape=unescape),
        diagnoses=tuple(diagnoses),
    )


def _same(position: int) -> int:
    return position


def _verdict(data: bytes, found: FoundDump, place: Place | None) -> tuple[LengthVerdict | None, Judgement | None]:
    """Return the verdict on the length of *found*, and note it if it is not exact."""
    reading, notes, declared = found.reading, found.notes, found.declared
    begin, end = reading.payload
    if reading.truncated:
        here = f"{end - begin} of {declared} bytes are here" if declared is not None else "the list has no end"
        notes.add("truncated", reading.end, f"cut off: {here}")
        return "truncated", None
    if declared is None:
        return None, None
    judgement = judge_length(data[begin:end], declared)
    if judgement.verdict != "exact" and place is not None and place(end) - place(begin) == declared:
        judgement = Judgement("exact", declared)  # the entities come from the site, and are counted
    if judgement.verdict != "exact":
        missing = declared - judgement.actual
        word = "too few" if missing > 0 else "too many"
        notes.add(judgement.verdict, begin, f"{abs(missing)} bytes {word}: {judgement.actual} of {declared}")
    if judgement.undo:
        notes.add("mojibake", begin, f"the text is {judgement.encoding}; corrected, and the length agrees")
    elif judgement.encoding != "utf-8":
        notes.add("encoding", begin, f"the length counts bytes of {judgement.encoding}")
    return judgement.verdict, judgement


def _note_duplicates(found: FoundDump) -> None:
    seen: set[str] = set()
    for item in found.reading.items:
        if item.id in seen:
            found.notes.add("duplicate-record", found.start, f"the dump lists {item.id} more than once")
        seen.add(item.id)


def _note_lost_letters(data: bytes, found: FoundDump) -> None:
    """Note the letters that were lost when the page was decoded."""
    begin, end = found.reading.payload
    if count := data.count(LOST.encode(), begin, end):
        found.notes.add("lost-letters", begin, f"U+FFFD stands for {count} letters that were lost before")


def _right_titles(found: FoundDump, judgement: Judgement | None, *, unescape: bool) -> tuple[RelatedItem, ...]:
    """Return the items without entities and mojibake in their titles."""
    items = found.reading.items
    if unescape:
        items = [_retitled(item, html.unescape(item.title)) if item.title else item for item in items]
    undo = judgement.undo if judgement else ()
    if undo:
        return tuple(_retitled(item, repair(item.title, undo)) if item.title else item for item in items)
    if found.reading.proved or (judgement and judgement.verdict == "exact"):
        return tuple(items)  # the declared lengths show that the text is the site's own
    return tuple(_retitled(item, mend(item.title)) if item.title else item for item in items)


def _retitled(item: RelatedItem, title: str) -> RelatedItem:
    return item if title == item.title else replace(item, title=title.strip() or None)
