"""Spider ``neighbours``: from seed dumps to the articles they call related, and on to theirs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import Request
from scrapy.http import Response, TextResponse
from w3lib.encoding import http_content_type_encoding

from crawler.archive import Target
from crawler.exceptions import ConfigError, SeedError
from crawler.extensions.archivist import Archivist
from crawler.extensions.readers import Readers
from crawler.items import Article
from crawler.records import Attempt, article_record, seed_record, stub_record
from crawler.seeds import SeedPage, read_seeds
from crawler.sites import load_profile
from crawler.soft404 import soft_404

if TYPE_CHECKING:
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)

_HTTP_OK = 200
_SEEDS_UNDERWAY = 256


class NeighboursSpider(scrapy.Spider):
    """Archive the seeds, and the articles within *depth* steps of them along related items.

    ``-a seeds=PATH[,PATH...]`` dump files, directories, globs, .gz, .zst, .jsonl, or - for standard input;
    ``-a site=NAME|FILE.toml`` the site profile (alalam); ``-a depth=N`` how far to go (1);
    ``-a max_articles=N`` how many articles to add at most in this run.
    """

    name = "neighbours"
    handle_httpstatus_list = tuple(range(400, 600))
    """Answers that are news about a target, not errors; Scrapy's retries have had their turn by then."""

    def __init__(
        self,
        seeds: str | None = None,
        site: str = "alalam",
        depth: str = "1",
        max_articles: str | None = None,
        **kwargs: Any,
    ) -> None:
        unknown = [name for name in kwargs if not name.startswith("_")]  # scrapyd passes _job
        if unknown:
            raise ConfigError(f"unknown argument -a {unknown[0]}=; there are seeds, site, depth and max_articles")
        super().__init__()
        if not seeds:
            raise SeedError("-a seeds=", "no seeds given; give a dump file, a folder of them, or - for standard input")
        self.seeds = [path for path in seeds.split(",") if path]
        self.profile = load_profile(site)
        self.depth = _number("depth", depth, minimum=0)
        self.max_articles = None if max_articles is None else _number("max_articles", max_articles, minimum=1)
        # Found before anything is written; kept, as standard input cannot be read twice.
        self._pages = self._with_dumps()
        self._first = next(self._pages, None)
        if self._first is None:
            raise SeedError(", ".join(self.seeds), "no dump found in any of the seeds")

    async def start(self) -> AsyncIterator[Article]:
        """Yield the records of the seeds; the requests for what they list come from the frontier."""
        page = self._first
        while page is not None:
            await self._items_below(_SEEDS_UNDERWAY)
            yield seed_record(page, self.profile, self._archivist.run)
            page = await asyncio.to_thread(next, self._pages, None)
        await self._items_below(1)  # or the engine would look for the end of the crawl five seconds late

    async def _items_below(self, limit: int) -> None:
        """Wait until fewer than *limit* items are in the pipelines: Scrapy itself takes any number from start()."""
        slot = self.crawler.engine.scraper.slot
        while slot is not None and slot.itemproc_size >= limit:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)

    def request(self, target: Target, attempts: tuple[Attempt, ...] = ()) -> Request | None:
        """Return the request for the next URL of *target* after those tried in vain; None if there is none left."""
        urls = self.profile.article_urls(target.id)[len(attempts) :]
        if not urls:
            return None
        meta = {"target": target, "attempts": attempts}
        return Request(urls[0], callback=self.parse_article, errback=self.no_answer, meta=meta)

    async def parse_article(self, response: Response) -> AsyncIterator[Article | Request]:
        """Yield the article's record; or, if this is not it, the next request for it or its stub."""
        facts, refusal = None, self._refusal(response)
        if refusal is None:
            facts = await self._readers.read(response.body, response.url, self.profile, _declared_charset(response))
            refusal = soft_404(facts, response.meta["target"], self.profile)
        if facts is None or refusal is not None:
            yield self._next(response.request, Attempt(response.url, response.status, refusal or ""))
            return
        yield article_record(
            response.meta["target"],
            facts,
            self.profile,
            run=self._archivist.run,
            url=response.url,
            status=response.status,
            fetched=_now(),
        )

    async def no_answer(self, failure: Failure) -> AsyncIterator[Article | Request]:
        """Yield the next request for a target whose URL gave no answer, or its stub."""
        request: Request = failure.request  # type: ignore[attr-defined]
        yield self._next(request, Attempt(request.url, None, failure.getErrorMessage()[:200]))

    def _next(self, request: Request | None, attempt: Attempt) -> Article | Request:
        assert request is not None  # noqa: S101 - Scrapy sets it
        target: Target = request.meta["target"]
        attempts: tuple[Attempt, ...] = (*request.meta["attempts"], attempt)
        logger.info("%s: %s (%s)", target.key, attempt.reason, attempt.url)
        self.crawler.stats.inc_value(f"gleaner/attempts_failed/{attempt.status or 'no_answer'}")
        return self.request(target, attempts) or stub_record(
            target, attempts, self.profile, run=self._archivist.run, tried=_now()
        )

    def _refusal(self, response: Response) -> str | None:
        """Return why *response* cannot be the page of an article, None if it may be."""
        if response.status != _HTTP_OK:
            return f"status {response.status}"
        if self.profile.article_id(response.url) is None:
            return "redirected to a page that is not an article"
        if not isinstance(response, TextResponse) or not response.body:
            return "not a page"
        return None

    def _with_dumps(self) -> Iterator[SeedPage]:
        """Yield the seeds that hold a dump; report and pass over the rest."""
        for page in read_seeds(self.seeds, self.profile.zone, on_error=lambda error: logger.warning("%s", error)):
            if page.page.dumps:
                yield page
            else:
                logger.warning("%s: no dump in it, passed over", page.source)

    @property
    def _archivist(self) -> Archivist:
        archivist = self.crawler.get_extension(Archivist)
        assert archivist is not None  # noqa: S101 - crawler/settings.py enables it
        return archivist

    @property
    def _readers(self) -> Readers:
        readers = self.crawler.get_extension(Readers)
        assert readers is not None  # noqa: S101 - crawler/settings.py enables it
        return readers


def _number(name: str, value: str, *, minimum: int) -> int:
    try:
        number = int(value)
    except ValueError:
        number = minimum - 1
    if number < minimum:
        raise ConfigError(f"-a {name}={value}: give a whole number of at least {minimum}")
    return number


def _declared_charset(response: Response) -> str | None:
    header = response.headers.get(b"Content-Type")
    return http_content_type_encoding(header.decode("latin-1")) if header else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
