"""Reading bytes as seeds of a site."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from crawler.frontier.targets import Target
from crawler.seeds import SeedPage
from crawler.seeds.lists.model import ListedSitemap
from crawler.seeds.lists.targets import find_targets
from crawler.seeds.sources import read_bytes
from crawler.sites import load_profile

SITE = load_profile("alalam")
NEWS = "https://en.alalam.ir/news/"


class Seeds(NamedTuple):
    """What some bytes hold as seeds, and what was reported."""

    targets: list[Target]
    sitemaps: list[str]
    pages: list[SeedPage]
    errors: list[str]

    @property
    def ids(self) -> list[str]:
        return [target.id for target in self.targets]


def seeds_of(data: str | bytes, name: str = "seeds", url: str | None = None) -> Seeds:
    """Return what *data*, which came from *url*, holds as seeds of :data:`SITE`."""
    seeds = Seeds([], [], [], [])

    def report(error: Exception) -> None:
        seeds.errors.append(str(error))

    data = data.encode() if isinstance(data, str) else data
    for seed in find_targets(read_bytes(name, data, ZoneInfo("UTC"), report, url), SITE, report):
        if isinstance(seed, Target):
            seeds.targets.append(seed)
        elif isinstance(seed, ListedSitemap):
            seeds.sitemaps.append(seed.url)
        else:
            seeds.pages.append(seed)
    return seeds
