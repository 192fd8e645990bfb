"""Hosts that ask for fewer requests get them: 429 and 503, and how long Retry-After says to wait."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy.exceptions import IgnoreRequest

from crawler.headers import header
from crawler.middlewares.captures import REPLAYED
from crawler.numbers import number
from crawler.politeness import Patience, retry_after
from crawler.stopping import pause

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

OWN_BUDGET = "gleaner_own_budget"
"""In ``meta``: who makes this request sees to it by himself how often its host is asked."""
_TOO_MANY, _UNAVAILABLE = 429, 503
_WORTH_TELLING = 1.0


class NotNow(IgnoreRequest):
    """A request that is not made in this run, for a reason that may be gone in the next; the message says why."""


class PatienceMiddleware:
    """Ask nothing of a host while it wants to be left alone, and no more in this run if that is for too long.

    It stands behind Scrapy's RetryMiddleware, so that a request that is tried again waits here first. Those to web
    archives are passed on (:data:`OWN_BUDGET`), and so are answers that were captured before: nobody gave them now.
    Counts ``gleaner/pauses``, and ``gleaner/left_alone``: requests not
    made because patience (setting ``PATIENCE``) was at an end.
    """

    def __init__(self, crawler: Crawler, limit: float) -> None:
        self._crawler = crawler
        self._hosts: defaultdict[str, Patience] = defaultdict(lambda: Patience(limit))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler, number(crawler.settings, "PATIENCE", "a number of seconds"))

    async def process_request(self, request: Request) -> None:
        host = None if request.meta.get(OWN_BUDGET) else self._hosts.get(_name(request))
        while host is not None:
            if host.is_spent:
                self._crawler.stats.inc_value("gleaner/left_alone")
                raise NotNow("the host asks to be left alone for longer than this run can wait")
            wait = host.wait(time.monotonic())
            if wait <= 0:
                return
            await pause(self._crawler, wait)

    def process_response(self, request: Request, response: Response) -> Response:
        if request.meta.get(OWN_BUDGET) or REPLAYED in response.flags:
            return response
        name = _name(request)
        asked = header(response, "Retry-After")
        if response.status == _TOO_MANY or (response.status == _UNAVAILABLE and asked):
            host = self._hosts[name]
            longer = host.pause(time.monotonic(), retry_after(asked, time.time()))
            if longer >= _WORTH_TELLING:
                self._crawler.stats.inc_value("gleaner/pauses")
                patience = ", which is too long for this run" if host.is_spent else ""
                logger.info("%s answered %d and is left alone for %.0f s%s", name, response.status, longer, patience)
        elif name in self._hosts:
            self._hosts[name].answered()
        return response


def _name(request: Request) -> str:
    return urlsplit(request.url).netloc
