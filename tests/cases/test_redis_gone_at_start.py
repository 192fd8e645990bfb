"""A Redis that dies while a worker starts ends it with 8, with nothing of its inside on the terminal."""

from __future__ import annotations

import pytest

from tests.crawling import crawl, write_seed
from tests.matrix import rows
from tests.redisserver import DyingRedis

INNER_WORDS = ("Traceback", "Task was destroyed", "never awaited", "never retrieved", "RuntimeError", "closed database")
SEEDS, NEIGHBOURS = 8, 4
INSTANTS = (0, 2, 4, 6, 7, 8, 10, 20)


@pytest.mark.parametrize("replies", rows(INSTANTS, {0, 2, 6, 10}))
def test_redis_dies_while_a_worker_starts(redis_server, replica, tmp_path, seen, replies):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number in range(SEEDS):
        first = 1793001 + number * NEIGHBOURS
        write_seed(seeds / f"{number}.txt", *range(first, first + NEIGHBOURS), text=f"Seed {number} of the harbour.")
    dying = DyingRedis(redis_server.port, replies)
    settings = (f"FRONTIER_KEY={tmp_path}", "IMAGES_FETCH=none")
    done = crawl(seeds, tmp_path / "corpus", replica.profile, settings=(f"FRONTIER_URL={dying.url}", *settings))
    noise = [word for word in INNER_WORDS if word in done.stderr]
    seen(f"Redis dies after {replies} replies: exit code, noise", (8, []), (done.returncode, noise))
    again = crawl(seeds, tmp_path / "corpus", replica.profile, settings=(f"FRONTIER_URL={redis_server.url}", *settings))
    seen(f"the same command, after {replies} replies: exit code", 0, again.returncode)
