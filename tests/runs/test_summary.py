"""The summary at the end of a run: what it counts, and what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.runs.exitcodes import COMPLETE, DISK_FULL, FAILED_URLS, RATE_LIMITED, STOPPED
from crawler.runs.summary import progress_line, summary


def summary_of(stats, exit_code=COMPLETE, spider="neighbours"):
    return summary(stats, Path("corpus"), exit_code, spider, limited=False)


@pytest.mark.parametrize(
    ("exit_code", "stats", "step"),
    [
        (STOPPED, {"gleaner/targets/failed": 3}, "run the same command again: it resumes the crawl"),
        (DISK_FULL, {}, "run the same command again: it resumes the crawl"),
        (RATE_LIMITED, {"gleaner/targets/failed": 3}, "3 targets wait, as the site asked for fewer requests"),
        (
            RATE_LIMITED,
            {"gleaner/targets/failed": 3, "gleaner/recover/rate_limited": 1},
            "3 targets wait, as a web archive asked for fewer requests",
        ),
        (FAILED_URLS, {"gleaner/targets/failed": 3}, "3 targets gave no answer; the same command tries them again"),
        (FAILED_URLS, {}, "see the log above; the same command tries again what failed"),
    ],
)
def test_next_step_follows_from_what_is_missing(exit_code, stats, step):
    assert step in summary_of(stats, exit_code)


def test_complete_run_has_no_next_step():
    text = summary_of({})
    assert "again" not in text
    assert "see the log" not in text


def test_listed_captures_are_counted_by_outcome_the_rarest_reasons_together():
    failed = {f"gleaner/captures/failed/reason_{number}": 9 - number for number in range(8)}
    stats = {"gleaner/captures/articles": 60, "gleaner/captures/lines": 90, "gleaner/captures/archived": 11, **failed}
    text = summary_of(stats, spider="captures")
    assert "Listed captures: 55 of 60 articles: 11 archived (20.0 %), 44 failed" in text
    assert "9 reason 0, 8 reason 1, 7 reason 2, 6 reason 3, 5 reason 4, 4 reason 5, 5 for other reasons" in text
    assert "Listed captures" not in summary_of({})


def test_time_left_is_shown_in_hours_from_an_hour_on():
    line = progress_line({}, waiting="2", seconds=5, seconds_left=3725)
    assert "1:02:05 left" in line
    assert "left" not in progress_line({}, waiting="2", seconds=5, seconds_left=None)
