"""Pipeline 200: clean the text of records that do not come from a page; pages are cleaned where they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from crawler.extensions.readers import rules_off
from crawler.items import Article
from crawler.text import clean_article

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector


class CleanPipeline:
    """Replace each record by its cleaned copy (:func:`crawler.text.clean_article`), seeds and stubs above all.

    A record that has the hash of its text was cleaned by a reader (:func:`crawler.pages.facts.read_page`) and passes
    unchanged. Counts ``gleaner/cleaned`` records.
    """

    def __init__(self, stats: StatsCollector, off: frozenset[str]) -> None:
        self._stats = stats
        self._off = off

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.stats, rules_off(crawler.settings))

    def process_item(self, item: Article) -> Article:
        if item.content_sha256:
            return item
        cleaned = clean_article(item, self._off)
        if cleaned.text != item.text or cleaned.title != item.title:
            self._stats.inc_value("gleaner/cleaned")
        return cleaned
