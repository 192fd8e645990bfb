"""Hosts that ask for fewer requests get fewer: statuses 429 and 503, and the wait in Retry-After."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

from crawler.extensions.sharing import budgets_of
from crawler.net import Patience, retry_after
from crawler.utils.conf import number
from crawler.utils.engine import pause
from crawler.utils.response import OWN_BUDGET, REPLAYED, NotNow, header

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MIN_LOGGED_SECONDS = 1.0


class PatienceMiddleware:
    """Send no requests to a host while it asks for a pause; none in the rest of the run if the pause is too long.

    It comes after Scrapy's RetryMiddleware, so that a retried request waits here first. Requests to web archives pass
    unchanged (:data:`OWN_BUDGET`), and so do replayed answers, as no server sent them now. Counts ``gleaner/pauses``,
    and ``gleaner/left_alone``: requests not sent because patience (setting ``PATIENCE``) was exhausted.
    """

    def __init__(self, crawler: Crawler, limit: float) -> None:
        self._crawler = crawler
        self._new = partial(Patience, limit)
        self._budgets = budgets_of(crawler)
        self._unsaid: set[str] = set()
        """Hosts whose next pause would be longer than the last, unless an answer succeeds."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler, number(crawler.settings, "PATIENCE", "a number of seconds"))

    async def process_request(self, request: Request) -> None:
        if request.meta.get(OWN_BUDGET):
            return
        name = _name(request)
        while True:
            host = await self._on_host(name, _look)
            if host.is_unsaid:
                self._unsaid.add(name)
            if host.is_spent:
                self._crawler.stats.inc_value("gleaner/left_alone")
                raise NotNow("the host asks for a longer pause than this run can wait")
            if host.wait <= 0:
                return
            await pause(self._crawler, host.wait)

    async def process_response(self, request: Request, response: Response) -> Response:
        if request.meta.get(OWN_BUDGET) or REPLAYED in response.flags:
            return response
        name = _name(request)
        asked = header(response, "Retry-After")
        is_unavailable = response.status == HTTPStatus.SERVICE_UNAVAILABLE
        if response.status == HTTPStatus.TOO_MANY_REQUESTS or (is_unavailable and asked):
            self._unsaid.add(name)
            longer, is_spent = await self._on_host(name, partial(_pause, seconds=retry_after(asked, time.time())))
            if longer >= _MIN_LOGGED_SECONDS:
                self._crawler.stats.inc_value("gleaner/pauses")
                patience = ", which is too long for this run" if is_spent else ""
                logger.info("%s answered %d: no requests to it for %.0f s%s", name, response.status, longer, patience)
        elif name in self._unsaid:
            self._unsaid.discard(name)
            await self._on_host(name, _answered)
        return response

    async def _on_host(self, name: str, do: Callable[[Patience, float], T]) -> T:
        """Apply *do* to the patience with a host (of this crawl, or of all workers) and return its result."""
        return await self._budgets.act(f"patience:{name}", self._new, do)


class _Look(NamedTuple):
    wait: float
    is_spent: bool
    is_unsaid: bool


def _look(host: Patience, now: float) -> _Look:
    return _Look(host.wait(now), host.is_spent, host.is_unsaid)


def _pause(host: Patience, now: float, *, seconds: float | None) -> tuple[float, bool]:
    return host.pause(now, seconds), host.is_spent


def _answered(host: Patience, _now: float) -> None:
    host.answered()


def _name(request: Request) -> str:
    return urlsplit(request.url).netloc
