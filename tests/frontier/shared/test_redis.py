"""The frontier in a real Redis: each target is given to one worker, none is lost, and nothing in it is believed."""

from __future__ import annotations

import asyncio
import os
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from crawler.exceptions import ConfigError, FrontierGone
from crawler.frontier.shared.entries import Ended, Entry, entry_of
from crawler.frontier.shared.redis import SharedFrontier

ENTRIES = [entry_of(f"site/{number}", depth, f"Story {number}", None) for number, depth in ((3, 2), (1, 1), (2, 1))]
PREFIX = "{gleaner:corpus}:"


def worker(server, name, seconds=60.0):
    return SharedFrontier(server.url, "site", name="corpus", worker=name, lease_seconds=seconds)


@pytest.fixture
def direct(redis_server):
    """Give a client that writes to Redis past our own."""
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def two(redis_server, direct):  # noqa: ARG001 - it empties Redis
    """Give a function that runs a coroutine function of two workers that have joined."""

    def run(act):
        async def main():
            async with worker(redis_server, "one") as one, worker(redis_server, "two") as two:
                for each in (one, two):
                    await each.join(retry_failed=True)
                await act(one, two)

        asyncio.run(main())

    return run


async def keys(frontier, limit=9, max_depth=9):
    return [target.key for target in (await frontier.claim(limit, max_depth=max_depth))[0]]


def test_each_target_is_leased_once_and_the_nearest_first(two):
    async def act(one, two):
        await one.pass_on(listed=ENTRIES)
        await two.pass_on(listed=ENTRIES)
        (first,), _ = await one.claim(1, max_depth=9)
        assert (first.key, first.id, first.depth, first.title) == ("site/1", "1", 1, "Story 1")
        assert await keys(two, max_depth=1) == ["site/2"]
        assert await keys(two) == ["site/3"]
        assert await keys(one) == []

    two(act)


def test_a_worker_without_targets_waits_while_others_may_bring_some(two):
    async def act(one, two):
        assert await one.claim(9, max_depth=9) == ([], True)  # the other reads its seeds
        await two.seeded()
        assert await one.claim(9, max_depth=9) == ([], False)  # it reads its own, and knows
        await one.pass_on(listed=ENTRIES[:1])
        assert await keys(one) == ["site/3"]
        assert await two.claim(9, max_depth=9) == ([], True)
        await one.seeded()
        await one.pass_on([Ended("site/3", "fetched")], [entry_of("site/4", 3, None, None)])
        assert await two.claim(9, max_depth=2) == ([], False)
        assert await keys(two) == ["site/4"]
        assert await two.counts() == {"leased": 1, "fetched": 1}

    two(act)


def test_ended_targets_are_not_leased_again_and_failed_ones_by_the_next_single_worker(two):
    async def act(one, two):
        await one.pass_on(listed=ENTRIES)
        await keys(one)
        await one.pass_on([Ended("site/1", "fetched"), Ended("site/2", "gone"), Ended("site/3", "failed")])
        await two.pass_on(listed=ENTRIES)
        assert await keys(two) == []
        assert await two.counts() == {"fetched": 1, "gone": 1, "failed": 1}
        assert await two.join(retry_failed=True) == 0
        await one.leave()
        assert await two.join(retry_failed=True) == 1
        ((again,), _) = await two.claim(9, max_depth=2)
        assert (again.key, again.depth, again.title) == ("site/3", 2, "Story 3")

    two(act)


def test_dropped_targets_are_leased_again_only_on_demand(two):
    async def act(one, two):
        await one.pass_on(listed=ENTRIES)
        await keys(one)
        await one.pass_on([Ended("site/1", "fetched"), Ended("site/2", "gone"), Ended("site/3", "dropped")])
        await two.pass_on(listed=ENTRIES)
        assert await two.counts() == {"fetched": 1, "gone": 1, "dropped": 1}
        await one.leave()
        await two.join(retry_failed=True)
        assert await keys(two) == []
        await two.join(retry_failed=True, retry_dropped=True)
        ((again,), _) = await two.claim(9, max_depth=2)
        assert (again.key, again.depth, again.title) == ("site/3", 2, "Story 3")

    two(act)


def test_leases_of_a_worker_that_leaves_or_comes_again_go_back(two):
    async def act(one, two):
        await one.pass_on(listed=ENTRIES)
        assert await keys(one, 1) == ["site/1"]
        assert await keys(two, 1) == ["site/2"]
        assert await one.leave() == 1
        await two.join(retry_failed=True)
        assert await keys(two) == ["site/1", "site/3"]
        await two.pass_on([Ended("site/3", "fetched")])  # as its corpus holds it
        assert await two.release() == 2
        assert await keys(two) == ["site/1", "site/2"]

    two(act)


@pytest.mark.usefixtures("direct")
def test_leases_of_a_worker_that_is_not_heard_of_go_back_and_its_late_answers_do_no_harm(redis_server):
    async def act():
        async with worker(redis_server, "dead", 0.01) as dead, worker(redis_server, "alive") as alive:
            await dead.join(retry_failed=True)
            await dead.pass_on(listed=ENTRIES)
            assert len(await keys(dead)) == 3
            await asyncio.sleep(0.02)
            await alive.join(retry_failed=True)
            assert await keys(alive, 2) == ["site/1", "site/2"]
            await dead.pass_on([Ended("site/1", "failed"), Ended("site/2", "fetched"), Ended("site/3", "fetched")])
            assert await alive.counts() == {"leased": 1, "fetched": 2}
            assert await keys(alive) == []
            await alive.pass_on([Ended("site/1", "fetched"), Ended("site/2", "failed")])
            assert await alive.counts() == {"fetched": 3}

    asyncio.run(act())


