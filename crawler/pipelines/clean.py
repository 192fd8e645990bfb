"""Pipeline 200: clean the words of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from crawler.items import Article
from crawler.text import clean_article

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector


class CleanPipeline:
    """Replace each record by its cleaned copy (:func:`crawler.text.clean_article`)."""

    def __init__(self, stats: StatsCollector) -> None:
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.stats)

    def process_item(self, item: Article) -> Article:
        cleaned = clean_article(item)
        if cleaned.text != item.text or cleaned.title != item.title:
            self._stats.inc_value("gleaner/cleaned")
        return cleaned
