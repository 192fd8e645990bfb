"""Depths between workers: what a record lists comes nearer with it, whoever fetched it, as in one corpus."""

from __future__ import annotations

import asyncio
from collections import deque

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from crawler.frontier.shared.entries import entry_of, fetched
from crawler.frontier.shared.redis import SharedFrontier

IDS = tuple(str(number) for number in range(8))


def shortest(lists, seeds):
    """Return how far each id is from the start, if the *seeds* are listed at depth 1."""
    depths = dict.fromkeys(seeds, 1)
    waiting = deque(seeds)
    while waiting:
        here = waiting.popleft()
        for one in lists.get(here, ()):
            if one not in depths:
                depths[one] = depths[here] + 1
                waiting.append(one)
    return depths


GRAPHS = st.dictionaries(st.sampled_from(IDS), st.lists(st.sampled_from(IDS), max_size=3, unique=True), max_size=8)


@given(
    GRAPHS,
    st.lists(st.sampled_from(IDS), min_size=1, max_size=2, unique=True),
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 7)), max_size=40),
    st.integers(2, 5),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_within_the_depth_is_fetched_whatever_the_order_of_answers(redis_server, lists, seeds, order, depth):
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
    expected = {one for one, far in shortest(lists, seeds).items() if far <= depth}

    async def main():
        workers = [SharedFrontier(redis_server.url, "site", name="c", worker=name, lease_seconds=60) for name in "ab"]
        for one in workers:
            await one.join(retry_failed=True)
        # The seeds are as far away as a target may be at first; later one worker knows them to be near.
        await workers[0].pass_on(listed=[entry_of(f"site/{one}", depth, None, None) for one in seeds])
        held, done, steps = [], set(), iter(order)
        told_near = False
        for _ in range(500):
            who, which = next(steps, (0, 0))
            targets, more = await workers[who].claim(2, max_depth=depth)
            held += [(workers[who], target) for target in targets]
            if held and (which % 2 or not targets):
                holder, target = held.pop(which % len(held))
                ids = lists.get(target.id, [])
                entries = [entry_of(f"site/{one}", target.depth + 1, None, None) for one in ids]
                await holder.pass_on([fetched(target.key, target.depth, ids)], entries)
                done.add(target.id)
            elif not held and not targets and not more:
                break
            if not told_near and len(done) * 2 >= len(seeds):
                told_near = True
                await workers[1].pass_on(listed=[entry_of(f"site/{one}", 1, None, None) for one in seeds])
                for one in workers:
                    await one.seeded()
        for one in workers:
            await one.close()
        assert done == expected

    asyncio.run(main())


def test_shorter_distance_is_passed_on_through_records_of_two_workers(redis_server):
    with Redis.from_url(redis_server.url) as client:
        client.flushall()

    async def main():
        one, two = (SharedFrontier(redis_server.url, "site", name="c", worker=name, lease_seconds=60) for name in "ab")
        for each in (one, two):
            await each.join(retry_failed=True)
            await each.seeded()
        await one.pass_on(listed=[entry_of("site/1", 3, None, None)])
        await one.claim(9, max_depth=9)
        await one.pass_on([fetched("site/1", 3, ["2"])], [entry_of("site/2", 4, None, None)])
        await two.claim(9, max_depth=9)
        await two.pass_on([fetched("site/2", 4, ["3"])], [entry_of("site/3", 5, None, None)])
        assert await one.claim(9, max_depth=3) == ([], False)
        await two.pass_on(listed=[entry_of("site/1", 1, None, None)])
        ((target,), _) = await one.claim(9, max_depth=3)
        assert (target.key, target.depth) == ("site/3", 3)
        assert await two.forgotten(["site/1", "site/2", "site/3"]) == ["site/3"]
        for each in (one, two):
            await each.close()

    asyncio.run(main())
