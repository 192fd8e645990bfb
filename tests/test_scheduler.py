"""The scheduler: an error of the spider's own code where it is asked for targets ends the crawl, and is told."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from crawler.archive import Corpus
from crawler.exitcodes import INTERNAL, exit_code
from crawler.extensions.archivist import Archivist
from crawler.items import RelatedItem
from crawler.scheduler import FrontierScheduler
from tests.factories import make_article


class Engine:
    """Notes for which reason the spider is closed."""

    running, _slot, spider = True, SimpleNamespace(closing=None), object()

    def __init__(self):
        self.closed = asyncio.Event()

    async def close_spider_async(self, *, reason):
        self.reason = reason
        self.closed.set()


class Spider:
    depth, max_articles = 1, None

    def lease(self, corpus, limit, *, run, until):
        return corpus.frontier.lease(limit, max_depth=1, run=run, until=until)


class CannotLease(Spider):
    def lease(self, corpus, limit, **_):
        raise TypeError(corpus, limit)


class CannotRequest(Spider):
    def request(self, target):
        raise KeyError(target)


@pytest.mark.parametrize("spider", [CannotLease(), CannotRequest()], ids=["lease", "request"])
def test_a_mistake_in_a_spider_ends_the_crawl_and_is_told(tmp_path, caplog, spider):
    corpus = Corpus(tmp_path / "corpus", "replica")
    with corpus.group():
        corpus.add(make_article(1, related=(RelatedItem(id="2"),)))

    async def crawl():
        crawler = SimpleNamespace(engine=Engine(), stats=SimpleNamespace(inc_value=lambda *_: None))
        archivist = Archivist(corpus, "run", crawler)
        crawler.get_extension = lambda _: archivist
        scheduler = FrontierScheduler(crawler)
        scheduler.open(spider)
        assert scheduler.next_request() is None
        await asyncio.wait_for(crawler.engine.closed.wait(), 10)
        archivist._thread.shutdown()
        return crawler.engine.reason

    reason = asyncio.run(crawl())
    corpus.close()
    assert exit_code({"finish_reason": reason}) == INTERNAL
    assert "The frontier cannot be asked" in caplog.text
