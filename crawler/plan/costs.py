"""What the requests of a crawl cost: of each host and web archive how many, how long by its delay, and the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.plan.counting import Counts
from crawler.recover.ladder import MAX_CAPTURES
from crawler.sites import SiteProfile
from crawler.sites.recovery import COMMONCRAWL

ASSUMED_LINE_BYTES = 6_000.0
ASSUMED_PICTURE_BYTES = 80_000.0
"""Sizes for a corpus without articles or pictures: those of the news site that Gleaner was made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Requests to a host or to a service of a web archive: at least, and at most.

    ``delay_seconds`` is the time between two of them; None: none is set, so that the host's own speed counts.
    """

    name: str
    least: int
    most: int
    delay_seconds: float | None

    @property
    def least_seconds(self) -> float | None:
        """How long the fewest requests take, without pauses that the host asks for."""
        return None if self.delay_seconds is None else self.least * self.delay_seconds

    @property
    def most_seconds(self) -> float | None:
        """How long all of them take."""
        return None if self.delay_seconds is None else self.most * self.delay_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Bytes that articles and pictures take; *is_assumed* if the corpus has none to measure."""

    line_bytes: int
    picture_bytes: int
    is_assumed: bool


def host_costs(
    profile: SiteProfile,
    counts: Counts,
    pictures: Iterable[str],
    delay_of: Callable[[str], float],
    *,
    robots: bool,
    archives_first: bool = False,
) -> list[Cost]:
    """Return the requests to the hosts of the site: each article by its first URL, or by all if it has none.

    With *archives_first* an article is requested there only if no archive has it. Further pictures, which only pages
    name, are not counted. *robots*: a robots.txt is requested from each host.
    """
    least: Counter[str] = Counter()
    most: Counter[str] = Counter()
    articles = [_host(url) for url in (*profile.article_urls("1"), *profile.sister_urls("1"))]
    if not archives_first:
        least.update(dict.fromkeys(articles[:1], counts.articles))
    for host in articles:
        most[host] += counts.articles
    for pic in pictures:
        urls = (*profile.image_urls(pic), *profile.sister_image_urls(pic))
        most.update(map(_host, urls))
        least.update(map(_host, urls[:1]))
    if robots:
        least.update(host for host in most if least[host])
        most.update(list(most))
    return [
        Cost(name=host, least=least[host], most=number, delay_seconds=delay_of(host.partition(":")[0]) or None)
        for host, number in most.items()
        if number
    ]


def archive_costs(profile: SiteProfile, articles: int) -> Iterator[Cost]:
    """Yield the requests to each service of the web archives in *profile* if the site has none of *articles*.

    One query of an index often serves many articles, so that fewer are needed.
    """
    recovery = profile.recovery
    captures = articles * MAX_CAPTURES
    for step in recovery.steps:
        archive = recovery.archive(step)
        if not articles or not recovery.asks(step):
            continue
        if archive is not None:
            yield _service(f"{archive.name}, index", articles, archive.cdx_per_minute)
            yield _service(f"{archive.name}, captures", captures, archive.captures_per_minute)
        elif step == COMMONCRAWL:
            collections = len(recovery.collections) or recovery.nearest
            yield _service("commoncrawl, index", articles * collections, recovery.commoncrawl_per_minute)
            yield _service("commoncrawl, captures", captures, recovery.captures_per_minute)


def listed_costs(profile: SiteProfile, captures: Mapping[str, int]) -> Iterator[Cost]:
    """Yield the requests for listed *captures*, by their source; those in files need none."""
    recovery = profile.recovery
    for source, most in captures.items():
        archive = recovery.archive(source)
        if archive is not None:
            yield _service(f"{source}, listed captures", most, archive.captures_per_minute)
        elif source == COMMONCRAWL:
            yield _service(f"{source}, listed captures", most, recovery.captures_per_minute)


def disk(counts: Counts, *, fetches_pictures: bool) -> Disk:
    """Return the bytes that the articles and their pictures take, by the means of the corpus where it has some."""
    sizes = counts.sizes
    new = counts.articles - min(counts.due, counts.articles)  # a rechecked article seldom adds a line
    of_articles = new * sizes.pictures_of_article if sizes.pictures_of_article is not None else 0
    pictures = max(counts.pictures, of_articles) if fetches_pictures else 0
    return Disk(
        line_bytes=round(new * (sizes.line_bytes or ASSUMED_LINE_BYTES)),
        picture_bytes=round(pictures * (sizes.picture_bytes or ASSUMED_PICTURE_BYTES)),
        is_assumed=sizes.line_bytes is None or (fetches_pictures and sizes.picture_bytes is None),
    )


def _service(name: str, most: int, per_minute: float) -> Cost:
    return Cost(name=name, least=0, most=most, delay_seconds=60 / per_minute)


def _host(url: str) -> str:
    return urlsplit(url).netloc
