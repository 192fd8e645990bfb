"""Budgets of all workers together, in a real Redis: they are what one worker alone would have, whoever asks."""

from __future__ import annotations

import asyncio
import pickle
from functools import partial

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from crawler.exceptions import FrontierGone
from crawler.frontier.shared.entries import Ended, entry_of, fetched
from crawler.frontier.shared.redis import SharedFrontier
from crawler.frontier.shared.states import changed
from crawler.net import Patience
from crawler.recover.budget import Budget

PREFIX = "{gleaner:corpus}:"
A_MINUTE = 60.0


@pytest.fixture
def direct(redis_server):
    """Give a client that writes to Redis past our own."""
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def crowd(redis_server, direct):  # noqa: ARG001 - it empties Redis
    """Give a function that runs a coroutine function of *count* workers that have joined."""

    def run(act, count=2):
        async def main():
            workers = [worker(redis_server, f"worker-{number}") for number in range(count)]
            for one in workers:
                await one.join(retry_failed=True)
            try:
                await act(*workers)
            finally:
                for one in workers:
                    await one.close()

        asyncio.run(main())

    return run


def worker(server, name):
    return SharedFrontier(server.url, "site", name="corpus", worker=name, lease_seconds=A_MINUTE)


def take(budget, now):
    """Take the next request if it may start; return the time if so."""
    if budget.wait(now) > 0 or budget.down(now):
        return None
    budget.take(now)
    return now


BUDGET_ACTS = st.sampled_from(
    [
        ("take", take),
        ("answered", lambda budget, now: budget.answered()),  # noqa: ARG005
        ("failed", lambda budget, now: budget.failed(now, None, limited=False)),
        ("told to wait", lambda budget, now: budget.failed(now, 0.01, limited=True)),
        ("told to wait long", lambda budget, now: budget.failed(now, 3600.0, limited=True)),
    ]
)
PATIENCE_ACTS = st.sampled_from(
    [
        ("paused", lambda host, now: host.pause(now, 20.0)),
        ("paused for unsaid", lambda host, now: host.pause(now, None)),
        ("answered", lambda host, now: host.answered()),  # noqa: ARG005
        ("looked", lambda host, now: (host.wait(now), host.is_spent)),
    ]
)


def as_one(server, make, acts):
    """Check that what *acts* of several workers see is what one worker with one budget would see at these times."""
    with Redis.from_url(server.url) as client:
        client.flushall()
    alone = make()

    async def main():
        workers = [worker(server, f"worker-{number}") for number in range(3)]
        for one in workers:
            await one.join(retry_failed=True)
        for number, (_, act) in acts:
            times = []

            def at_a_time(budget, now, act=act, times=times):
                times.append(now)
                return act(budget, now)

            seen = await workers[number].change("a budget", make, at_a_time)
            assert seen == act(alone, times[-1])
        for one in workers:
            await one.close()

    asyncio.run(main())


