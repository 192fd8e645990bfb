"""Seeds that are fetched: pages, feeds and sitemaps of the site, by the URLs that a user gave.

They go through Scrapy's downloader, so the guard, robots.txt and the delays of the site hold for them. A sitemap index
may name further sitemaps, of the hosts in the site profile only, each requested once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.exceptions import SeedError
from crawler.frontier.targets import Target
from crawler.net import redacted
from crawler.seeds import SeedPage
from crawler.seeds.lists.model import ListedSitemap
from crawler.seeds.lists.targets import batched, find_targets, original_url, replay_prefix
from crawler.seeds.sources import OnError, read_bytes
from crawler.utils.engine import Stopping
from crawler.utils.response import reason_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.sites import SiteProfile

logger = logging.getLogger(__name__)

TARGETS_AT_ONCE = 500
_MAX_LIVE_BYTES = 64 << 20
"""A sitemap has at most 50 MiB."""
_MAX_SITEMAPS = 100_000

Batch = SeedPage | ListedSitemap | list[Target]


class LiveSeeds:
    """Fetches seeds and what sitemap indexes among them name. Counts ``gleaner/seeds/requests``."""

    def __init__(self, crawler: Crawler, profile: SiteProfile, on_error: OnError) -> None:
        self._crawler, self._profile, self._on_error = crawler, profile, on_error
        self._waiting: deque[str] = deque()
        self._known: set[str] = set()
        self._refused = self._beyond = 0

    def add(self, url: str) -> None:
        """Fetch *url* later, unless it was fetched or waits already, or is not of the site."""
        if not self._profile.allows(url):
            self._refused += 1
            if self._refused == 1:
                self._on_error(SeedError(redacted(url), f"not a URL of {self._profile.name}'s hosts, skipped"))
        elif url in self._known:
            return
        elif len(self._known) < _MAX_SITEMAPS:
            self._known.add(url)
            self._waiting.append(url)
        else:
            self._beyond += 1

    async def read(self) -> AsyncIterator[SeedPage | list[Target]]:
        """Yield what the waiting seeds hold, and what the sitemaps that they name hold.

        A seed that cannot be fetched, or holds neither, is reported, and counted as ``gleaner/seeds_failed``.
        """
        while self._waiting:
            url = self._waiting.popleft()
            fetched = await self._fetch(url)
            found = False
            seeds = self._seeds(url, *fetched) if fetched else iter(())
            while (seed := await asyncio.to_thread(next, seeds, None)) is not None:
                found = True
                if isinstance(seed, ListedSitemap):
                    self.add(_beside(seed.url, fetched[0] if fetched else url))
                else:
                    yield seed
            if not found:
                self._crawler.stats.inc_value("gleaner/seeds_failed")
                if fetched:
                    self._on_error(SeedError(redacted(url), "no dump in it, and no list of articles, skipped"))
        if self._refused > 1:
            logger.warning("In all %d sitemaps are not of %s's hosts, skipped", self._refused, self._profile.name)

        if self._beyond:
            self._crawler.stats.inc_value("gleaner/seeds_failed", self._beyond)
            logger.warning("%d sitemaps beyond the first %d were not requested", self._beyond, _MAX_SITEMAPS)

    def _seeds(self, name: str, url: str, body: bytes) -> Iterator[Batch]:
        seeds = read_bytes(name, body, self._profile.zone, self._on_error, original_url(url))
        batches = batched(find_targets(seeds, self._profile, self._on_error), TARGETS_AT_ONCE)
        return (batch for batch in batches if not isinstance(batch, SeedPage) or batch.page.dumps)

    async def _fetch(self, url: str) -> tuple[str, bytes] | None:
        """Return the URL after redirects and the body; None, and an error is reported, if there is none."""
        self._crawler.stats.inc_value("gleaner/seeds/requests")
        meta = {"download_maxsize": _MAX_LIVE_BYTES}
        try:
            response = await self._crawler.engine.download_async(Request(url, callback=NO_CALLBACK, meta=meta))
        except Stopping:
            return None
        except Exception as error:  # noqa: BLE001 - whatever a download ends with
            self._on_error(SeedError(url, f"not fetched ({reason_of(error)})"))
            return None
        if response.status != HTTPStatus.OK:
            self._on_error(SeedError(url, f"not fetched (status {response.status})"))
            return None
        return response.url, response.body


def _beside(url: str, index: str) -> str:
    """Return the URL of a sitemap that the one at *index* names: in the same web archive, if *index* is a capture."""
    prefix = replay_prefix(index)
    return f"{prefix}{url}" if prefix and replay_prefix(url) is None else url
