"""The URL shapes that a replica can have: that of the real site, and those of other content systems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

_PIC_PATH = r"/{0,2}(?:[A-Za-z0-9][A-Za-z0-9_.-]{0,127}/){0,8}[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
_PIC_KINDS = "jpe?g|png|gif|webp|mp4"
_QUERY = r"(?:\?.*)?"
OLD_HOST: Final = "localhost"
"""The host of the articles of an earlier era: the other name that every machine has for itself."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The URLs of a site. ``address`` is the path of an article by ``{id}`` alone, which a profile can ask for.

    ``page`` is the path with ``{slug}``, and ``{date}`` as YYYY/MM/DD; ``pattern`` finds ``id``, and ``slug`` if it is
    given, in a path with its query, and ``id_pattern`` is what a profile says for it. With ``always_slugged`` links
    lead to ``page``, and ``address`` redirects to it; else only those articles do that redirect to a slug anyway.
    ``original``, ``small`` and ``flat`` are what stands before a picture's path. Articles before ``until`` have the
    paths of ``before``, on :data:`OLD_HOST`.
    """

    address: str
    page: str
    pattern: str
    id_pattern: str
    original: str
    small: str
    flat: str
    always_slugged: bool = False
    before: Layout | None = None
    until: date = date.min

    def at(self, published: datetime) -> Layout:
        """Return the layout that holds for an article *published* then: this one, or the one before."""
        return self.before if self.before and published.date() < self.until else self

    def picture_url(self, pic: str, base: str = "") -> str:
        """Return the URL of the smaller size of *pic*, as pages link to it."""
        return f"{base}{self.small if pic.startswith('/') else self.flat}{pic}"

    @cached_property
    def article_re(self) -> re.Pattern[str]:
        """Matches the path and query of an article."""
        return re.compile(self.pattern, re.ASCII)

    @cached_property
    def picture_re(self) -> re.Pattern[str]:
        """Matches the path and query of a picture; ``size`` is what stands before its path ``pic``."""
        sizes = "|".join(map(re.escape, (self.original, self.small, self.flat)))
        return re.compile(
            rf"(?P<size>{sizes})(?P<pic>{_PIC_PATH}\.(?P<kind>{_PIC_KINDS})){_QUERY}", re.ASCII | re.IGNORECASE
        )


def old_base(base: str) -> str:
    """Return the base URL of articles of an earlier era, of a replica at *base*.

    >>> old_base("http://127.0.0.1:8765")
    'http://localhost:8765'
    """
    return f"http://{OLD_HOST}:{urlsplit(base).port}"


_NEWS = Layout(
    address="/news/{id}",
    page="/news/{id}/{slug}",
    pattern=rf"/news/(?P<id>\d{{1,20}})(?P<slug>/[^/?]{{0,200}})?{_QUERY}",
    id_pattern=r"/news/(?P<id>\d+)",
    original="/news/image/original/",
    small="/news/image/855x495/",
    flat="/uploads/855x495/",
)
_DATED = Layout(
    address="/?p={id}",
    page="/{date}/{slug}-{id}.html",
    pattern=rf"/(?:\?p=|\d{{4}}/\d\d/\d\d(?P<slug>/)(?:[^/?]{{0,200}}-)?)(?P<id>\d{{1,20}})(?(slug)\.html{_QUERY}|)",
    id_pattern=r"^/(?:\?p=|\d{4}/\d\d/\d\d/(?:[^/?]*-)?)(?P<id>\d+)(?:\.html|$)",
    original="/wp-content/uploads/full/",
    small="/wp-content/uploads/mid/",
    flat="/wp-content/flat/",
    always_slugged=True,
)
_QUERIED = Layout(
    address="/index.php?id={id}",
    page="/index.php?id={id}&title={slug}",
    pattern=r"/index\.php\?(?:[^&]{1,200}&){0,8}?id=(?P<id>\d{1,20})(?:&(?:title=(?P<slug>)|[^&]).{0,300})?",
    id_pattern=r"^/index\.php\?(?:[^&]*&)*?id=(?P<id>\d+)(?:&|$)",
    original="/picture.php?size=full&file=",
    small="/picture.php?file=",
    flat="/picture.php?flat=",
)
_ERAS = Layout(
    address="/story/{id}.aspx",
    page="/story/{id}.aspx?{slug}",
    pattern=r"/story/(?P<id>\d{1,20})\.aspx(?P<slug>\?.*)?",
    id_pattern=r"(?:^/story/|^/article\.php\?no=)(?P<id>\d+)(?:\.aspx|&|$)",
    original="/photos/big/",
    small="/photos/mid/",
    flat="/thumbs/",
    before=Layout(
        address="/article.php?no={id}",
        page="/article.php?no={id}&{slug}",
        pattern=r"/article\.php\?no=(?P<id>\d{1,20})(?P<slug>&.*)?",
        id_pattern=r"^/article\.php\?no=(?P<id>\d+)",
        original="/photos/big/",
        small="/photos/mid/",
        flat="/thumbs/",
    ),
    until=date(2012, 1, 1),
)
LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {"news": _NEWS, "dated": _DATED, "query": _QUERIED, "eras": _ERAS}
)
"""By name: that of the real site, dates and slugs before ids, ids in queries, another host and path before 2012."""
