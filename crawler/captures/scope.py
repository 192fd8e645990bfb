"""What to list: which URLs, which span of time, which status and media types. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Literal

from crawler.captures.lines import CaptureLine
from crawler.exceptions import ConfigError
from crawler.net import url_origin
from crawler.sites import SiteProfile
from crawler.warc.dates import instant
from crawler.warc.index import url_key
from crawler.warc.surt import surt

Match = Literal["exact", "prefix", "host", "domain"]
MATCHES: tuple[Match, ...] = ("exact", "prefix", "host", "domain")
DEFAULT_STATUSES = ("2xx", "-")
"""Whole answers, and revisits, for which most indexes give no status."""
ANY = "any"

_FIRST_MOMENT, _LAST_MOMENT = "00000101000000", "99991231235959"
_TIME_RE = re.compile(r"[0-9]{4}(?:-?[0-9]{2}(?:-?[0-9]{2}(?:[0-9]{2}){0,3})?)?", re.ASCII)
_STATUS_RE = re.compile(r"[1-5](?:[0-9]{2}|xx)|-", re.ASCII)
_MIME_RE = re.compile(r"[\w.+*-]{1,60}(?:/[\w.+*-]{1,60})?", re.ASCII)
_SCHEME_RE = re.compile(r"[a-z]+://", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Pattern:
    """A set of URLs, as CDX servers match them; ``url`` is without scheme, such as ``example.org/news/``."""

    match: Match
    url: str

    @cached_property
    def key(self) -> str:
        """The beginning of the keys of its URLs, or their whole key if the match is exact."""
        if self.match == "exact":
            return surt(self.url)
        host, slash, _ = self.url.partition("/")
        before = surt(host).partition(")")[0]
        if self.match == "domain":
            return before
        if self.match == "host" or not slash:
            return f"{before})"
        return surt(f"{self.url.partition('?')[0]}a")[:-1]  # a slash at the end would be lost

    def covers(self, urlkey: str) -> bool:
        """Return whether the URL with that key belongs to the set.

        >>> Pattern("host", "example.org").covers("org,example)/news/1")
        True
        >>> Pattern("host", "example.org").covers("org,example,en)/news/1")
        False
        """
        if self.match == "exact":
            return urlkey == self.key
        if self.match == "domain":
            return urlkey.startswith(self.key) and urlkey[len(self.key) : len(self.key) + 1] in {")", ",", ":"}
        return urlkey.startswith(self.key) or urlkey == self.key.removesuffix("/")


@dataclass(frozen=True)
class ListingScope:
    """What to list. ``begin`` and ``end`` are 14 digits, both inclusive; ``mimes`` are globs. None or nothing: all."""

    patterns: tuple[Pattern, ...]
    begin: str | None = None
    end: str | None = None
    statuses: tuple[str, ...] = DEFAULT_STATUSES
    mimes: tuple[str, ...] = ()

    def wants(self, line: CaptureLine) -> bool:
        """Return whether *line* is to be listed."""
        if not self.spans(line.timestamp):
            return False
        if self.statuses and not any(_is_status(line.status, one) for one in self.statuses):
            return False
        if self.mimes and not any(fnmatchcase(line.mime or "", one) for one in self.mimes):
            return False
        return any(pattern.covers(line.urlkey) for pattern in self.patterns)

    def covers(self, url: str) -> bool:
        """Return whether captures of *url* are to be listed, whatever their time, status and media type."""
        key = url_key(url)
        return any(pattern.covers(key) for pattern in self.patterns)

    def spans(self, timestamp: str) -> bool:
        """Return whether a capture of that time is to be listed."""
        return (self.begin is None or timestamp >= self.begin) and (self.end is None or timestamp <= self.end)


def pattern_of(text: str, match: Match | None = None) -> Pattern:
    """Return the URLs that a user names: a host, ``*.`` and a domain, or the beginning of URLs.

    Raises ConfigError if it names none.

    >>> pattern_of("example.org"), pattern_of("https://example.org/news/*").url, pattern_of("*.example.org").match
    (Pattern(match='host', url='example.org'), 'example.org/news/', 'domain')
    """
    bare = _SCHEME_RE.sub("", text.strip(), count=1)
    is_domain = bare.startswith("*.")
    bare = bare.removeprefix("*.").removesuffix("*")
    host, slash, path = bare.partition("/")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = ""
    url = f"{host.lower()}{slash}{path}"
    has_dot = "." in host.strip(".") or host.startswith(("localhost", "["))
    if url_origin(f"http://{url}") is None or not has_dot:
        raise ConfigError(f"{text!r} is not a host, such as example.org, or the beginning of URLs")
    if match is None:
        match = "domain" if is_domain else "prefix" if path else "host"
    return Pattern(match, url if match in {"exact", "prefix"} else host.lower())


def profile_patterns(profile: SiteProfile) -> tuple[Pattern, ...]:
    """Return the URLs of a site: all of the hosts of its articles, and the folders of its pictures on other hosts."""
    hosts = {_bare(url).partition("/")[0] for url in profile.article_bases}
    patterns = [Pattern("host", host) for host in sorted(hosts)]
    pictures = (*profile.image_templates, *profile.flat_templates)
    pictures += (*profile.recovery.image_templates, *profile.recovery.flat_templates)
    folders = {_bare(url).partition("{pic}")[0].rpartition("/")[0] + "/" for url in pictures}
    patterns += [Pattern("prefix", one) for one in sorted(folders) if one.partition("/")[0] not in hosts]
    return unique(patterns)


def unique(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    """Return *patterns* without those whose URLs another one covers: ``www.`` and the port 80 make no difference."""
    kept: list[Pattern] = []
    for pattern in sorted(patterns, key=lambda one: (MATCHES[::-1].index(one.match), len(one.key))):
        key = f"{pattern.key})" if pattern.match == "domain" else pattern.key
        if not any(one.match != "exact" and one.covers(key) for one in kept):
            kept.append(pattern)
    return tuple(sorted(kept, key=lambda one: one.key))


def moment(name: str, text: str | None, *, last: bool = False) -> str | None:
    """Return the time *text* of the option *name*, such as 2013, 2013-02 or 20130227101112, as 14 digits.

    With *last*, its last second. Raises ConfigError if it is no time.

    >>> moment("--to", "2013-02", last=True)
    '20130228235959'
    """
    if text is None:
        return None
    digits = text.replace("-", "") if _TIME_RE.fullmatch(text) else ""
    if instant(digits) is None:
        raise ConfigError(f"{name} {text}: give a time such as 2013, 2013-02 or 2013-02-27")
    if last and len(digits) == len("YYYYMM"):
        digits += str(monthrange(int(digits[:4]), int(digits[4:]))[1])
    return digits + (_LAST_MOMENT if last else _FIRST_MOMENT)[len(digits) :]


def statuses_of(text: str | None) -> tuple[str, ...]:
    """Return the statuses in the option ``--status``: ``200,3xx``, ``-`` for none, ``any``. Raises ConfigError."""
    if text is None:
        return DEFAULT_STATUSES
    if text == ANY:
        return ()
    found = tuple(one.strip().lower() for one in text.split(","))
    if wrong := [one for one in found if not _STATUS_RE.fullmatch(one)]:
        raise ConfigError(f"--status {wrong[0]}: give statuses such as 200, 3xx and -, joined by commas, or any")
    return found


def mimes_of(text: str | None) -> tuple[str, ...]:
    """Return the media types in the option ``--mime``: ``text/html,image/*``. Raises ConfigError."""
    found = tuple(one.strip().lower() for one in text.split(",")) if text else ()
    if wrong := [one for one in found if not _MIME_RE.fullmatch(one)]:
        raise ConfigError(f"--mime {wrong[0]}: give media types such as text/html and image/*, joined by commas")
    return found


def _is_status(status: str | None, wanted: str) -> bool:
    if status is None:
        return wanted == "-"
    return status == wanted or (wanted.endswith("xx") and status[0] == wanted[0])


def _bare(url: str) -> str:
    return _SCHEME_RE.sub("", url, count=1)
