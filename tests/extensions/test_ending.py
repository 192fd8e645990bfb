"""A crawl ends, whatever fails in it: by itself, with its exit code, with a line in the log."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy.signalmanager import SignalManager
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from crawler.corpus.fixity.verify import verify
from crawler.utils.watchdog import Watchdog
from tests.crawling import crawl_arguments, scrapy_command, write_seed
from tests.waiting import HANG_SECONDS

PROJECT = """
import asyncio, errno, logging, os
from crawler.settings import *
from crawler.spiders.neighbours import NeighboursSpider
from crawler.utils.doors import is_closing

REPORT_SECONDS, EXTRACT_PROCESSES, DOWNLOAD_TIMEOUT, RETRY_TIMES = 0, 0, 10_000, 0
END_SECONDS = 10_000  # the last resort is not what ends these
"""
FAILING_DISK = """
syncs, sync = 0, os.fdatasync
def fail(descriptor):
    global syncs
    syncs += 1
    if syncs > {after}:
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    sync(descriptor)
os.fdatasync = fail
"""
PIPELINE = """
class Pipeline:
    @classmethod
    def from_crawler(cls, crawler):
        made = cls()
        made.crawler, made.seeds = crawler, 0
        return made
    {body}
ITEM_PIPELINES = {{**ITEM_PIPELINES, 'project.Pipeline': {order}}}
"""
CLOSED_AMID_SEEDS = """
    async def process_item(self, item):
        self.seeds += 1
        if self.seeds == 1:
            self.closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason='shutdown'))
            return item
        while self.crawler.engine.scraper.slot.closing is None:
            await asyncio.sleep(0.01)
        {then}
"""
EXTENSION = """
from scrapy import signals
class Extension:
    @classmethod
    def from_crawler(cls, crawler):
        made = cls()
        crawler.signals.connect(made.fail, signal=getattr(signals, '{signal}'))
        return made
    def fail(self):
        raise RuntimeError('what a user wrote')
EXTENSIONS = {{**EXTENSIONS, 'project.Extension': 7}}
"""
RAISING = "raise RuntimeError('what a user wrote')"


@pytest.fixture
def run(tmp_path):
    """Give a function that crawls with a project's settings, and returns the exit code and the log."""
    seeds, corpus = tmp_path / "seeds", tmp_path / "corpus"
    seeds.mkdir()
    for number in range(20):
        write_seed(seeds / f"{number}.txt", 1793356, 1793883, text=f"The story of seed {number}.")
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = project\n")

    def crawl(project, profile, *settings):
        (tmp_path / "project.py").write_text(PROJECT + project)
        arguments = crawl_arguments(seeds, corpus, profile, settings=settings)
        done = subprocess.run(
            scrapy_command(*arguments), cwd=tmp_path, capture_output=True, text=True, check=False,
            timeout=HANG_SECONDS, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        assert verify(corpus).problems == []
        return done.returncode, done.stderr

    return crawl


@pytest.mark.parametrize("then", ["return item", RAISING])
def test_a_crawl_that_is_closed_while_seeds_are_underway_ends(run, replica, then):
    """Scrapy forgets to look whether it may close after the last item of ``start()``."""
    code, log = run(PIPELINE.format(body=CLOSED_AMID_SEEDS.format(then=then).strip(), order=100), replica.profile)
    assert (code, "Spider closed (shutdown)" in log) == (11, True), log


@pytest.mark.parametrize(
    ("project", "code"),
    [
        (PIPELINE.format(body=f"def open_spider(self): {RAISING}", order=950), 1),
        (PIPELINE.format(body=f"def close_spider(self): {RAISING}", order=950), 0),
        (PIPELINE.format(body=f"def process_item(self, item): {RAISING}", order=100), 9),
        (EXTENSION.format(signal="spider_opened"), 0),
        (EXTENSION.format(signal="spider_closed"), 0),
        (EXTENSION.format(signal="engine_stopped"), 0),
        (f"async def start(self):\n    yield await anext(seeds(self))\n    {RAISING}\n"
         "seeds, NeighboursSpider.start = NeighboursSpider.start, start\n", 1),
        (f"async def parse(self, response):\n    {RAISING}\n    yield\nNeighboursSpider.parse_article = parse\n", 9),
    ],
    ids=["open_spider", "close_spider", "process_item", "spider_opened", "spider_closed", "engine_stopped", "start",
         "callback"],
)  # fmt: skip
def test_failing_component_of_a_user_does_not_stop_the_end(run, replica, project, code):
    assert run(project, replica.profile)[0] == code


@pytest.mark.parametrize("after", [0, 1, 2, 5])
@pytest.mark.parametrize("warc", [0, 1])
def test_a_disk_that_fails_ends_the_crawl_with_one_line(run, replica, after, warc):
    code, log = run(FAILING_DISK.format(after=after), replica.profile, f"ARCHIVE_WARC={warc}")
    told = [line for line in log.splitlines() if " INFO: " not in line]
    assert (code, len(told)) == (1, 1), log
    assert "cannot be written: [Errno 5]" in told[0]


def test_requests_underway_do_not_delay_the_end(run, start_replica):
    """The site takes hours for each answer, and the disk fails while it is waited for."""
    slow = start_replica("--delay", "9000000", "--faults", "slow=1")
    code, log = run(FAILING_DISK.format(after=3), slow.profile)
    assert (code, "has not ended" in log) == (1, False), log


def test_a_pipeline_that_never_returns_is_left_to_itself(run, replica):
    """The last resort says what it waited for; the pipeline holds its future, else that is garbage, and so is who waits."""
    first = "async def process_item(self, item):\n        self.seeds += 1\n        if self.seeds > 1:\n            self.never = asyncio.Future()\n            await self.never\n        return item"
    project = "END_SECONDS = 1\n" + FAILING_DISK.format(after=0) + PIPELINE.format(body=first, order=100)
    code, log = run(project, replica.profile)
    assert (code, "it waits for" in log) == (1, True), log
    assert "start_itemproc" in log


class FullDisk(io.StringIO):
    """Standard output that is a file on a full disk."""

    def flush(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("standard_output", [io.StringIO, FullDisk])
def test_the_watchdog_ends_the_process_with_the_exit_code_of_its_crawl(caplog, monkeypatch, standard_output):
    monkeypatch.setattr("sys.stdout", standard_output())
    ended, codes = threading.Event(), []
    stats = MemoryStatsCollector(get_crawler())
    stats.set_value("gleaner/corpus_failed", "disk_full")

    def exit_now(code):
        codes.append(code)
        ended.set()

    crawler = SimpleNamespace(signals=SignalManager(), stats=stats, settings={"END_SECONDS": 0.01})
    watchdog = Watchdog(crawler, exit_now)

    async def hang():
        watchdog.begin()
        await asyncio.to_thread(ended.wait)

    asyncio.run(hang())
    assert codes == [3]
    assert "waits for" in caplog.text
