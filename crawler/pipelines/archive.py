"""Pipeline 900: archive a record; it is an item that was scraped only once its line is durable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

from crawler.archive import Added, Duplicate
from crawler.extensions.archivist import Archivist
from crawler.items import Article, DuplicateRule

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class ArchivePipeline:
    """Bring each record to the corpus and count what became of it.

    Counts ``gleaner/archived/<kind>``, ``gleaner/duplicates``, ``gleaner/duplicates/<rule>`` and ``gleaner/unchanged``.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if getattr(crawler.spider, "profile", None) is None:  # that of scrapy shell, say
            raise NotConfigured("the spider has no corpus")
        return cls(crawler)

    def open_spider(self) -> None:
        archivist = self._crawler.get_extension(Archivist)
        if archivist is None:
            raise NotConfigured("ArchivePipeline needs the Archivist extension")
        self._archivist = archivist

    async def process_item(self, item: Article) -> Article:
        outcome = await self._archivist.add(item)
        if isinstance(outcome, Added):
            self._stats.inc_value(f"gleaner/archived/{item.kind}")
            for lesser in outcome.over:
                self._count_duplicate(lesser.rule)
        elif isinstance(outcome, Duplicate):
            self._count_duplicate(outcome.rule)
        else:
            self._stats.inc_value("gleaner/unchanged")
        return item

    def _count_duplicate(self, rule: DuplicateRule) -> None:
        self._stats.inc_value("gleaner/duplicates")
        self._stats.inc_value(f"gleaner/duplicates/{rule}")
