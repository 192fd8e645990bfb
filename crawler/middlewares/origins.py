"""Requests go only to hosts and ports that the site profile names, whatever a dump, page or redirect says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import IgnoreRequest

from crawler.net import redacted, url_origin, url_refusal
from crawler.sites import SiteProfile
from crawler.utils.components import needed_profile

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

logger = logging.getLogger(__name__)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class OriginsMiddleware:
    """Refuse requests that leave the profile's hosts and ports; each redirect is a request and passes here again.

    Counts ``gleaner/refused/<reason>`` by the words of :func:`crawler.net.url_refusal`. :mod:`crawler.handlers.guard`
    checks the address of a host name at connection time.
    """

    def __init__(self, profile: SiteProfile, stats: StatsCollector) -> None:
        self._profile = profile
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(needed_profile(crawler), crawler.stats)

    def process_request(self, request: Request) -> None:
        reason = url_refusal(request.url, self._profile.origins)
        if reason:
            self._stats.inc_value(f"gleaner/refused/{reason}")
            logger.warning("Refused a request beyond the profile's hosts (%s): %r", reason, redacted(request.url)[:500])
            raise IgnoreRequest(f"refused: {reason}")
        origin = url_origin(request.url)
        if origin and origin[0] in _LOOPBACK:
            request.meta["autothrottle_dont_adjust_delay"] = True  # see DOWNLOAD_SLOTS in crawler/settings.py
