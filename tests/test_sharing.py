"""Workers that share a frontier: each article once, whoever is killed, and one worker's politeness for all of them."""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest

from crawler.archive.merge import merge
from crawler.archive.verify import verify
from tests.crawling import REPOSITORY, crawl, crawl_arguments, records, scrapy_command, write_seed
from tests.redisserver import RedisServer

IDS = tuple(range(1793001, 1793041))


@pytest.fixture
def own_redis(redis_server, tmp_path):  # noqa: ARG001 - it skips where there is none
    server = RedisServer(tmp_path)
    yield server
    server.kill()


def start(worker, seed, replica, redis, *arguments, settings=()):
    log = worker.with_suffix(".log").open("a")
    command = crawl_arguments(
        seed,
        worker,
        replica.profile,
        *arguments,
        settings=(f"FRONTIER_URL={redis.url}", "FRONTIER_LEASE_SECONDS=2", f"FRONTIER_KEY={seed}", *settings),
    )
    with log:
        return subprocess.Popen(scrapy_command(*command), cwd=REPOSITORY, stdout=log, stderr=log)


def everything(corpus):
    return records(corpus) + records(corpus, "duplicates")


def test_two_workers_fetch_each_article_once_and_merge_into_one_corpus(redis_server, replica, tmp_path):
    seed = write_seed(tmp_path / "seed.txt", *IDS)
    workers = [tmp_path / name for name in ("one", "two")]
    running = [start(worker, seed, replica, redis_server, "depth=2") for worker in workers]
    codes = [process.wait(timeout=120) for process in running]
    assert codes == [0, 0], [worker.with_suffix(".log").read_text() for worker in workers]
    merge(tmp_path / "all", workers)
    fetched = Counter(record["key"] for worker in workers for record in everything(worker) if record["kind"] != "seed")
    assert set(fetched.values()) == {1}
    assert all(any(record["kind"] == "article" for record in records(worker)) for worker in workers)
    alone = tmp_path / "alone"
    assert crawl(seed, alone, replica.profile, "depth=2").returncode == 0
    keys = Counter(record["key"] for record in everything(tmp_path / "all"))
    assert keys == Counter(record["key"] for record in everything(alone))
    assert len(keys) > 200
    assert verify(tmp_path / "all").problems == []
