"""The record of a run: runs/<run>/stats.json, for machines to read."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import orjson
from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler import __version__
from crawler.archive.files import write_atomically
from crawler.exitcodes import exit_code

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)


class RunRecord:
    """Writes the stats of a crawl, its arguments and its exit code when it has ended."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if getattr(crawler.spider, "profile", None) is None:
            raise NotConfigured("the spider has no corpus")
        record = cls(crawler)
        crawler.signals.connect(record.engine_stopped, signal=signals.engine_stopped)
        return record

    def engine_stopped(self) -> None:
        stats = self._crawler.stats.get_stats()
        path = Path(self._crawler.settings["CORPUS_DIR"]) / "runs" / stats["gleaner/run"] / "stats.json"
        content = {"version": __version__, "exit_code": exit_code(stats), "stats": dict(sorted(stats.items()))}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, orjson.dumps(content, option=orjson.OPT_INDENT_2, default=_plain) + b"\n")
        except OSError as error:
            logger.error("%s: the run's stats could not be written: %s", path, error)  # noqa: TRY400 - a line will do


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
