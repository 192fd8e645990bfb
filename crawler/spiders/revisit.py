"""Spider ``revisit``: for scheduled crawls; requests again what is due, failed, gone or was never fetched."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from crawler.archive import Corpus, Target
from crawler.archive.description import describe, is_corpus
from crawler.frontier.visits import Due
from crawler.items import Article
from crawler.plan.counting import Planned
from crawler.spiders.base import ArticleSpider, duration, number
from crawler.utils.conf import whole

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)


class RevisitSpider(ArticleSpider):
    """Request the articles of a corpus again, each when it is due.

    An article is due by an adaptive interval (shorter after a change, longer without one), unless it is news of more
    than REVISIT_NEWS_DAYS ago. A failed article is due by an exponential back-off; a gone one after a month, then after
    longer intervals. A target that was never fetched is always due, within the greatest depth that any crawl of the
    corpus was allowed. Requests are conditional.

    ``-a older_than=30d`` instead requests all that was last requested longer ago than that, whatever its age;
    ``-a depth=N`` how far from the seeds to request what was never fetched; ``-a site=NAME|FILE.toml`` the site profile
    (that of the corpus); ``-a max_articles=N`` the most articles to fetch; ``-a dropped=retry`` requests again what
    pipelines dropped, as does ``older_than``.
    """

    name = "revisit"
    retries_failed = False
    """The back-off decides when to retry, not each new run."""
    can_share = False
    """Only its own corpus knows what is due."""

    def __init__(
        self,
        site: str | None = None,
        depth: str | None = None,
        older_than: str | None = None,
        max_articles: str | None = None,
        dropped: str | None = None,
        **unknown: Any,
    ) -> None:
        deep = None if depth is None else number("depth", depth, minimum=0)
        super().__init__(site, deep, max_articles, unknown, dropped)
        self.news_days = 0
        self._started = time.time()
        self._older_than = None if older_than is None else duration("older_than", older_than)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.news_days = news_days(crawler.settings)
        root = Path(crawler.settings["CORPUS_DIR"])
        if not is_corpus(root):
            describe(root)  # the corpus must exist
        return spider

    @classmethod
    def for_plan(cls, root: Path, arguments: Mapping[str, str]) -> Self:
        if not is_corpus(root):
            describe(root)  # the corpus must exist
        return super().for_plan(root, arguments)

    def planned(self, settings: BaseSettings) -> Planned:
        planned = super().planned(settings)
        since = _news_since(news_days(settings))
        return planned._replace(scope=replace(planned.scope, due=self._due(), published_since=since))

    async def start(self) -> AsyncIterator[Article]:
        """Remove old news from the schedule; the requests come from the frontier."""
        if since := _news_since(self.news_days):
            retired = await self.archivist.do(lambda corpus: corpus.catalogue.visits.retire(since))
            self.crawler.stats.set_value("gleaner/retired", retired)
        return
        yield  # makes it an asynchronous generator, which Scrapy requires; it yields nothing

    def closed(self, _reason: str) -> None:
        """Log how many articles were new. Scrapy calls this when the spider is closed."""
        logger.info("%d new articles were fetched", self.crawler.stats.get_value("gleaner/new_articles", 0))

    def lease(self, corpus: Corpus, limit: int, *, run: str, until: float) -> list[Target]:
        """Lease targets that were never fetched, as far from the seeds as crawls may go; then those that are due."""
        targets = super().lease(corpus, limit, run=run, until=until)
        return targets + corpus.catalogue.visits.lease(limit - len(targets), self._due(), run=run, until=until)

    def _due(self) -> Due:
        checked_before = None if self._older_than is None else self._started - self._older_than
        return Due(now=self._started, checked_before=checked_before)


def news_days(settings: BaseSettings) -> int:
    """Return the setting REVISIT_NEWS_DAYS; 0: without limit."""
    return whole(settings, "REVISIT_NEWS_DAYS", maximum=100_000)


def _news_since(days: int) -> str | None:
    """Return the ISO 8601 date *days* ago; None for 0 days."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat() if days else None
