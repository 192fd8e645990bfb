"""The exit code of a crawl, from its stats: what a scheduler acts on, so it tells the truth.

0 complete · 1 internal error · 2 usage · 3 disk full · 4 bad configuration or seed · 5 corpus damaged ·
6 corpus held by another crawl · 9 finished, but some targets or pictures gave no answer · 11 stopped by one signal ·
13 stopped by force · 15 a limit of time, pages or errors was reached. Codes 4, 5 and 6 are those of
:mod:`crawler.exceptions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMPLETE, INTERNAL, DISK_FULL, FAILED_URLS, STOPPED, FORCED, LIMIT = 0, 1, 3, 9, 11, 13, 15

_BY_REASON = {"disk_full": DISK_FULL, "shutdown": STOPPED, None: FORCED}


def exit_code(stats: Mapping[str, Any]) -> int:
    """Return the exit code of a crawl that ended with these Scrapy stats."""
    reason = stats.get("finish_reason")
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    if reason != "finished":
        return LIMIT if str(reason).startswith("closespider_") else INTERNAL
    failed = stats.get("gleaner/targets/failed", 0) + stats.get("gleaner/images/failed", 0)
    return FAILED_URLS if failed else COMPLETE
