"""robots.txt as RFC 9309 defines it: if it is unavailable, everything is forbidden for now."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.exceptions import NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.net import readable_part, robots_meaning
from crawler.utils.conf import number
from crawler.utils.doors import slow_down
from crawler.utils.engine import Stopping
from crawler.utils.response import NotNow, reason_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

_VALID_SECONDS = 24 * 3600.0
"""Section 2.4: rules are not to be kept for longer."""
_ASK_AGAIN_SECONDS = 300.0


class _Robots(NamedTuple):
    """What is known about a host's rules: ``rules`` (None: no rules) or why they are unknown; until when."""

    rules: RobotParser | None
    unknown: str | None
    until: float
    delay: float | None = None


class RobotsMiddleware:
    """Replaces Scrapy's RobotsTxtMiddleware, which allows everything if robots.txt is unavailable.

    A host that answers it with a server error, or not at all, gets no requests except robots.txt, every five minutes. A
    forbidden request raises :class:`~crawler.utils.response.NotNow`: rules change, so the next run tries again.
    ``Crawl-delay``, up to ``ROBOTSTXT_MAX_CRAWL_DELAY`` seconds, applies to the host's download slot. The stats
    ``robotstxt/...`` and the settings are those of Scrapy's middleware; so is the signal ``robots_parsed``.
    """

    def __init__(self, crawler: Crawler, max_delay: float) -> None:
        self._crawler = crawler
        self._max_delay = max_delay
        self._parser = load_object(crawler.settings["ROBOTSTXT_PARSER"])
        self._agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"]
        self._asked: dict[str, asyncio.Task[_Robots]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        return cls(crawler, number(crawler.settings, "ROBOTSTXT_MAX_CRAWL_DELAY", "a number of seconds"))

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        robots = await self._robots(request)
        if robots.unknown is not None:
            self._crawler.stats.inc_value("robotstxt/unreachable")
            raise NotNow(f"robots.txt cannot be read: {robots.unknown}")
        if robots.rules is not None and not robots.rules.allowed(request.url, self._agent):
            self._crawler.stats.inc_value("robotstxt/forbidden")
            raise NotNow("forbidden by robots.txt")
        if robots.delay:
            request.meta["autothrottle_dont_adjust_delay"] = True

    async def _robots(self, request: Request) -> _Robots:
        parts = urlsplit(request.url)
        host = f"{parts.scheme}://{parts.netloc}"
        task = self._asked.get(host)
        if task is None or (task.done() and (task.cancelled() or task.exception() or _expired(task.result()))):
            task = self._asked[host] = asyncio.ensure_future(self._ask(host, request))
        return await asyncio.shield(task)

    async def _ask(self, host: str, asked_for: Request) -> _Robots:
        stats = self._crawler.stats
        stats.inc_value("robotstxt/request_count")
        request = Request(f"{host}/robots.txt", callback=NO_CALLBACK, meta={"dont_obey_robotstxt": True})
        try:
            response = await self._crawler.engine.download_async(request)
        except Stopping:
            raise
        except Exception as error:  # noqa: BLE001 - Scrapy passes on whatever went wrong below it
            stats.inc_value(f"robotstxt/exception_count/{type(error).__name__}")
            return self._unknown(host, reason_of(error))
        stats.inc_value("robotstxt/response_count")
        stats.inc_value(f"robotstxt/response_status_count/{response.status}")
        meaning = robots_meaning(response.status)
        if meaning == "unreachable":
            return self._unknown(host, f"status {response.status}")
        until = time.monotonic() + _VALID_SECONDS
        if meaning == "no rules":
            return _Robots(None, None, until)
        rules = await self._rules(response, asked_for)
        delay = self._crawl_delay(rules)
        if delay:
            slow_down(self._crawler, asked_for, delay)
            logger.info("%s asks for %g s between requests, by its robots.txt", host, delay)
        return _Robots(rules, None, until, delay)

    async def _rules(self, response: Response, asked_for: Request) -> RobotParser:
        rules: RobotParser = build_from_crawler(self._parser, self._crawler, readable_part(response.body))
        await self._crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=rules, request=asked_for
        )
        return rules

    def _unknown(self, host: str, reason: str) -> _Robots:
        logger.warning("%s/robots.txt cannot be read (%s): nothing else is requested there for now", host, reason)
        return _Robots(None, reason, time.monotonic() + _ASK_AGAIN_SECONDS)

    def _crawl_delay(self, rules: RobotParser) -> float | None:
        delay = rules.crawl_delay(self._agent)
        return min(delay, self._max_delay) if delay and delay > 0 else None


def _expired(robots: _Robots) -> bool:
    return time.monotonic() >= robots.until
