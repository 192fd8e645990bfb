"""What a Redis answers instead of doing it: 8 for what may pass by itself, 4 for what its user must change."""

from __future__ import annotations

import pytest
from redis import Redis

from crawler.exceptions import ConfigError, FrontierGone
from crawler.frontier.shared.errors import check_address
from crawler.frontier.shared.redis import check
from tests.redisserver import Answering, RedisServer

SECRET = "s3cret"


def refusal(url, name="site"):
    with pytest.raises((ConfigError, FrontierGone)) as refused:
        check(url, name)
    assert SECRET not in repr(refused.value)
    assert "\n" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize(
    "url",
    [
        "redis:127.0.0.1",
        "redis://",
        "redis:///0",
        "http://127.0.0.1/",
        "redis://127.0.0.1:port/0",
        "redis://127.0.0.1:99999/0",
        f"redis://:{SECRET}#@127.0.0.1/0",
        f"redis://:{SECRET}/x@127.0.0.1/0",
        "redis://[::1/0",
        "unix://",
        "redis://127.0.0.1/zero",
        "redis://127.0.0.1/-1",
        "redis://127.0.0.1/0/1",
        "redis://127.0.0.1/?db=one",
        "unix:///run/redis.sock?db=-1",
        "redis://127.0.0.1:1/0?no_such_option=1",
        "redis://a..b/0",
        "rediss://127.0.0.1:1/0?ssl_cert_reqs=perhaps",
    ],
)
def test_invalid_address_is_a_configuration_error(url):
    error = refusal(url)
    assert error.exit_code == 4
    assert "FRONTIER_URL" in str(error)


@pytest.mark.parametrize(
    "url", ["redis://a", "rediss://me:x%2Fy@a:6380/3", "unix:///run/redis.sock?db=2", "redis://[::1]/"]
)
def test_valid_redis_addresses_are_accepted(url):
    check_address(url)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (b"-LOADING Redis is loading the dataset in memory", 8, "loading"),
        (b"-BUSY Redis is busy running a script.", 8, "BUSY"),
        (b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 8, "Link"),
        (b"-CLUSTERDOWN The cluster is down", 8, "down"),
        (b"-TRYAGAIN Multiple keys request during rehashing of slot", 8, "rehashing"),
        (b"-ERR max number of clients reached", 8, "clients"),
        (b"-READONLY You can't write against a read only replica.", 4, "address of the primary"),
        (b"-OOM command not allowed when used memory > 'maxmemory'.", 4, "memory is full"),
        (b"-MISCONF Errors writing to the AOF file: No space left on device", 4, "free some space"),
        (b"-MOVED 3999 127.0.0.1:6381", 4, "127.0.0.1:6381"),
        (b"-NOAUTH Authentication required.", 4, "password"),
        (b"-NOPERM this user has no permissions to run the 'eval' command", 4, "may not"),
        (b"-DENIED Redis is running in protected mode", 4, "protected mode"),
        (b"-ERR unknown command 'EVAL', with args beginning with:", 4, "Sentinel"),
        (b"HTTP/1.1 400 Bad Request", 4, "not Redis"),
    ],
)
def test_passing_failure_ends_with_8_and_one_for_the_user_with_4(answer, code, words):
    redis = Answering(answer)
    error = refusal(f"{redis.url}/0")
    redis.close()
    assert (error.exit_code, words in str(error)) == (code, True), str(error)
    assert redis.url in str(error)


def test_a_redis_that_is_not_there_may_come_back():
    assert refusal(f"redis://:{SECRET}@127.0.0.1:1/0").exit_code == 8


def test_a_real_redis_that_cannot_be_used_needs_its_user(tmp_path):
    server = RedisServer(tmp_path, "--requirepass", SECRET, "--databases", "2")
    address = f"127.0.0.1:{server.port}"
    try:
        with Redis.from_url(f"redis://:{SECRET}@{address}/0") as direct:
            check(f"redis://:{SECRET}@{address}/1", "site")
            assert "password" in str(refusal(f"redis://{address}/0"))
            assert "password" in str(refusal(f"redis://:{SECRET}2@{address}/0"))
            assert "password" in str(refusal(f"redis://me:{SECRET}@{address}/0"))
            assert "no database of that number" in str(refusal(f"redis://:{SECRET}@{address}/2"))
            direct.set("{gleaner:taken}:pending", 1)
            assert "taken}:pending is a string" in str(refusal(f"redis://:{SECRET}@{address}/0", "taken"))
            direct.config_set("maxmemory", "1")
            assert "memory is full" in str(refusal(f"redis://:{SECRET}@{address}/0"))
            direct.config_set("maxmemory", "0")
            direct.replicaof("127.0.0.1", "1")
            assert "primary" in str(refusal(f"redis://:{SECRET}@{address}/0"))
    finally:
        server.kill()
