"""Spider ``neighbours``: from seeds to their related articles, and on to the related articles of those."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from crawler.exceptions import SeedError
from crawler.frontier.targets import Target
from crawler.inputs import InputError, is_remote, shown
from crawler.inputs.names import without_user
from crawler.items import Article
from crawler.net import url_origin
from crawler.pages.records import seed_record
from crawler.plan.counting import Planned
from crawler.seeds import SeedPage
from crawler.seeds.lists.model import ListedArticle, ListedSitemap
from crawler.seeds.lists.targets import batched, find_targets
from crawler.seeds.sources import read_seeds_and_lists
from crawler.spiders.base import ArticleSpider, number
from crawler.spiders.liveseeds import TARGETS_AT_ONCE, Batch, LiveSeeds
from crawler.utils.doors import count_items, is_closing

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

_SEEDS_UNDERWAY = 256


class NeighboursSpider(ArticleSpider):
    """Archive the seeds, and the articles within *depth* steps of them along related items.

    ``-a seeds=PATH[,PATH...]`` dump files, lists of articles (URLs or ids, CSV, JSON lines, feeds, sitemaps),
    directories, globs, compressed or not, - for standard input, or the URL of a page, feed or sitemap of the site;
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
        for one in self.seeds:
            is_of_site = is_remote(one) and url_origin(without_user(one)) in self.profile.origins
            if is_of_site and not self.profile.allows(one):
                raise SeedError(shown(one), "a URL of the site's hosts with a user name: they are requested without")
        self._live = [one for one in self.seeds if self.profile.allows(one) and not self.profile.article_id(one)]
        self._failed_transfers = 0
        # Found before anything is written; kept, as standard input cannot be read twice.
        self._batches = self._useful()
        self._first = next(self._batches, None)
        if self._first is None and not self._live:
            raise SeedError(
                ", ".join(map(shown, self.seeds)),
                f"no dump found in any of the seeds, and no list of articles of {self.profile.name}",
            )

    async def start(self) -> AsyncIterator[Article]:
        """Yield the records of the seeds; the requests for what they list come from the frontier."""
        live = LiveSeeds(self.crawler, self.profile, self._report)
        for url in self._live:
            live.add(url)
        batch = self._first
        while batch is not None and not is_closing(self.crawler):
            if isinstance(batch, ListedSitemap):
                live.add(batch.url)
            else:
                async for record in self._take(batch):
                    yield record
            batch = await asyncio.to_thread(next, self._batches, None)
        async for batch in live.read():
            if is_closing(self.crawler):
                break
            async for record in self._take(batch):
                yield record
        if self._failed_transfers:
            self.crawler.stats.inc_value("gleaner/seeds_failed", self._failed_transfers)
        if is_closing(self.crawler):
            return  # more seeds may come
        await self._items_below(1)  # otherwise the engine would notice the end of the crawl five seconds late
        await self.leases.seeded()

    def planned(self, settings: BaseSettings) -> Planned:
        return super().planned(settings)._replace(targets=self._named(), live_seeds=len(self._live))

    def _named(self) -> Iterator[Target]:
        """Yield the targets that the seeds in files name; those of live seeds are known once these are requested."""
        first = [] if self._first is None else [self._first]
        for batch in chain(first, self._batches):
            if isinstance(batch, SeedPage):
                for item in seed_record(batch, self.profile, "plan").related:
                    yield Target(key=self.profile.key(item.id), id=item.id, depth=1, title=item.title, pic=item.pic)
            elif not isinstance(batch, ListedSitemap):
                yield from batch

    async def _take(self, batch: SeedPage | list[Target]) -> AsyncIterator[Article]:
        """Yield the record of a page with a dump; put targets into the frontier. Counts ``gleaner/seeds/...``."""
        stats = self.crawler.stats
        if isinstance(batch, list):
            stats.inc_value("gleaner/seeds/listed", len(batch))
            stats.inc_value("gleaner/seeds/listed_new", await self.leases.want(batch))
        else:
            await self._items_below(_SEEDS_UNDERWAY)
            yield seed_record(batch, self.profile, self.archivist.run)

    async def _items_below(self, limit: int) -> None:
        """Wait until fewer than *limit* items are in the pipelines: Scrapy itself takes any number from start()."""
        while count_items(self.crawler) >= limit:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)

    def _useful(self) -> Iterator[Batch]:
        """Yield the seeds in files that hold a dump or name an article of the site; report and skip the rest."""
        pages = [one for one in self.seeds if self.profile.allows(one) and self.profile.article_id(one)]
        listed = (ListedArticle(source="-a seeds=", line=at, url=url) for at, url in enumerate(pages, 1))
        yield from batched(find_targets(listed, self.profile, self._report), TARGETS_AT_ONCE)
        paths = [one for one in self.seeds if not self.profile.allows(one)]
        seeds = read_seeds_and_lists(paths, self.profile.zone, on_error=self._report)
        for batch in batched(find_targets(seeds, self.profile, self._report), TARGETS_AT_ONCE):
            if isinstance(batch, SeedPage) and not batch.page.dumps:
                logger.warning("%s: no dump in it, skipped", batch.source)
            else:
                yield batch

    def _report(self, error: SeedError) -> None:
        """Log *error*; note a seed by URL whose transfer failed, which the next run may read."""
        self._failed_transfers += isinstance(error.__cause__, InputError)
        logger.warning("%s", error)
