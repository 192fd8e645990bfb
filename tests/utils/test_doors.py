"""Private doors of Scrapy are where we open them: on its own engine, downloader, scraper and process."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.core.downloader import Downloader
from scrapy.core.downloader import Slot as DownloadSlot
from scrapy.core.engine import ExecutionEngine
from scrapy.core.engine import _Slot as EngineSlot
from scrapy.core.scraper import Slot as ScraperSlot
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.test import get_crawler
from twisted.internet.defer import Deferred

from crawler.utils import doors

PACKAGE = Path(doors.__file__).parents[1]
OWNERS = {"engine", "downloader", "scraper", "slot", "crawler", "process"}
REQUEST = Request("http://a.example/1", meta={"target": object()})


@pytest.fixture
def crawler():
    """A crawler with a downloader of Scrapy's own, an engine that is not started, and a scraper's slot."""
    made = get_crawler(settings_dict={"DOWNLOAD_DELAY": 2, "DOWNLOAD_SLOTS": {"b.example": {"delay": 7}}})
    downloader = Downloader(made)
    nextcall = SimpleNamespace(schedule=lambda: woken.append(True), cancel=lambda: None)
    woken = made.woken = []
    engine = SimpleNamespace(running=True, downloader=downloader, scraper=SimpleNamespace(slot=ScraperSlot()))
    engine._slot = SimpleNamespace(closing=None, nextcall=nextcall)
    made.engine = engine
    made.spider = SimpleNamespace(name="spider")
    return made


def test_engine_has_a_slot_that_closes_and_looks_around():
    engine_names = ExecutionEngine.__init__.__code__.co_names
    assert {"_slot", "running"} <= set(engine_names)
    slot_names = set(EngineSlot.__init__.__code__.co_names)
    assert {"closing", "nextcall"} <= slot_names
    assert ExecutionEngine._start_scheduled_requests.__code__.co_names.count("closing") == 1


def test_crawl_is_closing_when_its_slot_is_or_is_gone(crawler):
    assert not doors.is_closing(crawler)
    crawler.engine._slot.closing = Deferred()
    assert doors.is_closing(crawler)
    crawler.engine._slot = None
    assert doors.is_closing(crawler)
    doors.wake(crawler)  # nobody is there to wake
    assert crawler.woken == []


def test_engine_is_woken(crawler):
    doors.wake(crawler)
    assert crawler.woken == [True]


def test_delay_is_that_of_the_slot_else_of_the_settings(crawler):
    other = Request("http://b.example/1")
    assert [doors.delay_of(crawler, one) for one in (REQUEST, other)] == [2, 7]
    crawler.engine.downloader.slots["a.example"] = DownloadSlot(1, 3.5, 0.0)
    assert doors.delay_of(crawler, REQUEST) == 3.5


def test_slot_is_slowed_down_now_and_whenever_it_is_made(crawler):
    downloader = crawler.engine.downloader
    downloader.slots["a.example"] = slot = DownloadSlot(8, 0.5, 0.5)
    doors.slow_down(crawler, REQUEST, 5)
    assert (slot.concurrency, slot.jitter, slot.delay) == (1, 0.0, 5)
    del downloader.slots["a.example"]
    assert doors.delay_of(crawler, REQUEST) == 5
    doors.slow_down(crawler, Request("http://b.example/1"), 5)  # which has a longer one of its own
    assert doors.delay_of(crawler, Request("http://b.example/1")) == 7


def test_only_requests_with_a_target_before_the_network_count(crawler):
    downloader, at_network, without = (
        crawler.engine.downloader,
        REQUEST.replace(),
        Request("http://a.example/robots.txt"),
    )
    downloader.active |= {REQUEST, at_network, without}
    downloader.slots["a.example"] = slot = DownloadSlot(8, 0, 0.0)
    slot.active.add(at_network)
    assert doors.count_before_network(crawler) == 1


def test_requests_that_wait_for_their_turn_are_given_up(crawler):
    crawler.engine.downloader.slots["a.example"] = slot = DownloadSlot(8, 0, 0.0)
    answer, failures = Deferred(), []
    answer.addErrback(failures.append)
    slot.queue.append((REQUEST, answer))
    doors.give_up_waiting(crawler, ValueError("ending"))
    assert [failure.value.args for failure in failures] == [("ending",)]
    assert not slot.queue


def test_scraper_that_is_closing_and_idle_ends_once(crawler):
    slot, ended = crawler.engine.scraper.slot, []
    slot.itemproc_size = 1
    assert doors.count_items(crawler) == 1
    slot.closing = Deferred()
    slot.closing.addCallback(ended.append)
    doors.end_scraper_if_idle(crawler)
    assert ended == []
    slot.itemproc_size = 0
    doors.end_scraper_if_idle(crawler)
    doors.end_scraper_if_idle(crawler)
    assert ended == [crawler.spider]
    crawler.engine.scraper.slot = None
    assert doors.count_items(crawler) == 0


@pytest.mark.parametrize("name", ["_setup_reactor", "_signal_shutdown", "_signal_kill"])
def test_process_has_what_we_override(name):
    assert callable(getattr(AsyncCrawlerProcess, name))


def opened_in(path):
    """Yield the private attributes of what is named like a part of Scrapy's that *path* opens."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if name in OWNERS:
                yield f"{name}.{node.attr}"


def test_no_other_module_opens_them():
    opened = {path.relative_to(PACKAGE).as_posix(): sorted(set(opened_in(path))) for path in PACKAGE.rglob("*.py")}
    assert {name: found for name, found in opened.items() if found} == {
        "utils/doors.py": ["downloader._delay", "engine._slot"]
    }
