"""Workers that share a frontier are together as polite as one, and say what is wrong with their Redis."""

from __future__ import annotations

from tests.crawling import crawl, write_seed
from tests.redisserver import RedisServer

SECRET = "s3cret-word"


def test_a_wrong_password_or_database_needs_the_user(replica, tmp_path, seen):
    seed = write_seed(tmp_path / "seed.txt", 1793356)
    redis = RedisServer(tmp_path, "--requirepass", SECRET)
    try:
        for what, url in {
            "wrong password": f"redis://:{SECRET}x@127.0.0.1:{redis.port}/0",
            "no such database": f"redis://:{SECRET}@127.0.0.1:{redis.port}/99",
            "no address": f"redis://:{SECRET}@127.0.0.1:port/0",
        }.items():
            done = crawl(seed, tmp_path / "corpus", replica.profile, settings=[f"FRONTIER_URL={url}"])
            words = done.stderr + done.stdout
            actual = (done.returncode, done.stderr.count("\n"), "FRONTIER_URL" in words, SECRET in words)
            seen(f"{what}: exit code, lines, FRONTIER_URL named, password shown", (4, 1, True, False), actual)
    finally:
        redis.kill()
