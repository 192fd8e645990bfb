"""Where a target may be in an archive's index, and which of its captures to fetch first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from crawler.recover.cdx import PAGE_LINES, moment
from crawler.recover.holdings import IndexLine
from crawler.sites import SiteProfile
from crawler.sites.templates import article_url, before_id, written_id

Kind = Literal["page", "picture"]

MAX_CAPTURES = 5
"""The most captures of one target that are fetched before an archive counts as having no good one."""
MAX_OPEN_DIGITS = 5
"""The most digits of an id that a query may leave open: 100,000 ids."""

_NO_DIGEST = frozenset({"", "-"})
MAX_UNCERTAIN_CAPTURES = 2
"""The most captures of one target that are fetched last, as the index does not know their status, type or date."""
_UNKNOWN_TYPES = frozenset(
    {"", "-", "unk", "unknown", "no-type", "application/unknown", "application/x-unknown", "application/octet-stream"}
    | {"binary/octet-stream", "application/x-download", "warc/revisit"}
)
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_PORTS = {"http": 80, "https": 443}
_WHOLE_TIMESTAMP_RE = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{6}", re.ASCII)
_ID_RE = re.compile(r"[0-9]{1,20}", re.ASCII)
_SLASHES_RE = re.compile(r"/{2,}")
_TICKS_OF_A_DAY = 5
"""Leading digits that Unix seconds of one day (100,000 seconds, nearly) have in common."""


class Place(NamedTuple):
    """Where a name (an id, or a picture's path) is in an index: ``base`` is host and path, without the scheme.

    ``prefixes`` are the possible queries, from the name itself to the widest: each covers the names that begin with it.
    ``url`` is a whole URL of the name there, for archives that answer for one URL only.
    """

    base: str
    name: str
    prefixes: tuple[str, ...]
    url: str = ""

    @property
    def host(self) -> str:
        """The host, with its port if that is not the usual one."""
        return self.base.partition("/")[0]


def article_places(profile: SiteProfile, article_id: str) -> tuple[Place, ...]:
    """Return where the captures of *article_id* are, each host and path once: indexes ignore schemes."""
    templates = (*profile.article_templates, *profile.recovery.article_templates)
    found: dict[tuple[str, str], Place] = {}
    for template in templates:
        base, name = host_and_path(before_id(template)), written_id(template, article_id)
        prefixes = tuple(name[: len(name) - left] for left in range(min(MAX_OPEN_DIGITS + 1, len(name))))
        found.setdefault((base, name), Place(base, name, prefixes, article_url(template, article_id)))
    return tuple(found.values())


def picture_places(profile: SiteProfile, pic: str) -> tuple[Place, ...]:
    """Return where the captures of the picture path *pic* are; the wider query is for all pictures of its day."""
    urls = (*profile.image_urls(pic), *profile.sister_image_urls(pic))
    name = _SLASHES_RE.sub("/", pic).lstrip("/")
    day = name[: name.rindex("/") + 1] if "/" in name else name[:_TICKS_OF_A_DAY]
    bases: dict[str, str] = {}
    for url in urls:
        if url.endswith(name):
            bases.setdefault(host_and_path(url).removesuffix(name), url)
    return tuple(Place(base, name, (name, day), url) for base, url in bases.items())


def names_target(url: str, places: Iterable[Place]) -> bool:
    """Return whether *url*, from an index or a redirect, is that of the article or picture at *places*."""
    return any(name_at(url, place) == place.name for place in places)


def name_at(url: str, place: Place) -> str | None:
    """Return the name that *url* has at the base of *place*, None if it has another base."""
    there = host_and_path(url)
    if not there.startswith(place.base):
        return None
    rest = there[len(place.base) :]
    if not _ID_RE.fullmatch(place.name):
        return rest.partition("?")[0]
    match = _ID_RE.match(rest)
    return match[0] if match and not rest[match.end() : match.end() + 1].isalnum() else None


def host_and_path(url: str) -> str:
    """Return *url* as indexes sort it: no scheme, no usual port, host in lower case, repeated slashes as one.

    >>> host_and_path("http://EN.alalam.ir:80//news/1793356?x=1")
    'en.alalam.ir/news/1793356?x=1'
    """
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port not in {None, _PORTS.get(parts.scheme)} else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{(parts.hostname or '').lower()}{port}{_SLASHES_RE.sub('/', parts.path)}{query}"


def widest_worthwhile(waiting: Sequence[int], density: float | None) -> int:
    """Return how many digits of an id to leave open in the query, so that each request settles most targets.

    ``waiting[n]`` is how many targets still to be fetched share all but the last *n* digits with this one; *density*
    how many captures an id has had so far (None: one is assumed). A query costs one request for each page of its
    answer, so a wider one pays only while few captures lie between the targets that it settles. If two targets wait,
    more often follow, so the query is then as wide as its pages allow at the same cost.

    >>> widest_worthwhile([1, 1, 1, 1], density=None), widest_worthwhile([1, 2, 2, 2, 2], density=None)
    (0, 3)
    >>> widest_worthwhile([1, 1, 2, 9], density=40.0)  # 9 targets for 8 requests, or 2 for one
    2
    """
    lines = 1.0 if density is None else density
    pages = [max(1, math.ceil(lines * 10**left / PAGE_LINES)) for left in range(len(waiting))]
    best = max(range(len(waiting)), key=lambda left: (max(1, waiting[left]) / pages[left], -left))
    if waiting[best] > 1:
        best = max(left for left in range(best, len(waiting)) if pages[left] == pages[best])
    return best


def best_first(
    lines: Iterable[IndexLine], wanted: datetime | None, kind: Kind, most_uncertain: int = MAX_UNCERTAIN_CAPTURES
) -> Iterator[IndexLine]:
    """Yield the captures of status 200 and of *kind* (``page`` or ``picture``): nearest to *wanted* first.

    Then at most *most_uncertain* follow whose status, type or date the index does not know.

    Without a *wanted* date the earliest is first: the last captures of a site are often from after its end. Of captures
    with equal digests only the nearest is yielded, and at most :data:`MAX_CAPTURES` come before the uncertain ones.
    """
    good = [line for line in lines if line.status in {HTTPStatus.OK, None} and _may_be(line.mime, kind)]
    good.sort(key=lambda line: (_distance(line.timestamp, wanted), line.timestamp, line.url))
    good.sort(key=lambda line: not _is_certain(line, kind))
    different: dict[IndexLine | str, IndexLine] = {}
    for line in good:
        different.setdefault(line if line.digest in _NO_DIGEST else line.digest, line)
    certain = [line for line in different.values() if _is_certain(line, kind)]
    yield from certain[:MAX_CAPTURES]
    uncertain = (line for line in different.values() if not _is_certain(line, kind))
    yield from islice(uncertain, most_uncertain)


def _distance(timestamp: str, wanted: datetime | None) -> float:
    then = moment(timestamp)
    return abs((then - wanted).total_seconds()) if then and wanted else 0.0


def _is_certain(line: IndexLine, kind: Kind) -> bool:
    return (
        line.status == HTTPStatus.OK
        and _is_of(line.mime, kind)
        and _WHOLE_TIMESTAMP_RE.fullmatch(line.timestamp) is not None
    )


def may_be_page(mime: str) -> bool:
    """Return whether a capture of the media type *mime*, as an index says it, may be a page."""
    return _may_be(mime, "page")


def _may_be(mime: str, kind: Kind) -> bool:
    return mime in _UNKNOWN_TYPES or _is_of(mime, kind)


def _is_of(mime: str, kind: Kind) -> bool:
    return mime in _HTML if kind == "page" else mime.startswith(("image/", "video/"))
