"""Which query to send to an index of captures, so that one answer serves many targets; and what to keep of it."""

from __future__ import annotations

from typing import NamedTuple

from crawler.recover.cdx import PAGE_LINES, Answer
from crawler.recover.holdings import Holdings, QueryProgress
from crawler.recover.ladder import Place, name_at, widest_worthwhile

KEPT_SECONDS = 30 * 86400.0
"""How long the answer of an index is used."""

_MAX_ROW_ID_DIGITS = 18


class Question(NamedTuple):
    """A query to an index: names that begin with ``prefix``, from ``progress`` on if part of the answer is known.

    ``span`` is how many ids the prefix stands for, 0 if it is not a prefix of ids.
    """

    prefix: str
    span: int
    progress: QueryProgress | None


def question(holdings: Holdings, source: str, place: Place, since: float) -> Question:
    """Return the query to *source* for *place*, as wide as pays, given its answers after *since* (Unix time).

    For ids, the width that settles most waiting targets per request
    (:func:`~crawler.recover.ladder.widest_worthwhile`); a query whose answer broke off resumes while it has cost fewer
    requests than it serves targets. For pictures, all of their day. If neither settles the name, only that name is
    requested.
    """
    alone = Question(place.name, int(place.name.isdigit()), None)
    if place.name.isdigit():
        waiting = holdings.waiting(_ranges(place))
        left = widest_worthwhile(waiting, holdings.density(source))
        wide, most_pages = Question(place.prefixes[left], 10**left, None), waiting[left]
    else:
        wide, most_pages = Question(place.prefixes[-1], 0, None), 1
    progress = holdings.progress(source, wide.prefix, since)
    if progress is None:
        return wide
    return wide._replace(progress=progress) if progress.resume and progress.pages < most_pages else alone


def keep(holdings: Holdings, source: str, place: Place, asked: Question, answer: Answer, now: float) -> None:
    """Keep the *answer* of *source*, received at *now* (Unix time), to the query *asked* for *place*."""
    named = [(name, line) for line in answer.lines if (name := name_at(line.url, place))]
    whole = answer.resume is None and len(answer.lines) + answer.broken < PAGE_LINES
    upto = None if whole or asked.prefix == place.name else named[-1][0] if named else ""
    pages = asked.progress.pages + 1 if asked.progress else 1
    progress = QueryProgress(upto, None if upto is None else answer.resume, pages)
    holdings.keep(source, asked.prefix, named, progress, asked=now, span=asked.span)


def _ranges(place: Place) -> list[tuple[int, int]]:
    """Return the ids that each prefix covers; ids of more than 18 digits exceed row ids, and are requested singly."""
    if len(place.name) > _MAX_ROW_ID_DIGITS:
        return [(-1, -1)] * len(place.prefixes)
    starts = [int(prefix) * 10**left for left, prefix in enumerate(place.prefixes)]
    return [(start, start + 10**left - 1) for left, start in enumerate(starts)]
