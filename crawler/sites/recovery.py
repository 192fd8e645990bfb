"""What a site profile says of recovery: where to look for what the site no longer serves, and how often to ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

SISTERS: Final = "sisters"
WAYBACK: Final = "wayback"
COMMONCRAWL: Final = "commoncrawl"
CDX_PER_MINUTE = 24.0
CAPTURES_PER_MINUTE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebArchive:
    """A web archive that replays captures: the key ``wayback`` of ``[recover]``, or a table ``[[recover.archives]]``.

    ``name`` is the ``source`` of its captures, and its step. ``cdx`` is the URL of its CDX server; ``timemap`` is a
    template with ``{url}`` of its TimeMaps (RFC 7089), which are requested if it has no CDX server. ``replay`` is a
    template with ``{timestamp}`` and ``{url}`` of the bytes of a capture. Budgets are requests a minute, of the
    index (CDX server or TimeMaps) and of captures.
    """

    name: str
    cdx: str | None = None
    replay: str
    timemap: str | None = None
    cdx_per_minute: float = CDX_PER_MINUTE
    captures_per_minute: float = CAPTURES_PER_MINUTE

    @property
    def has_index(self) -> bool:
        """Whether the archive says which captures it has; one without an index is only asked for listed captures."""
        return self.cdx is not None or self.timemap is not None

    def urls(self) -> Iterator[str]:
        """Yield a URL of each of its services."""
        yield from (url for url in (self.cdx, self.replay, self.timemap) if url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The table ``[recover]`` of a profile: the steps after the site's own URLs, in order, and their budgets.

    ``article_templates``, ``image_templates`` and ``flat_templates`` are of sister hosts. ``archives`` are web archives
    with a replay service; ``commoncrawl`` is the URL of Common Crawl's index servers and ``commoncrawl_data`` that of
    the host with its WARC files. ``collections`` are the indexes to ask, such as ``CC-MAIN-2016-07``; if there are
    none, those ``nearest`` to a target's date. ``captures_per_minute`` is Common Crawl's; ``patience`` is how many
    seconds a run waits for an archive that answers not, or asks to wait. ``steps`` are ``sisters``, ``commoncrawl``
    and names of archives.
    """

    article_templates: tuple[str, ...] = ()
    image_templates: tuple[str, ...] = ()
    flat_templates: tuple[str, ...] = ()
    archives: tuple[WebArchive, ...] = ()
    captures_per_minute: float = CAPTURES_PER_MINUTE
    commoncrawl: str | None = None
    commoncrawl_data: str | None = None
    collections: tuple[str, ...] = ()
    nearest: int = 3
    commoncrawl_per_minute: float = CDX_PER_MINUTE
    patience: float = 120
    steps: tuple[str, ...] = (SISTERS, COMMONCRAWL)

    def asks(self, step: str) -> bool:
        """Return whether *step* is one to take, and has somewhere to go."""
        if step not in self.steps:
            return False
        if step == SISTERS:
            return bool(self.article_templates or self.image_templates or self.flat_templates)
        if step == COMMONCRAWL:
            return self.commoncrawl is not None and self.commoncrawl_data is not None
        archive = self.archive(step)
        return archive is not None and archive.has_index

    def archive(self, name: str) -> WebArchive | None:
        """Return the archive *name*, None if the profile has none of that name."""
        return next((one for one in self.archives if one.name == name), None)

    def urls(self) -> Iterator[str]:
        """Yield a URL of each host that recovery may ask."""
        yield from (*self.article_templates, *self.image_templates, *self.flat_templates)
        yield from chain.from_iterable(archive.urls() for archive in self.archives)
        yield from (url for url in (self.commoncrawl, self.commoncrawl_data) if url)


def wayback_archive(base: str, cdx: str | None, cdx_per_minute: float, captures_per_minute: float) -> WebArchive:
    """Return the archive of the keys ``wayback`` (*base*) and ``cdx``: the paths are those of the Wayback Machine."""
    return WebArchive(
        name=WAYBACK,
        cdx=cdx or f"{base}/cdx/search/cdx",
        replay=f"{base}/web/{{timestamp}}id_/{{url}}",
        cdx_per_minute=cdx_per_minute,
        captures_per_minute=captures_per_minute,
    )
