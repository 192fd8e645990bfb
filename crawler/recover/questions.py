"""What to ask an index of captures, so that one answer serves many targets; and what of its answer to keep."""

from __future__ import annotations

from typing import NamedTuple

from crawler.recover.cdx import PAGE_LINES, Answer
from crawler.recover.holdings import Holdings, Progress
from crawler.recover.ladder import Place, name_at, widest_worthwhile

KEPT_SECONDS = 30 * 86400.0
"""What an index answered is taken for true so long."""

_MOST_DIGITS = 18


class Question(NamedTuple):
    """What to ask an index for: names that begin with ``prefix``, on from ``progress`` if part of the answer is there.

    ``span`` is how many ids the prefix stands for, 0 if it is not one of ids.
    """

    prefix: str
    span: int
    progress: Progress | None


def question(holdings: Holdings, source: str, place: Place, since: float) -> Question:
    """Decide how wide to ask *source* for *place*, given what it answered after *since* (Unix time).

    For ids, as wide as settles most waiting targets a request (:func:`~crawler.recover.ladder.widest_worthwhile`);
    a query whose answer broke off resumes while it has cost fewer requests than it serves targets. For pictures,
    all of their day. Where neither settled it, the name alone is asked for, so that it is settled then.
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
    """Keep the *answer* of *source*, given at *now* (Unix time), to the question *asked* for *place*."""
    named = [(name, line) for line in answer.lines if (name := name_at(line.url, place))]
    whole = answer.resume is None and len(answer.lines) + answer.broken < PAGE_LINES
    upto = None if whole or asked.prefix == place.name else named[-1][0] if named else ""
    pages = asked.progress.pages + 1 if asked.progress else 1
    progress = Progress(upto, None if upto is None else answer.resume, pages)
    holdings.keep(source, asked.prefix, named, progress, asked=now, span=asked.span)


def _ranges(place: Place) -> list[tuple[int, int]]:
    """Return the ids that each prefix stands for; ids of more than 18 digits are no row ids, and stand alone."""
    if len(place.name) > _MOST_DIGITS:
        return [(-1, -1)] * len(place.prefixes)
    starts = [int(prefix) * 10**left for left, prefix in enumerate(place.prefixes)]
    return [(start, start + 10**left - 1) for left, start in enumerate(starts)]
