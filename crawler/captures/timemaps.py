"""Captures in TimeMaps (RFC 7089), each of one URL. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from crawler.captures.lines import CaptureLine, capture_line
from crawler.net import url_origin
from crawler.recover.timemap import Memento, TimeMap, read_timemap

MAX_TIMEMAP_PAGES = 10_000

_REPLAY_RE = re.compile(r"/[0-9]{4,14}(?:[a-z]{2}_)?/(https?:/{1,2}.+)\Z", re.ASCII | re.DOTALL)
"""How nearly all archives write the URL of a capture: its time, then the URL that was captured."""


class TimeMapAnswer(NamedTuple):
    """Captures in one page of a TimeMap; ``further`` are the URLs of its other pages, at the same archive."""

    lines: list[CaptureLine]
    rows: int
    broken: int
    further: tuple[str, ...]


def read_timemap_lines(body: bytes, url: str, at: str, source: str) -> TimeMapAnswer:
    """Return the captures in the TimeMap of *url*, which came from the URL *at*. Raises ValueError if it is none."""
    timemap = read_timemap(body)
    lines, broken = [], timemap.broken
    for memento in timemap.mementos:
        try:
            line = capture_line(_fields(memento, timemap, url), source)
        except ValueError:
            broken += 1
            continue
        if line is not None:
            lines.append(line)
    further = tuple(one for one in timemap.further if url_origin(one) == url_origin(at))
    return TimeMapAnswer(lines, len(timemap.mementos), broken, further)


def _fields(memento: Memento, timemap: TimeMap, url: str) -> dict[str, object]:
    return {
        "url": memento.original or _replayed(memento.uri) or timemap.original or url,
        "timestamp": memento.timestamp,
        "mime": memento.mime,
        "status": memento.status,
        "digest": memento.digest,
    }


def _replayed(uri: str | None) -> str | None:
    """Return the URL that was captured, as the URI of a capture says; None if it does not say."""
    found = _REPLAY_RE.search(uri or "")
    if found is None:
        return None
    scheme, _, rest = found[1].partition(":")
    return f"{scheme}://{rest.lstrip('/')}"
