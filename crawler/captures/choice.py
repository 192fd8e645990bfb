"""Which listed captures of an article to request, in which order, and which of them are the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from crawler.captures.table import NOT_CHOSEN, ListedCapture, PerArticle
from crawler.recover.cdx import moment
from crawler.recover.ladder import MAX_CAPTURES, MAX_UNCERTAIN_CAPTURES, host_and_path, may_be_page

_PAGE_STATUSES = frozenset({200, 201, 202, 203})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class SameCaptures(NamedTuple):
    """Captures of which one suffices: several lists of one, or captures of the same bytes in a row.

    The first that an archive gives is the article; the others are for the case that it does not.
    """

    captures: tuple[ListedCapture, ...]


def is_usable(status: int | None, mime: str) -> bool:
    """Return whether a capture of this HTTP *status* and media type may be, or lead to, the page of an article."""
    return status in _REDIRECTS or ((status is None or status in _PAGE_STATUSES) and may_be_page(mime))


def chosen(
    captures: Sequence[ListedCapture], per_article: PerArticle, wanted: datetime | None
) -> tuple[SameCaptures, ...]:
    """Return the *captures* of an article to request for *per_article*, in order.

    For ``all``, each is to be requested, the oldest first. Otherwise they are requested until one is the article: the
    nearest to *wanted* first (without it, the earliest), or the first, or the last; then those of which the list does
    not know the status. Redirects are requested only if there is nothing else.
    """
    pages = [one for one in captures if one.line.status not in _REDIRECTS] or list(captures)
    groups = _groups(pages)
    if per_article == "all":
        return tuple(groups)
    if per_article == "last":
        groups = [SameCaptures(group.captures[::-1]) for group in reversed(groups)]
    elif per_article == "nearest" and wanted is not None:
        nearest = partial(_distance, wanted=wanted)
        groups = [SameCaptures(tuple(sorted(group.captures, key=nearest))) for group in groups]
        groups.sort(key=lambda group: nearest(group.captures[0]))
    certain = [group for group in groups if any(one.line.status in _PAGE_STATUSES for one in group.captures)]
    others = [group for group in groups if group not in certain]
    return (*certain[:MAX_CAPTURES], *others[: MAX_UNCERTAIN_CAPTURES if certain else MAX_CAPTURES])


def is_open(one: ListedCapture) -> bool:
    """Return whether a capture is still to be requested if it is chosen."""
    return one.outcome is None or one.outcome == NOT_CHOSEN


def _groups(captures: Iterable[ListedCapture]) -> list[SameCaptures]:
    groups: list[list[ListedCapture]] = []
    for one in captures:
        if groups and _is_same(groups[-1][-1], one):
            groups[-1].append(one)
        else:
            groups.append([one])
    return [SameCaptures(tuple(group)) for group in groups]


def _is_same(before: ListedCapture, one: ListedCapture) -> bool:
    """Return whether *one* repeats the capture *before* it: the same bytes, or one moment of one URL.

    Archives write digests in different ways, so unequal ones of two archives say nothing.
    """
    digest, earlier = (capture.line.digest.upper().rpartition(":")[2] for capture in (one, before))
    if digest and digest == earlier:
        return True
    at_once = one.line.timestamp == before.line.timestamp and one.source != before.source
    return at_once and host_and_path(one.line.url) == host_and_path(before.line.url)


def _distance(one: ListedCapture, wanted: datetime) -> float:
    then = moment(one.line.timestamp)
    return abs((then - wanted).total_seconds()) if then else 0.0
