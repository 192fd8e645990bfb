"""Monitors of Spidermon, for a run that should fail when what it brought is not what it should be.

Spidermon (https://spidermon.readthedocs.io) only logs a monitor that fails; here it gives the run an exit code, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured

from crawler.exceptions import ConfigError
from crawler.utils.conf import switch

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Monitors:
    """Makes Spidermon's extension if ``SPIDERMON_ENABLED`` is on; whoever leaves it off need not have Spidermon."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Any:
        if not switch(crawler.settings, "SPIDERMON_ENABLED"):
            raise NotConfigured  # without a word: most have no use for it
        try:
            from spidermon.contrib.scrapy.extensions import Spidermon  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise ConfigError("SPIDERMON_ENABLED needs Spidermon: pip install 'scrapy-gleaner[monitors]'") from None
        return Spidermon.from_crawler(crawler)
