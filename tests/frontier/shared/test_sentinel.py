"""A frontier behind Sentinels: real ones, and a primary that is killed."""

from __future__ import annotations

import socket
import subprocess

import pytest
from redis import Redis

from crawler.exceptions import ConfigError, FrontierGone
from crawler.frontier.shared.sentinel import primary_of
from tests.redisserver import PROGRAM, RedisServer
from tests.waiting import wait_for

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no redis-server or valkey-server here")


class SentinelServer:
    """A Sentinel that watches the Redis at *port* as ``main``, and is alone enough to replace it."""

    def __init__(self, folder, port):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = folder / "sentinel.conf"
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\nlogfile {folder}/sentinel.log\n"
            f"sentinel monitor main 127.0.0.1 {port} 1\nsentinel down-after-milliseconds main 300\n"
            "sentinel failover-timeout main 3000\n"
        )
        self.process = subprocess.Popen([PROGRAM, str(config), "--sentinel"])
        wait_for(self._answers, "the start of Sentinel")

    def _answers(self):
        try:
            return Redis(port=self.port).sentinel_master("main")
        except Exception:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def primary(tmp_path):
    folder = tmp_path / "primary"
    folder.mkdir()
    server = RedisServer(folder)
    yield server
    server.kill()


@pytest.fixture
def sentinel(tmp_path, primary):
    server = SentinelServer(tmp_path, primary.port)
    yield server
    server.stop()


def test_sentinel_names_the_primary_with_account_and_database(primary, sentinel):
    place = f"127.0.0.1:{sentinel.port}"
    assert primary_of(f"redis+sentinel://{place}/main") == f"redis://127.0.0.1:{primary.port}/0"
    found = primary_of(f"redis+sentinel://me:s%40cret@127.0.0.1:1,{place}/main/3")
    assert found == f"redis://me:s%40cret@127.0.0.1:{primary.port}/3"


def test_after_a_failover_it_names_the_replica(primary, sentinel, tmp_path):
    folder = tmp_path / "replica"
    folder.mkdir()
    replica = RedisServer(folder, "--replicaof", f"127.0.0.1 {primary.port}")
    try:
        watching = Redis(port=sentinel.port)
        wait_for(lambda: watching.sentinel_slaves("main"), "the Sentinel to know the replica")
        wait_for(lambda: Redis(port=replica.port).info("replication")["master_link_status"] == "up")
        primary.kill()
        url, expected = f"redis+sentinel://127.0.0.1:{sentinel.port}/main", f"redis://127.0.0.1:{replica.port}/0"

        def is_replaced():
            try:
                return primary_of(url) == expected
            except FrontierGone:
                return False

        wait_for(is_replaced, "the failover")
    finally:
        replica.kill()


def test_unknown_primary_and_dead_sentinel_are_gone(sentinel):
    with pytest.raises(FrontierGone, match="no Sentinel there knows"):
        primary_of(f"redis+sentinel://127.0.0.1:{sentinel.port}/other")
    sentinel.stop()
    with pytest.raises(FrontierGone) as error:
        primary_of(f"redis+sentinel://me:s3cret@127.0.0.1:{sentinel.port}/main")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("url", ["redis+sentinel://127.0.0.1:5", "redis+sentinel:///main", "redis+sentinel://h:x/main"])
def test_address_of_another_form_is_refused(url):
    with pytest.raises(ConfigError, match="FRONTIER_URL"):
        primary_of(url)


def test_other_addresses_stay_as_they_are():
    assert primary_of("redis://127.0.0.1:6379/0") == "redis://127.0.0.1:6379/0"
