"""Makes log records safe: no terminal escapes and no fake lines from data in them."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

from crawler.exceptions import GleanerError
from crawler.text.terminal import safe

_BANNERS = ("scrapy.utils.log", "scrapy.addons", "scrapy.middleware", "scrapy.crawler")
"""These print lists over several lines, of our settings and components alone."""
_PASSWORD_RE = re.compile(r"""(\brediss?(?:\+sentinel)?://|\bunix://)[^\s'"]*@|(?<=[?&])password=[^\s'"&]*""")
"""What opens a Redis, in FRONTIER_URL: Scrapy logs all settings that are not the default."""


class SafeRecord(logging.LogRecord):
    """A record whose message is one line without controls, and whose traceback has none either."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            lines = "".join(traceback.format_exception(*self.exc_info)).rstrip("\n").split("\n")
            self.exc_text = "\n".join(map(safe, lines))  # what a Formatter takes in place of its own

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        message = _PASSWORD_RE.sub(r"\1", super().getMessage())
        if self.name in _BANNERS:
            return "\n".join(map(safe, message.split("\n")))
        return safe(message)


def install() -> None:
    """Make all log records of this process safe."""
    logging.setLogRecordFactory(SafeRecord)


def is_news(record: logging.LogRecord) -> bool:
    """Return, as a filter of handlers, whether *record* says more than an error that is logged already.

    When the corpus cannot be written, or a crawl is stopped, all that is underway fails by the same cause.
    """
    error, seen = (record.exc_info or (None, None, None))[1], set[int]()
    while error is not None and id(error) not in seen:
        if isinstance(error, GleanerError) and error.is_logged:
            return False
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return True
