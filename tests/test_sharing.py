"""Workers that share a frontier: each article once, whoever is killed, and no request but in its turn."""

from __future__ import annotations

import json

from tests import warm
from tests.crawling import REPOSITORY, crawl_arguments, scrapy_command, write_seed
from tests.kills import IDS, crawl_with_kills, outcome
from tests.waiting import HANG_SECONDS

BRIEF_DELAY = 'DOWNLOAD_SLOTS={"127.0.0.1": {"concurrency": 16, "delay": 0.001}}'


def start(worker, seed, replica, redis):
    log = worker.with_suffix(".log").open("a")
    settings = (f"FRONTIER_URL={redis.url}", f"FRONTIER_KEY={seed}", BRIEF_DELAY, "IMAGES_FETCH=none")
    command = crawl_arguments(seed, worker, replica.profile, "depth=2", settings=settings)
    with log:
        return warm.Popen(scrapy_command(*command), cwd=REPOSITORY, stdout=log, stderr=log)


def run_stats(corpus):
    (path,) = corpus.glob("runs/*/stats.json")
    return json.loads(path.read_bytes())["stats"]


def test_two_workers_fetch_each_article_once_and_merge_into_one_corpus(redis_server, replica, tmp_path):
    seed = write_seed(tmp_path / "seed.txt", *IDS)
    workers = [tmp_path / name for name in ("one", "two")]
    running = [start(worker, seed, replica, redis_server) for worker in workers]
    codes = [process.wait(timeout=HANG_SECONDS) for process in running]
    assert codes == [0, 0], [worker.with_suffix(".log").read_text() for worker in workers]
    stats = [run_stats(worker) for worker in workers]
    turns, requests = (sum(one.get(name, 0) for one in stats) for name in ("gleaner/turns", "downloader/request_count"))
    assert turns == requests > 100
    found = outcome(tmp_path / "merged", workers, 2)
    assert (found["lost"], found["doubled"], found["problems"]) == ([], [], [])
    assert found["fetched_more_than_once"] == 0
    assert found["records"] > 100


def test_nothing_is_lost_or_doubled_when_workers_and_redis_are_killed(redis_server, start_replica, tmp_path):  # noqa: ARG001
    slow = start_replica("--delay", "200")
    found = crawl_with_kills(tmp_path, slow, depth=2, workers=2, redis_kills=1, worker_kills=1)
    assert (found["lost"], found["doubled"], found["problems"]) == ([], [], [])
    assert found["records"] > 100