@given(st.lists(st.tuples(st.integers(0, 2), BUDGET_ACTS), max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_budget_of_an_archive_is_that_of_one_worker(redis_server, acts):
    as_one(redis_server, partial(Budget, 60_000, 0.05), acts)


@given(st.lists(st.tuples(st.integers(0, 2), PATIENCE_ACTS), max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_patience_with_a_host_is_that_of_one_worker(redis_server, acts):
    as_one(redis_server, partial(Patience, 60), acts)


def test_of_simultaneous_workers_one_gets_the_turn(crowd):
    async def act(*workers):
        make = partial(Budget, 1, 120)
        taken = await asyncio.gather(*(one.change("budget:cdx", make, take) for one in workers))
        assert sum(time is not None for time in taken) == 1

    crowd(act, count=8)


def test_pause_requested_of_one_worker_holds_for_all_and_counts_once(crowd):
    async def act(one, two):
        new = partial(Patience, 600)
        for each in (one, two):
            await each.change("patience:a.example", new, lambda host, now: host.pause(now, 30))
        seen = [
            await each.change("patience:a.example", new, lambda host, now: (host.wait(now), host.is_spent))
            for each in (one, two)
        ]
        assert all(29 < wait <= 30 and not is_spent for wait, is_spent in seen)
        assert not await two.change(
            "patience:a.example", new, lambda host, now: host.pause(now, 30) > 30 or host.is_spent
        )
        spent = await one.change("patience:a.example", new, lambda host, now: (host.pause(now, 3000), host.is_spent)[1])
        assert spent
        assert await two.change("patience:a.example", new, lambda host, now: host.is_spent)  # noqa: ARG005
        assert not await two.change("patience:b.example", new, lambda host, now: host.is_spent)  # noqa: ARG005

    crowd(act)


def test_keys_of_a_run_expire(crowd, direct):
    async def act(one, two):
        await one.pass_on(listed=[entry_of("site/1", 1, None, None)])
        await one.claim(9, max_depth=9)
        await one.pass_on([fetched("site/1", 1, [])])
        await two.change("budget:cdx", partial(Budget, 60, 120), take)
        assert 0 < direct.pttl(PREFIX + "run") <= A_MINUTE * 1000
        assert direct.pttl(PREFIX + "check") > 0 if direct.exists(PREFIX + "check") else True
        assert await one.turn("a.example", 1) == 0
        assert all(direct.pttl(PREFIX + name) > 0 for name in ("host:a.example", "took:a.example"))

    crowd(act)


HOSTILE = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3),
    ).map(pickle.dumps),
    st.fixed_dictionaries(
        {},
        optional={
            name: st.one_of(st.none(), st.booleans(), st.integers(-9, 2**60), st.floats(0, 1e300), st.text(max_size=3))
            for name in ("next", "down_until", "failures", "asked_to_wait", "until", "spent", "unsaid")
        },
    ).map(orjson.dumps),
)


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_poisoned_state_delays_no_worker_longer_than_a_valid_one(value):
    now = 1_800_000_000.0
    for make, look in ((partial(Budget, 24, 120), Budget.wait), (partial(Patience, 600), Patience.wait)):
        new, wait, is_ours = changed(value, now, make, look)
        assert wait <= 3600 + 60
        again, _, believed = changed(new, now, make, look)
        assert believed
        assert again == new
        assert is_ours or not value or new != value


def test_max_articles_is_for_all_workers_together(crowd):
    async def act(*workers):
        await workers[0].pass_on(listed=[entry_of(f"site/{number}", 1, None, None) for number in range(50)])
        for one in workers:
            await one.seeded()
        answered, active = 0, list(workers)
        while active:
            for one in list(active):
                targets, more = await one.claim(2, max_depth=9, max_articles=7)
                for at, target in enumerate(targets):
                    is_stub = target.id in {"3", "4"}
                    await one.pass_on([Ended(target.key, "gone") if is_stub else fetched(target.key, 1, [])])
                    answered += not is_stub
                    assert at < 2
                if not targets and not more:
                    active.remove(one)
        assert answered == 7
        assert (await workers[0].counts())["fetched"] == 7

    crowd(act, count=3)


def test_leases_of_others_count_until_they_end(crowd):
    async def act(one, two):
        await one.pass_on(listed=[entry_of(f"site/{number}", 1, None, None) for number in range(9)])
        (first, second), _ = await one.claim(9, max_depth=9, max_articles=2)
        assert await two.claim(9, max_depth=9, max_articles=2) == ([], True)
        assert await one.claim(9, max_depth=9, max_articles=2) == ([], True)
        await one.pass_on([fetched(first.key, 1, []), Ended(second.key, "gone")])
        assert len((await two.claim(9, max_depth=9, max_articles=2))[0]) == 1

    crowd(act)


def test_a_worker_that_joins_the_run_later_has_what_the_others_left(crowd, redis_server, direct):
    async def act(one, two):
        await one.pass_on(listed=[entry_of(f"site/{number}", 1, None, None) for number in range(9)])
        ((target,), _) = await one.claim(1, max_depth=9, max_articles=2)
        await one.pass_on([fetched(target.key, 1, [])])
        await one.leave()
        await two.leave()
        async with worker(redis_server, "late") as late:
            await late.join(retry_failed=True)
            await late.seeded()
            assert len((await late.claim(9, max_depth=9, max_articles=2))[0]) == 1
        direct.delete(PREFIX + "run")  # as Redis does a minute after the last was heard of
        async with worker(redis_server, "new") as new:
            await new.join(retry_failed=True)
            assert len((await new.claim(9, max_depth=9, max_articles=2))[0]) == 1  # and one is leased to the late one

    crowd(act)


def test_held_articles_count_only_if_leased_in_this_run(crowd, redis_server):
    async def act(one, _):
        await one.pass_on(listed=[entry_of(f"site/{number}", 1, None, None) for number in range(9)])
        ((target,), _) = await one.claim(1, max_depth=9, max_articles=9)
        async with worker(redis_server, "worker-0") as again:  # the same, after it was killed
            await again.join(retry_failed=True)
            await again.pass_on([fetched(target.key, 1, []), fetched("site/7", 1, [])], known_before=True)
            await again.release()
            assert len((await again.claim(9, max_depth=9, max_articles=3))[0]) == 2

    crowd(act)


def test_workers_that_wait_take_turns_one_after_the_other(crowd):
    async def act(*workers):
        turns = dict.fromkeys(workers, 0)
        taken = []
        for _ in range(3_000):
            for one in workers:
                if await one.turn("a.example", 0.004) == 0:
                    turns[one] += 1
                    taken.append(one)
            if len(taken) >= 30:
                break
        counts = sorted(turns.values())
        assert counts[-1] - counts[0] <= 1, counts

    crowd(act, count=3)


def test_worker_that_stops_waiting_delays_no_other(crowd, direct):
    async def act(one, two):
        assert await one.turn("a.example", 0.001) == 0
        await two.turn("a.example", 0.001)
        direct.zadd(PREFIX + "waiting:a.example", {"dead": 1.0})
        for _ in range(2_000):
            if await one.turn("a.example", 0.001) == 0:
                return
            await asyncio.sleep(0.01)
        pytest.fail("a worker waits for one that does not ask any more")

    crowd(act)


def test_impossible_turn_is_ignored(crowd, direct):
    async def act(one, _):
        direct.set(PREFIX + "host:a.example", "1e300")
        assert await one.turn("a.example", 1) == 0

    crowd(act)


def test_a_budget_that_is_changed_by_others_all_the_time_ends_the_run(crowd, direct):
    async def act(one, _):
        def disturbed(budget, now):
            direct.hset(PREFIX + "run", "budget:x", b'{"disturbed":%d}' % disturbed.times)
            disturbed.times += 1
            budget.take(now)

        disturbed.times = 0
        with pytest.raises(FrontierGone, match="keep changing"):
            await one.change("budget:x", partial(Budget, 60, 120), disturbed)

    crowd(act)
