"""Workers that share a frontier are together as polite as one, and say what is wrong with their Redis."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.crawling import crawl, records, write_seed
from tests.redisserver import RedisServer
from tests.scripted import Scripted, article, http, write_profile
from tests.waiting import HANG_SECONDS

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


def together(count, seed, folder, profile, redis, *arguments, settings=()):
    """Run *count* workers at the same time, each to its end; return their exit codes."""
    shared = (f"FRONTIER_URL={redis.url}", f"FRONTIER_KEY={folder}", "IMAGES_FETCH=none", *settings)

    def work(number):
        return crawl(seed, folder / f"corpus-{number}", profile, *arguments, settings=shared).returncode

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(work, range(count)))


def articles(folder):
    return [
        [record["id"] for record in records(corpus) if record["kind"] == "article"]
        for corpus in sorted(folder.glob("corpus-*"))
    ]


def test_three_workers_request_from_an_archive_no_more_often_than_one(redis_server, tmp_path, seen):
    interval, ids = 0.5, [number * 10**7 for number in range(11, 29)]
    with Scripted(lambda _: http(404)) as site, Scripted(lambda _: http(200, content_type="text/plain")) as cdx:
        profile = write_profile(tmp_path / "site.toml", site.url)
        with profile.open("a") as stream:
            stream.write(f'[recover]\nwayback = "{cdx.url}"\ncdx_per_minute = {60 / interval}\n')
        codes = together(3, write_seed(tmp_path / "seed.txt", *ids), tmp_path, profile, redis_server)
    times = [asked.at for asked in cdx.asked]
    seen("exit codes", [0, 0, 0], codes)
    seen("ids that the archive was asked for", len(ids), len(set(cdx.paths)))
    apart = (times[-1] - times[0]) / (len(times) - 1)
    seen("requests are as far apart as one worker's", True, apart > 0.75 * interval)


def test_max_articles_is_for_all_workers(redis_server, replica, tmp_path, seen):
    seed = write_seed(tmp_path / "seed.txt", *range(1793001, 1793025))
    codes = together(2, seed, tmp_path, replica.profile, redis_server, "depth=2", "max_articles=7")
    found = [one for each in articles(tmp_path) for one in each]
    seen("exit codes, articles, different ones", ([0, 0], 7, 7), (codes, len(found), len(set(found))))


def test_all_workers_pause_when_a_host_asks_for_it(redis_server, tmp_path, seen):
    def endless(path):
        return http(404) if path == "/robots.txt" else http(429, b"", "Retry-After: 3000")

    seed = write_seed(tmp_path / "seed.txt", *range(1793001, 1793009))
    settings = ["PATIENCE=30", "CONCURRENT_REQUESTS=1", "FRONTIER_LEASE_SECONDS=3600"]
    with Scripted(endless) as site:
        profile = write_profile(tmp_path / "site.toml", site.url)
        first = together(1, seed, tmp_path, profile, redis_server, settings=settings)
        before = len(site.asked)
        (tmp_path / "corpus-0").rename(tmp_path / "corpus-of-another")
        second = together(1, seed, tmp_path, profile, redis_server, settings=settings)
        seen("requests of the first worker; then of the second", (2, 0), (before, len(site.asked) - before))
    seen("exit code of the first", [18], first)
    seen("exit code of the second, which tries again what failed", [18], second)


def test_two_workers_share_the_work(redis_server, tmp_path, seen):
    both = Barrier(2)

    def answer(path):
        if path == "/robots.txt":  # the site is asked for no article before both workers are there
            both.wait(HANG_SECONDS)
            return http(404)
        return article(path)

    ids = range(1793001, 1793013)
    with Scripted(answer) as site:
        profile = write_profile(tmp_path / "site.toml", site.url)
        codes = together(2, write_seed(tmp_path / "seed.txt", *ids), tmp_path, profile, redis_server)
    parts = [len(each) for each in articles(tmp_path)]
    seen("exit codes, articles", ([0, 0], len(ids)), (codes, sum(parts)))
    seen("each has two at the least", True, min(parts) >= 2)
