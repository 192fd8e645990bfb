"""Spider ``neighbours``: from seed dumps to their related articles, and on to the related articles of those."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

from crawler.exceptions import SeedError
from crawler.items import Article
from crawler.pages.records import seed_record
from crawler.seeds import SeedPage, read_seeds
from crawler.spiders.base import ArticleSpider, number
from crawler.utils.doors import count_items, is_closing

logger = logging.getLogger(__name__)

_SEEDS_UNDERWAY = 256


class NeighboursSpider(ArticleSpider):
    """Archive the seeds, and the articles within *depth* steps of them along related items.

    ``-a seeds=PATH[,PATH...]`` dump files, directories, globs, .gz, .zst, .jsonl, or - for standard input;
    ``-a site=NAME|FILE.toml`` the site profile (that of the corpus, alalam for a new one); ``-a depth=N`` how far to
    go (1);
    ``-a max_articles=N`` the most articles to add in this run (of all workers that share a frontier);
    ``-a dropped=retry`` requests again what pipelines dropped.
    """

    name = "neighbours"

    def __init__(
        self,
        seeds: str | None = None,
        site: str | None = None,
        depth: str = "1",
        max_articles: str | None = None,
        dropped: str | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__(site, number("depth", depth, minimum=0), max_articles, unknown, dropped)
        if not seeds:
            raise SeedError("-a seeds=", "no seeds given; give a dump file, a folder of them, or - for standard input")
        self.seeds = [path for path in seeds.split(",") if path]
        # Found before anything is written; kept, as standard input cannot be read twice.
        self._pages = self._with_dumps()
        self._first = next(self._pages, None)
        if self._first is None:
            raise SeedError(", ".join(self.seeds), "no dump found in any of the seeds")

    async def start(self) -> AsyncIterator[Article]:
        """Yield the records of the seeds; the requests for what they list come from the frontier."""
        page = self._first
        while page is not None and not is_closing(self.crawler):
            await self._items_below(_SEEDS_UNDERWAY)
            yield seed_record(page, self.profile, self.archivist.run)
            page = await asyncio.to_thread(next, self._pages, None)
        if is_closing(self.crawler):
            return  # more seeds may come
        await self._items_below(1)  # otherwise the engine would notice the end of the crawl five seconds late
        await self.leases.seeded()

    async def _items_below(self, limit: int) -> None:
        """Wait until fewer than *limit* items are in the pipelines: Scrapy itself takes any number from start()."""
        while count_items(self.crawler) >= limit:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)

    def _with_dumps(self) -> Iterator[SeedPage]:
        """Yield the seeds that hold a dump; report and skip the rest."""
        for page in read_seeds(self.seeds, self.profile.zone, on_error=lambda error: logger.warning("%s", error)):
            if page.page.dumps:
                yield page
            else:
                logger.warning("%s: no dump in it, skipped", page.source)
