"""Where captures are listed from: the archives of a profile, the public ones, or what a user names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crawler.captures.lines import LOCAL_SOURCE
from crawler.exceptions import ConfigError
from crawler.inputs import is_remote
from crawler.net import url_origin
from crawler.sites import SiteProfile

SourceKind = Literal["cdx", "timemap", "commoncrawl", "columnar", "files"]
COMMON_CRAWL = "commoncrawl"
_KINDS: tuple[SourceKind, ...] = ("cdx", "timemap", "commoncrawl", "columnar")
_NAME_RE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_NAMED_RE = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]{0,63})=(?P<rest>.+)", re.ASCII | re.DOTALL)
_RESERVED = frozenset({"origin", "seed", "sisters"})


@dataclass(frozen=True)
class ListSource:
    """A source: ``place`` is the URL of an index, the template of TimeMaps with ``{url}``, or a path."""

    kind: SourceKind
    name: str
    place: str
    per_minute: float = 24
    collections: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What tells it from others, also from those of its name: an index and local files can be one archive's."""
        return f"{self.name}={self.kind}:{self.place}"

    @property
    def is_local(self) -> bool:
        """Whether nothing is requested from it."""
        return self.kind in {"columnar", "files"}


PUBLIC = (
    ListSource("cdx", "wayback", "https://web.archive.org/cdx/search/cdx"),
    ListSource("commoncrawl", COMMON_CRAWL, "https://index.commoncrawl.org"),
)
"""The sources for a host without a profile."""


def choose_sources(specs: Sequence[str], profile: SiteProfile | None) -> tuple[ListSource, ...]:
    """Return the sources that *specs* name, by default all of the *profile*, or the public ones.

    A spec is a name, ``cdx:URL``, ``timemap:TEMPLATE``, ``commoncrawl:URL``, ``columnar:PATH`` (or its URL) or a PATH,
    each but the first with ``NAME=`` before it if the user wants. Raises ConfigError.
    """
    known = PUBLIC if profile is None else tuple(profile_sources(profile))
    found = tuple(_source(spec, known) for spec in specs) if specs else known
    if not found:
        raise ConfigError("the site profile names no web archive: name one with --source")
    seen: set[tuple[str, str]] = set()
    for source in found:
        if (source.name, "") in seen and not source.is_local:
            raise ConfigError(f"--source: two sources are called {source.name}: write NAME= before one of them")
        if not source.is_local:
            seen.add((source.name, ""))
    return found


def profile_sources(profile: SiteProfile) -> Iterable[ListSource]:
    """Yield the indexes of the web archives that *profile* names."""
    recovery = profile.recovery
    for archive in recovery.archives:
        if archive.cdx:
            yield ListSource("cdx", archive.name, archive.cdx, archive.cdx_per_minute)
        elif archive.timemap:
            yield ListSource("timemap", archive.name, archive.timemap, archive.cdx_per_minute)
    if recovery.commoncrawl:
        rate = recovery.commoncrawl_per_minute
        yield ListSource("commoncrawl", COMMON_CRAWL, recovery.commoncrawl, rate, recovery.collections)


def _source(spec: str, known: Iterable[ListSource]) -> ListSource:
    by_name = {source.name: source for source in known}
    if spec in by_name:
        return by_name[spec]
    named = _NAMED_RE.fullmatch(spec)
    name, rest = (named["name"], named["rest"]) if named and not Path(spec).exists() else (None, spec)
    if name in _RESERVED:
        raise ConfigError(f"--source {spec}: {name} is not a name for a source")
    kind, _, place = rest.partition(":")
    if kind in _KINDS:
        return _of_kind(kind, name, place, spec)
    if rest == "-" or Path(rest).exists():
        return ListSource("files", name or LOCAL_SOURCE, rest)
    names = ", ".join(by_name) or "none here"
    raise ConfigError(f"--source {spec}: no such file, and not a name ({names}), cdx:URL, timemap:URL, commoncrawl:URL")


def _of_kind(kind: SourceKind, name: str | None, place: str, spec: str) -> ListSource:
    if kind == "columnar":
        if not is_remote(place) and not Path(place).exists():
            raise ConfigError(f"--source {spec}: no such file or folder")
        return ListSource(kind, name or COMMON_CRAWL, place)
    origin = url_origin(place.replace("{url}", "").replace("{timestamp}", ""))
    if origin is None:
        raise ConfigError(f"--source {spec}: {place!r} is not a plain http(s) URL")
    if kind == "timemap" and place.count("{url}") != 1:
        raise ConfigError(f"--source {spec}: the template of a TimeMap's URL must hold {{url}} once")
    default = COMMON_CRAWL if kind == "commoncrawl" else re.sub(r"[^a-z0-9]+", "-", f"{origin[0]}").strip("-")
    return ListSource(kind, name or default, place.rstrip("/") if kind == "commoncrawl" else place)
