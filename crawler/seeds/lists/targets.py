"""From what a list names to targets of the site: by URL or by id, and nothing that the list does not say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from w3lib.url import safe_url_string

from crawler.exceptions import SeedError
from crawler.frontier.targets import Target
from crawler.seeds.lists.model import ListedArticle, ListedSitemap
from crawler.seeds.model import SeedPage
from crawler.sites import SiteProfile
from crawler.sites.templates import article_url
from crawler.text import clean_title

_REPLAY_RE = re.compile(
    r"(https?://[^/?#]+/(?:[^/?#]+/){0,4}?[0-9]{4,14}(?:[a-z]{2}_)?/)((?:https?:)?/*)(.+)", re.DOTALL
)
_SCHEME_RE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST_RE = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}(?::\d{1,5})?/", re.IGNORECASE)
_OTHER_SCHEME = {"http:": "https:", "https:": "http:"}
_MAX_SHOWN_LETTERS = 80

Seed = SeedPage | ListedArticle | ListedSitemap


def replay_prefix(url: str) -> str | None:
    """Return the part of *url* before the original URL, if it is that of a capture in a web archive.

    >>> replay_prefix("https://web.archive.org/web/2016id_/http://example.org/rss")
    'https://web.archive.org/web/2016id_/'
    """
    match = _REPLAY_RE.fullmatch(url)
    return match[1] if match and (match[2] or _HOST_RE.match(match[3])) else None


def original_url(url: str) -> str:
    """Return the original URL of a capture in a web archive; any other URL as it is.

    >>> original_url("https://web.archive.org/web/20160227101112/http://example.org/news/1")
    'http://example.org/news/1'
    """
    prefix = replay_prefix(url)
    if prefix is None:
        return url
    scheme, slashes, rest = re.fullmatch(r"(https?:)?(/*)(.*)", url[len(prefix) :], re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{scheme or 'http:'}//{rest}" if rest and (scheme or not slashes) else url


class TargetFinder:
    """Finds the targets of the site of *profile* that lists name."""

    def __init__(self, profile: SiteProfile) -> None:
        self._profile = profile
        self._home = article_url(profile.article_bases[0], "0")

    def find(self, listed: ListedArticle) -> Target | None:
        """Return the target that *listed* names; None if it is no article of the site.

        The record's title and picture are those of the list, if it gives any.
        """
        article_id = self.article_id(listed.url, listed.base) if listed.url else self.own_id(listed.id or "")
        if article_id is None:
            return None
        return Target(
            key=self._profile.key(article_id),
            id=article_id,
            depth=0,
            title=clean_title(listed.title) if listed.title else None,
            pic=self._profile.pic(listed.picture) if listed.picture else None,
        )

    def article_id(self, url: str, base: str | None = None) -> str | None:
        """Return the id of the site's article at *url*, which may be relative, without a scheme, or in a web archive.

        A relative URL without *base* counts as one of the site: the user said that the list is of it.
        """
        if found := self._profile.article_id(url):  # most are plain, and all that follows costs several times more
            return found
        if url.startswith("//"):
            url = f"https:{url}"
        elif not _SCHEME_RE.match(url):
            url = f"https://{url}" if _HOST_RE.match(url) else urljoin(base or self._home, url)
        for form in (url, original_url(url)):
            safe = safe_url_string(form)
            scheme, colon, rest = safe.partition(":")
            other = _OTHER_SCHEME.get(f"{scheme}{colon}", "") + rest
            if found := self._profile.article_id(safe) or self._profile.article_id(other):
                return found
        return None

    def own_id(self, text: str) -> str | None:
        """Return *text*, an id or the key of a record of the site, as an id; None if it is neither."""
        bare = text.removeprefix(self._profile.key(""))
        return bare if self._profile.article_urls(bare) else None


@dataclass(slots=True)
class _Tally:
    """What one list named so far."""

    source: str
    entries: int = 0
    skipped: int = 0
    example: str = ""
    ids_are_others: bool = False
    """Whether an entry has both a URL and an id, and they name different articles: ids are numbers of rows."""

    def find(self, listed: ListedArticle, finder: TargetFinder) -> Target | None:
        """Return the target that *listed* names; count it if there is none."""
        self.entries += 1
        target = finder.find(listed) if listed.url or not self.ids_are_others else None
        if target is None:
            self.skipped += 1
            self.example = self.example or _shown(listed)
        elif listed.id and listed.url:
            self.ids_are_others = self.ids_are_others or finder.own_id(listed.id) not in {target.id, None}
        return target

    def message(self, site: str) -> str:
        """Return what is to be reported."""
        verb = "is" if self.skipped == 1 else "are"
        return f"{self.skipped:,} of {self.entries:,} entries {verb} no article of {site}, and skipped{self.example}"


def find_targets(
    seeds: Iterable[Seed], profile: SiteProfile, report: Callable[[SeedError], None]
) -> Iterator[SeedPage | Target | ListedSitemap]:
    """Yield *seeds*, with a target instead of each listed article of the site of *profile*.

    What is no article of the site is counted, and *report* receives one message a list.
    """
    finder, tally = TargetFinder(profile), _Tally("")
    for seed in seeds:
        if not isinstance(seed, ListedArticle):
            yield seed
            continue
        if seed.source != tally.source:
            _settle(tally, profile, report)
            tally = _Tally(seed.source)
        target = tally.find(seed, finder)
        if target is not None:
            yield target
    _settle(tally, profile, report)


def _settle(tally: _Tally, profile: SiteProfile, report: Callable[[SeedError], None]) -> None:
    if tally.skipped:
        report(SeedError(tally.source, tally.message(profile.name)))


def _shown(seed: ListedArticle) -> str:
    text = seed.url or seed.id or ""
    cut = repr(text[:_MAX_SHOWN_LETTERS]) + "..." * (len(text) > _MAX_SHOWN_LETTERS)
    return f", such as number {seed.line}: {cut}" if text else f", such as number {seed.line}, without URL and id"


def batched(
    seeds: Iterable[SeedPage | Target | ListedSitemap], size: int
) -> Iterator[SeedPage | ListedSitemap | list[Target]]:
    """Yield *seeds* in their order, up to *size* targets at a time."""
    batch: list[Target] = []
    for seed in seeds:
        if isinstance(seed, Target):
            batch.append(seed)
        if batch and (len(batch) >= size or not isinstance(seed, Target)):
            yield batch
            batch = []
        if not isinstance(seed, Target):
            yield seed
    if batch:
        yield batch
