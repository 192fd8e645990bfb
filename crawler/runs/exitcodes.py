"""The exit codes of all commands, on which schedulers act.

Codes 3 to 8 are also those of the errors in :mod:`crawler.exceptions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawler.exceptions import STOPPED

COMPLETE = 0
INTERNAL = 1
DISK_FULL = 3
BAD_CONFIG = 4
FRONTIER_GONE = 8
FAILED_URLS = 9
FORCED = 13
LIMIT = 15
ALARM = 17
RATE_LIMITED = 18

MEANINGS = {
    COMPLETE: "complete",
    INTERNAL: "internal error, or the corpus cannot be used",
    2: "wrong usage",
    DISK_FULL: "disk full",
    BAD_CONFIG: "bad configuration or seed",
    5: "corpus damaged",
    6: "another crawl holds the corpus, or another command writes the same list or parts",
    FRONTIER_GONE: "the shared frontier or the cluster is unavailable (the same command resumes when it is back)",
    FAILED_URLS: "finished, but some URLs gave no answer, or a seed failed (the same command tries them again)",
    STOPPED: "stopped by one signal",
    FORCED: "stopped by force",
    LIMIT: "a limit of time, pages, errors or memory was reached",
    ALARM: "finished, but a monitor failed: for example, far fewer answers than in earlier runs",
    RATE_LIMITED: "finished, but the site or a web archive asked for fewer requests, so some targets wait",
}
"""What each code means, in a few words."""

_BY_REASON = {
    "disk_full": DISK_FULL,
    "frontier_gone": FRONTIER_GONE,
    "frontier_refused": BAD_CONFIG,
    "shutdown": STOPPED,
    None: FORCED,
}


def exit_code(stats: Mapping[str, Any]) -> int:
    """Return the exit code of a crawl that ended with these Scrapy stats."""
    reason = stats.get("gleaner/corpus_failed") or stats.get("finish_reason")
    if reason == "finished":  # an idle engine says so, even if something else ended the work
        reason = stats.get("gleaner/frontier_failed", reason)
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    if reason != "finished":
        return LIMIT if str(reason).startswith(("closespider_", "memusage_")) else INTERNAL
    if stats.get("gleaner/alarm"):
        return ALARM
    if stats.get("gleaner/recover/rate_limited", 0) or stats.get("gleaner/left_alone", 0):
        return RATE_LIMITED
    failed = any(stats.get(f"gleaner/{name}") for name in ("targets/failed", "images/failed", "seeds_failed"))
    return FAILED_URLS if failed else COMPLETE
