"""From the text of one page to its parts: the one entry to the reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from crawler.items import RelatedItem
from crawler.seeds.head import parse_head
from crawler.seeds.lengths import Judgement, judge_length, repair
from crawler.seeds.model import Diagnosis, Dump, LengthVerdict, Page
from crawler.seeds.scan import MAX_FALSE_STARTS, Found, Scanner
from crawler.text.mojibake import mend

MAX_DUMPS = 1000

_BOM = b"\xef\xbb\xbf"
_SURROGATE_RE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_REPLACEMENT = "\ufffd".encode()


def parse_page(text: str, zone: ZoneInfo) -> Page:
    """Take the text of a page apart; whatever it holds, this returns a page and raises nothing.

    Dates are understood in *zone*. The time is linear in the length of *text*, and the memory too.
    """
    data, diagnoses = _to_bytes(text)
    scanner = Scanner(data)
    found: list[Found] = []
    for one in scanner.dumps():
        found.append(one)
        if len(found) == MAX_DUMPS:
            diagnoses.append(Diagnosis("too-many", one.reading.end, f"more than {MAX_DUMPS} dumps: the rest is left"))
            break
    if scanner.false_starts >= MAX_FALSE_STARTS:
        diagnoses.append(Diagnosis("too-many", 0, f"more than {MAX_FALSE_STARTS} false beginnings of dumps: gave up"))
    dumps = tuple(_dump(data, one) for one in found)
    above, below = _prose(data, found)
    if not any(dump.length_verdict == "exact" and dump.encoding == "utf-8" for dump in dumps):
        above, below = _mended(above, diagnoses), _mended(below, diagnoses)
    head = parse_head(above, below, zone, has_dump=bool(dumps))
    if head.odd_weekday:
        diagnoses.append(Diagnosis("weekday", 0, f"the date is not that weekday: {head.odd_weekday!r}"))
    return Page(
        title=head.title,
        kicker=head.kicker,
        published=head.published,
        dateline=head.dateline,
        credits=tuple(head.credits),
        paragraphs=tuple(head.paragraphs),
        desk_code=head.desk_code,
        dumps=dumps,
        diagnoses=tuple(diagnoses),
    )


def _to_bytes(text: str) -> tuple[bytes, list[Diagnosis]]:
    """Return *text* in UTF-8 with every byte in its place, and what is odd about it as a whole."""
    diagnoses = []
    try:
        data = text.encode()
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
        match = _SURROGATE_RE.search(data)
        diagnoses.append(Diagnosis("lone-surrogate", match.start() if match else 0, "half a surrogate pair"))
        data = _SURROGATE_RE.sub(_REPLACEMENT, data)  # both have three bytes, so that no offset moves
    if data.startswith(_BOM):
        diagnoses.append(Diagnosis("bom", 0, "a byte order mark stands at the beginning"))
    if (nul := data.find(b"\0")) >= 0:
        diagnoses.append(Diagnosis("nul", nul, f"{data.count(bytes(1))} NUL bytes"))
    return data, diagnoses


def _dump(data: bytes, found: Found) -> Dump:
    """Judge the length of a dump that was found, and put its titles right where that proves them wrong."""
    reading, notes = found.reading, found.notes
    verdict: LengthVerdict | None = "truncated" if reading.truncated else None
    judgement: Judgement | None = None
    begin, end = reading.payload
    if found.declared is not None:
        if reading.truncated:
            notes.add("truncated", reading.end, f"cut off: {end - begin} of {found.declared} bytes are here")
        else:
            judgement = judge_length(data[begin:end], found.declared)
            verdict = judgement.verdict
    elif reading.truncated:
        notes.add("truncated", reading.end, "cut off: the list has no end")
    if judgement and judgement.verdict in ("short", "long"):
        missing = found.declared - judgement.actual if found.declared is not None else 0
        word = "too few" if missing > 0 else "too many"
        notes.add(judgement.verdict, begin, f"{abs(missing)} bytes {word}: {judgement.actual} of {found.declared}")
    if judgement and judgement.undo:
        notes.add("mojibake", begin, f"the text is {judgement.encoding}: put right, and the length agrees")
    _note_duplicates(found)
    diagnoses = [Diagnosis(kind, position, message) for kind, position, message in notes.entries]
    if notes.dropped:
        diagnoses.append(Diagnosis("too-many", reading.end, f"{notes.dropped} more deviations of this dump"))
    return Dump(
        form=found.form,
        offset=found.start,
        end=reading.end,
        declared_length=found.declared,
        actual_length=(judgement.actual if judgement else end - begin) if found.declared is not None else None,
        length_verdict=verdict,
        encoding=judgement.encoding if judgement else "utf-8",
        related=_right_titles(found, judgement),
        diagnoses=tuple(diagnoses),
    )


def _right_titles(found: Found, judgement: Judgement | None) -> tuple[RelatedItem, ...]:
    """Return the items with the mojibake taken out of their titles, unless a declared length says there is none."""
    items = found.reading.items
    undo = judgement.undo if judgement else ()
    if found.reading.proved or (judgement and judgement.verdict == "exact" and not undo):
        return tuple(items)
    return tuple(
        item if item.title is None or item.title.isascii() else replace(item, title=_right(item.title, undo))
        for item in items
    )


def _right(title: str, undo: tuple[str, ...]) -> str | None:
    return (repair(title, undo) if undo else mend(title)).strip() or None


def _note_duplicates(found: Found) -> None:
    seen: set[str] = set()
    for item in found.reading.items:
        if item.id in seen:
            found.notes.add("duplicate-record", found.start, f"the dump lists {item.id} more than once")
        seen.add(item.id)


def _prose(data: bytes, found: Sequence[Found]) -> tuple[str, str]:
    """Return the text above the first dump, and that below it without any dump."""
    if not found:
        return data.decode("utf-8", "replace"), ""
    below = []
    position = found[0].reading.end
    for one in found[1:]:
        below.append(data[position : one.start])
        position = one.reading.end
    below.append(data[position:])
    return data[: found[0].start].decode("utf-8", "replace"), b"\n".join(below).decode("utf-8", "replace")


def _mended(prose: str, diagnoses: list[Diagnosis]) -> str:
    better = mend(prose)
    if better != prose:
        diagnoses.append(Diagnosis("mojibake", 0, "text that was read in a wrong encoding, put right"))
    return better
