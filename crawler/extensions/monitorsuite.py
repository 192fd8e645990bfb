"""The suite of Spidermon's monitors that run at the end of a crawl: those with a threshold in the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spidermon import MonitorSuite
from spidermon.contrib.scrapy import monitors
from spidermon.core.actions import Action

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

_BY_SETTING = {
    "SPIDERMON_MIN_ITEMS": monitors.ItemCountMonitor,
    "SPIDERMON_MAX_ERRORS": monitors.ErrorCountMonitor,
    "SPIDERMON_MAX_WARNINGS": monitors.WarningCountMonitor,
    "SPIDERMON_MAX_RETRIES": monitors.RetryCountMonitor,
    "SPIDERMON_MAX_DOWNLOADER_EXCEPTIONS": monitors.DownloaderExceptionMonitor,
    "SPIDERMON_MIN_SUCCESSFUL_REQUESTS": monitors.SuccessfulRequestsMonitor,
    "SPIDERMON_UNWANTED_HTTP_CODES": monitors.UnwantedHTTPCodesMonitor,
    "SPIDERMON_FIELD_COVERAGE_RULES": monitors.FieldCoverageMonitor,
}


class FailRun(Action):  # type: ignore[misc]  # Spidermon has no types
    """Records the failed monitors in the stats of the run, from which its exit code is computed."""

    def run_action(self) -> None:
        failed = [result.monitor for result in self.result.monitors_failed_results]
        names = ", ".join(sorted({monitor.monitor_name for monitor in failed}))
        self.data.crawler.stats.set_value("gleaner/alarm", f"monitors failed: {names}")


class RunSuite(MonitorSuite):  # type: ignore[misc]
    """Spidermon's monitors whose setting is given; :class:`FailRun` if one of them fails."""

    monitors_failed_actions = (FailRun,)

    def __init__(self, *arguments: Any, crawler: Crawler, **options: Any) -> None:
        super().__init__(*arguments, crawler=crawler, **options)
        self.add_monitors(monitor for setting, monitor in _BY_SETTING.items() if setting in crawler.settings)
