"""Pipeline 900: archive a record; Scrapy counts it as scraped only once its line is durable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from crawler.archive import Added, Duplicate
from crawler.extensions.leases import Leases, LocalLeases
from crawler.items import Article, DuplicateRule
from crawler.utils.components import needed

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector


class ArchivePipeline:
    """Add each record to the corpus and count the outcome.

    Counts ``gleaner/archived/<kind>``, ``gleaner/duplicates``, ``gleaner/duplicates/<rule>`` and ``gleaner/unchanged``;
    and as ``gleaner/new_articles`` the articles that are the first version of their key, duplicates too.
    """

    def __init__(self, leases: Leases, stats: StatsCollector) -> None:
        self._leases = leases
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(needed(crawler, LocalLeases), crawler.stats)

    async def process_item(self, item: Article) -> Article:
        outcome = await self._leases.archive(item)
        if isinstance(outcome, Added):
            self._stats.inc_value(f"gleaner/archived/{item.kind}")
            for worse in outcome.over:
                self._count_duplicate(worse.rule)
        elif isinstance(outcome, Duplicate):
            self._count_duplicate(outcome.rule)
        else:
            self._stats.inc_value("gleaner/unchanged")
        if item.kind == "article" and isinstance(outcome, Added | Duplicate) and outcome.version == 1:
            self._stats.inc_value("gleaner/new_articles")
        return item

    def _count_duplicate(self, rule: DuplicateRule) -> None:
        self._stats.inc_value("gleaner/duplicates")
        self._stats.inc_value(f"gleaner/duplicates/{rule}")