def test_the_shortest_way_and_the_fullest_title_are_kept(two):
    async def act(one, two):
        await one.pass_on(listed=[entry_of("site/1", 2, "Short", None)])
        await two.pass_on(listed=[entry_of("site/1", 1, None, None), entry_of("site/1", 3, "Much longer", "/a.jpg")])
        ((target,), _) = await one.claim(9, max_depth=1)
        assert (target.depth, target.title, target.pic) == (1, "Much longer", "/a.jpg")

    two(act)


def test_thousands_of_targets_are_passed_on_in_parts(two):
    async def act(one, two):
        await one.pass_on(listed=[entry_of(f"site/{number}", 1, None, None) for number in range(2001)])
        assert await two.counts() == {"pending": 2001}

    two(act)


def test_all_workers_together_take_turns_at_a_host(two):
    async def act(one, two):
        assert await one.turn("a.example", 10_000) == 0
        assert 0 < await two.turn("a.example", 10_000) <= 10_000
        assert await two.turn("b.example", 0.01) == 0
        await asyncio.sleep(0.02)
        assert await one.turn("b.example", 30) == 0

    two(act)


def test_a_redis_that_lost_its_data_or_its_connection_is_no_longer_believed(two, direct):
    async def flushed(one, two):
        await one.pass_on(listed=ENTRIES)
        direct.flushall()
        for call in (one.claim(9, max_depth=9), two.pass_on(listed=ENTRIES), one.beat(), one.counts(), two.leave()):
            with pytest.raises(FrontierGone, match="LOST"):
                await call
        await one.join(retry_failed=True)
        with pytest.raises(FrontierGone, match="LOST"):
            await two.beat()

    async def cut_off(one, _):
        await one.pass_on(listed=ENTRIES)
        direct.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(FrontierGone):
            await one.claim(9, max_depth=9)
        with pytest.raises(FrontierGone):  # it may have lost the last second: our corpus must tell it all again
            await one.claim(9, max_depth=9)

    two(flushed)
    two(cut_off)


def test_no_error_tells_the_password(redis_server):
    with pytest.raises(ConfigError) as wrong:
        SharedFrontier("redis://:s3cret@127.0.0.1:port", "site", name="n", worker="w", lease_seconds=1)
    assert "s3cret" not in str(wrong.value)

    async def act():
        url = f"redis://me:s3cret@127.0.0.1:{redis_server.port}"
        async with SharedFrontier(url, "site", name="n", worker="w", lease_seconds=1) as frontier:
            with pytest.raises(ConfigError) as gone:
                await frontier.join(retry_failed=True)
        assert f"redis://127.0.0.1:{redis_server.port}" in str(gone.value)
        assert "s3cret" not in repr(gone.value)
        assert gone.value.__cause__ is None

    asyncio.run(act())


class Payload:
    """What would tell of itself if it were unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("unpickled",))


HOSTILE = st.binary(max_size=60) | st.sampled_from(
    [
        *(pickle.dumps(Payload(), protocol) for protocol in range(5)),
        b"site/../7",
        b"site/7/..",
        b"other/7",
        b"site/" + b"9" * 21,
        "site/٣".encode(),
        b'{"title":7}',
        b'{"url":"http://127.0.0.1/"}',
        b"[" * 60_000,
        b'{"title":"' + b"x" * 70_000 + b'"}',
    ]
)


@given(st.lists(st.tuples(HOSTILE | st.just(b"site/7"), st.integers(-9, 9) | st.floats(-1, 1), HOSTILE), max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_foreign_data_in_redis_is_never_executed_and_harms_no_worker(redis_server, tmp_path, monkeypatch, pushed):
    monkeypatch.chdir(tmp_path)
    with Redis.from_url(redis_server.url) as direct:
        direct.flushall()
        for key, depth, told in pushed:
            direct.zadd(PREFIX + "pending", {key: depth})
            direct.hset(PREFIX + "told", key, told)

    async def act():
        async with worker(redis_server, "one") as one:
            await one.join(retry_failed=True)
            await one.pass_on(listed=[Entry("site/8", 9, b'{"title":"Ours"}')])
            found = []
            while True:
                targets, more = await one.claim(3, max_depth=99)
                found += targets
                if not targets and not more:
                    break
            assert [target.title for target in found if target.id == "8"] == ["Ours"]
            assert {target.key for target in found} <= {f"site/{target.id}" for target in found}
            assert all(target.id.isascii() and target.id.isdigit() and target.depth >= 0 for target in found)
            assert (await one.counts()) == {"leased": len(found)}

    asyncio.run(act())
    assert not (tmp_path / "unpickled").exists()


def test_keys_of_another_type_end_the_run_with_the_documented_error(two, direct):
    async def act(one, _):
        direct.set(PREFIX + "pending", pickle.dumps(Payload()))
        with pytest.raises(ConfigError, match="WRONGTYPE"):
            await one.claim(9, max_depth=9)

    two(act)
