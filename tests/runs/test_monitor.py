"""A run whose answers collapse differs from one that had few targets, or few earlier runs."""

from __future__ import annotations

import json
import sys

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from crawler.exceptions import ConfigError
from crawler.extensions.monitors import Monitors
from crawler.runs.exitcodes import exit_code
from crawler.runs.monitor import collapse
from tests.crawling import crawl, write_seed


def stats(answered, asked=100):
    return {"gleaner/asked": asked, "gleaner/answered": answered}


@pytest.mark.parametrize(
    ("run", "earlier", "least", "found"),
    [
        (stats(10), [stats(90)] * 3, 0.5, "only 10% of the targets were answered"),
        (stats(44), [stats(90)] * 3, 0.5, "only 44%"),
        (stats(45), [stats(90)] * 3, 0.5, None),
        (stats(0, 19), [stats(90)] * 3, 0.5, None),  # few targets
        (stats(0), [stats(90)] * 2, 0.5, None),  # few runs
        (stats(0), [stats(90), stats(90), stats(9, 10)], 0.5, None),  # ... that say anything
        (stats(0), [stats(0), stats(0), stats(90)], 0.5, None),  # it was so before
        (stats(0), [stats(90)] * 9, 0.0, None),  # not asked for
        ({}, [{}] * 9, 1.0, None),
    ],
)
def test_collapse_of_a_run_is_found(run, earlier, least, found):
    told = collapse(run, earlier, least)
    assert (told or "").startswith(found or "")
    assert bool(told) == bool(found)


def test_alarm_has_an_exit_code_of_its_own():
    finished = {"finish_reason": "finished", "gleaner/targets/failed": 3}
    assert exit_code({**finished, "gleaner/alarm": "only 10%"}) == 17
    assert exit_code({**finished, "finish_reason": "shutdown", "gleaner/alarm": "only 10%"}) == 11


def test_a_crawl_of_a_site_that_lost_its_articles_fails_so_that_a_scheduler_sees_it(start_replica, tmp_path):
    replica = start_replica("--missing", "1")
    for number in range(3):
        folder = tmp_path / f"corpus/runs/2026010{number}T000000Z-0000"
        folder.mkdir(parents=True)
        (folder / "stats.json").write_text(json.dumps({"spider": "neighbours", "exit_code": 0, "stats": stats(90)}))
    seed = write_seed(tmp_path / "seed.txt", *range(1000012, 1000112, 4))
    done = crawl(
        seed,
        tmp_path / "corpus",
        replica.profile,
        settings=["MONITOR_ANSWERS=0.5", "IMAGES_FETCH=none"],
    )
    assert done.returncode == 17, done.stderr
    assert "only 0% of the targets were answered with an article; 90% in the 3 earlier runs" in done.stderr


def test_a_monitor_of_spidermon_fails_a_run_too(replica, tmp_path):
    pytest.importorskip("spidermon")
    rules = json.dumps({"Article/title": 1.0, "Article/kicker": 1.01})  # more than all: no page can satisfy it
    settings = ["SPIDERMON_ENABLED=1", "SPIDERMON_MIN_ITEMS=1", f"SPIDERMON_FIELD_COVERAGE_RULES={rules}"]
    done = crawl(
        write_seed(tmp_path / "seed.txt", 1793356), tmp_path / "corpus", replica.profile,
        settings=[*settings, "IMAGES_FETCH=none"],
    )  # fmt: skip
    assert done.returncode == 17, done.stderr
    (path,) = (tmp_path / "corpus/runs").glob("*/stats.json")
    told = json.loads(path.read_bytes())["stats"]
    assert told["gleaner/alarm"] == "monitors failed: Field Coverage Monitor"
    assert told["spidermon_field_coverage/Article/title"] == 1.0


def test_without_spidermon_its_setting_is_an_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "spidermon.contrib.scrapy.extensions", None)
    with pytest.raises(ConfigError, match=r"pip install 'scrapy-gleaner\[monitors\]'"):
        Monitors.from_crawler(get_crawler(settings_dict={"SPIDERMON_ENABLED": True}))
    with pytest.raises(NotConfigured):
        Monitors.from_crawler(get_crawler())
