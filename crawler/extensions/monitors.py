"""Monitors of Spidermon, for runs that should fail when their results miss a threshold.

Spidermon (https://spidermon.readthedocs.io) only logs a failed monitor; Gleaner also sets the exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured

from crawler.exceptions import ConfigError
from crawler.utils.conf import switch

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Monitors:
    """Creates Spidermon's extension if ``SPIDERMON_ENABLED`` is on; otherwise Spidermon need not be installed."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Any:
        if not switch(crawler.settings, "SPIDERMON_ENABLED"):
            raise NotConfigured  # no log line: most users do not need it
        try:
            from spidermon.contrib.scrapy.extensions import Spidermon  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise ConfigError("SPIDERMON_ENABLED needs Spidermon: pip install 'scrapy-gleaner[monitors]'") from None
        return Spidermon.from_crawler(crawler)
