"""Workers that share a frontier take turns: together they request from a host no more often than one alone would."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy.exceptions import NotConfigured

from crawler.extensions.sharing import Sharing
from crawler.utils.doors import delay_of
from crawler.utils.engine import pause

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class TurnsMiddleware:
    """Lets a request pass when this worker has its turn at the host.

    The time between two turns is the delay of this worker's download slot, after AutoThrottle and robots.txt changed
    it. A waiting worker reserves nothing, so a killed worker never delays the others. Counts ``gleaner/turns``.
    """

    def __init__(self, crawler: Crawler, sharing: Sharing) -> None:
        self._crawler = crawler
        self._sharing = sharing
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        sharing = crawler.get_extension(Sharing)
        if sharing is None:
            raise NotConfigured
        return cls(crawler, sharing)

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        if delay_of(self._crawler, request) <= 0:
            return
        async with self._asking[host]:
            while (wait := await self._sharing.turn(host, delay_of(self._crawler, request))) > 0:
                await pause(self._crawler, wait)
        self._crawler.stats.inc_value("gleaner/turns")
