"""Log lines that name a record by its key instead of printing all of it."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import Spider, logformatter
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.utils.engine import Stopping


class GleanerLogFormatter(logformatter.LogFormatter):
    """Scrapy's log lines, without whole articles in them."""

    def scraped(
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> logformatter.LogFormatterResult:
        return {"level": logging.DEBUG, "msg": "Archived %(key)s", "args": {"key": _name(item)}}

    def dropped(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> logformatter.LogFormatterResult:
        args = {"key": _name(item), "reason": exception}
        return {"level": logging.WARNING, "msg": "Dropped %(key)s: %(reason)s", "args": args}

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> logformatter.LogFormatterResult:
        level = logging.DEBUG if isinstance(exception, Stopping) else logging.ERROR  # then the next run archives it
        args = {"key": _name(item), "reason": repr(exception)}
        return {"level": level, "msg": "Not archived: %(key)s: %(reason)s", "args": args}


def _name(item: Any) -> str:
    return str(getattr(item, "key", type(item).__name__))
