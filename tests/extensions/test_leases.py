"""Leases: what ends one, in which order, of the corpus's own frontier and of one that workers share."""

from __future__ import annotations

import asyncio
import os
from threading import Event
from types import SimpleNamespace

import pytest
from scrapy.utils.test import get_crawler

from crawler.archive import Corpus
from crawler.extensions.archivist import Archivist
from crawler.extensions.leases import Leased, LocalLeases, SharedLeases
from crawler.extensions.sharing import Sharing
from crawler.frontier.targets import Target, Validators
from crawler.items import RelatedItem
from tests.factories import make_article

KEY = "replica/2"


class FakeFrontier:
    """Notes what it receives, and gives the same target to whoever asks; *on_tell* looks while it is informed."""

    refused = 0

    def __init__(self):
        self.told = []
        self.on_tell = lambda: None

    async def claim(self, limit, **_):
        return [Target(key=KEY, id="2", depth=1)][:limit], True

    async def pass_on(self, ended, listed, **_):
        self.told += [one.key for one in listed] + [(one.key, one.state) for one in ended]
        self.on_tell()


def lease(corpus, limit, *, run, until):
    return corpus.frontier.lease(limit, max_depth=1, run=run, until=until)


@pytest.fixture(params=[LocalLeases, SharedLeases])
def leases(request, tmp_path):
    """Leases of a crawl whose corpus lists one target."""
    corpus = Corpus(tmp_path / "corpus", "replica")
    with corpus.group():
        corpus.add(make_article(1, related=(RelatedItem(id="2"),)))
    crawler = get_crawler()
    crawler.spider = SimpleNamespace(max_articles=None, depth=1, lease=lease)
    crawler.engine = SimpleNamespace(running=True, _slot=SimpleNamespace(closing=None))
    archivist, made = Archivist(corpus, "run", crawler), request.param(crawler)
    made.frontier = FakeFrontier()
    crawler.get_extension = {Archivist: archivist, Sharing: Sharing(made.frontier, crawler, 60)}.get
    yield made
    archivist._thread.shutdown()
    corpus.close()


def state_of(leases):
    rows = leases._archivist.corpus.frontier.known(-1, 9)
    return {row.key: row.state for row in rows}[KEY]


def test_lease_is_held_until_the_line_is_durable_and_others_know_of_it(leases, monkeypatch):
    disk, sync, seen = Event(), os.fdatasync, []

    def slow(descriptor):
        disk.wait()
        sync(descriptor)

    async def crawl():
        assert [target.key for target in (await leases.lease(1)).targets] == [KEY]
        monkeypatch.setattr(os, "fdatasync", slow)
        leases.frontier.on_tell = lambda: seen.append((leases.holds(KEY), state_of(leases)))
        leases.on_added = lambda article: seen.append((article.key, leases.holds(KEY)))
        archiving = asyncio.ensure_future(leases.archive(make_article(2, related=(RelatedItem(id="3"),))))
        await asyncio.sleep(0)
        assert (leases.holds(KEY), leases.frontier.told) == (True, [])
        disk.set()
        await archiving

    asyncio.run(crawl())
    told_first = [(True, "fetched")] if isinstance(leases, SharedLeases) else []
    assert seen == [*told_first, (KEY, False)]
    assert leases.frontier.told == (["replica/3", (KEY, "fetched")] if told_first else [])
    assert (leases.held, leases.answered) == (set(), 1)


@pytest.mark.parametrize("state", ["gone", "failed", "dropped"])
def test_lease_that_ends_without_a_line_ends_in_the_corpus_then_for_others_then_here(leases, state):
    seen = []

    async def crawl():
        await leases.lease(1)
        with leases._archivist.corpus.group():  # a shared frontier leases nothing of the corpus's own
            leases._archivist.corpus.frontier.lease(1, max_depth=1, run="run", until=2e9)
        leases.validators[KEY] = Validators("http://127.0.0.1/")
        leases.frontier.on_tell = lambda: seen.append((leases.holds(KEY), state_of(leases)))
        await leases.end(KEY, state, "why")

    asyncio.run(crawl())
    assert seen == ([(True, state)] if isinstance(leases, SharedLeases) else [])
    assert (leases.held, leases.validators, state_of(leases)) == (set(), {}, state)


def test_max_articles_counts_what_is_answered_and_what_is_leased():
    crawler = get_crawler()
    crawler.spider = SimpleNamespace(max_articles=5)
    leases = LocalLeases(crawler)
    leases.held, leases.answered = {"a/1", "a/2"}, 2
    assert leases.room(lambda: 0) == 1
    crawler.spider.max_articles = None
    assert leases.room(lambda: 0) == 32


def test_worker_leases_no_more_than_the_network_takes():
    assert [SharedLeases(get_crawler()).room(lambda ahead=ahead: ahead) for ahead in range(4)] == [2, 1, 0, 0]


def test_lost_frontier_gives_nothing_and_takes_nothing(leases):
    leases._crawler.get_extension(Sharing).lost = "frontier_gone"

    async def crawl():
        leased = await leases.lease(1)
        await leases.archive(make_article(2))
        return leased

    leased = asyncio.run(crawl())
    assert leases.frontier.told == []
    assert (leased == Leased([], more=False)) == isinstance(leases, SharedLeases)
