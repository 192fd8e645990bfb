"""Pipeline 400: mark a record whose text or URL the corpus holds under another key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from crawler.extensions.archivist import Archivist
from crawler.items import Article

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class DuplicatesPipeline:
    """Set ``near_duplicate_of`` and ``similarity``: 1.0 for an equal text, None for an equal URL.

    A duplicate is not dropped: it is archived whole, in duplicates/.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def open_spider(self) -> None:
        self._archivist = self._crawler.get_extension(Archivist)

    async def process_item(self, item: Article) -> Article:
        if self._archivist is None or item.kind == "stub":
            return item
        twin = await self._archivist.do(lambda corpus: corpus.catalogue.twin(item))
        return item if twin is None else replace(item, near_duplicate_of=twin[0], similarity=twin[1])
