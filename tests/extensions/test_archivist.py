"""The archivist: what it acknowledges is durable, one group is gathered while another is synced, an error ends all."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from contextlib import closing, suppress
from threading import Event
from types import SimpleNamespace

import pytest
from scrapy.signalmanager import SignalManager
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.test import get_crawler

from crawler.archive import Added, Corpus
from crawler.exceptions import CorpusError, DiskFull
from crawler.extensions.archivist import Archivist
from crawler.extensions.ending import Ending
from crawler.runs.exitcodes import DISK_FULL, exit_code
from tests.factories import make_article


class Engine:
    """Notes for which reason the spider is closed."""

    reason = None
    running = True
    _slot = SimpleNamespace(closing=None)
    downloader = SimpleNamespace(slots={})

    async def close_spider_async(self, *, reason):
        self.reason = reason


@pytest.fixture
def archivist(tmp_path):
    corpus = Corpus(tmp_path / "corpus", "replica")
    crawler = SimpleNamespace(engine=Engine(), stats=MemoryStatsCollector(get_crawler()), signals=SignalManager())
    crawler.settings = {"END_SECONDS": 8}
    made = Archivist(corpus, "run", crawler)
    made.ending = Ending.from_crawler(crawler)
    yield made
    made._thread.shutdown()
    with suppress(DiskFull):  # what a test made fail
        corpus.close()


def lines(root):
    return sum(path.read_bytes().count(b"\n") for path in root.glob("articles/*.jsonl"))


def committed(root):
    with closing(sqlite3.connect(root / "catalogue.sqlite")) as connection:
        return connection.execute("SELECT count(*) FROM records").fetchone()[0]


async def until(condition):
    while not condition():  # noqa: ASYNC110 - of files, which tell nobody
        await asyncio.sleep(0.001)


def test_while_one_group_is_synced_the_next_is_gathered_and_neither_is_acknowledged(archivist, monkeypatch):
    root, disk, sync = archivist.corpus.root, Event(), os.fdatasync

    def slow(descriptor):
        disk.wait()
        sync(descriptor)

    async def archive():
        monkeypatch.setattr(os, "fdatasync", slow)
        first = asyncio.ensure_future(archivist.add(make_article(1)))
        await until(lambda: lines(root) == 1)
        second = asyncio.ensure_future(archivist.add(make_article(2)))
        await until(lambda: lines(root) == 2)
        assert (first.done(), second.done(), committed(root)) == (False, False, 0)
        disk.set()
        assert await asyncio.gather(first, second) == [Added(1), Added(1)]
        await until(lambda: committed(root) == 2)

    asyncio.run(archive())


def test_state_without_a_line_is_committed_before_it_is_acknowledged(archivist):
    root = archivist.corpus.root

    async def archive():
        await archivist.do(lambda corpus: (corpus.add(make_article(1)), corpus.frontier.counts()))
        return committed(root)

    assert asyncio.run(archive()) == 1


def test_a_failed_sync_fails_those_that_wait_and_closes_the_spider(archivist, monkeypatch):
    async def archive():
        monkeypatch.setattr(os, "fdatasync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        outcomes = await asyncio.gather(*(archivist.add(make_article(n)) for n in (1, 2)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [DiskFull, DiskFull]
        with pytest.raises(DiskFull):
            await archivist.add(make_article(3))
        await until(lambda: archivist._crawler.engine.reason)

    asyncio.run(archive())
    monkeypatch.undo()
    assert archivist._crawler.engine.reason == "disk_full"


@pytest.mark.parametrize("bad", [{"depth": 2**70}, {"url": "http://h/\ud800"}])
def test_a_record_that_json_cannot_hold_fails_alone_and_anything_else_ends_the_crawl(archivist, bad):
    async def archive():
        failing = asyncio.ensure_future(archivist.add(make_article(1, **bad)))
        good = asyncio.ensure_future(archivist.add(make_article(2)))
        assert await good == Added(1)
        with pytest.raises((TypeError, ValueError)):
            await failing
        with pytest.raises(CorpusError, match="ZeroDivisionError"):
            await archivist.do(lambda _: 1 // 0)
        await until(lambda: archivist._crawler.engine.reason)

    asyncio.run(archive())
    assert archivist._crawler.engine.reason == "corpus_error"


def test_disk_full_at_close_gives_its_exit_code(archivist, monkeypatch):
    def full():
        raise DiskFull("corpus", "no room")

    async def end():
        await archivist.add(make_article(1))
        with monkeypatch.context() as patch:
            patch.setattr(archivist.corpus, "close", full)
            await archivist.close()

    asyncio.run(end())
    assert exit_code({**archivist._crawler.stats.get_stats(), "finish_reason": "finished"}) == DISK_FULL
