"""Budgets: requests evenly apart, pauses that grow, and an archive that is left alone when it is down."""

import itertools

from crawler.recover.budget import Budget


def test_requests_are_evenly_apart():
    budget, now, started = Budget(24, patience=120), 100.0, []
    for _ in range(25):
        now += budget.wait(now)
        budget.take(now)
        started.append(now)
    assert started[-1] - started[0] == 60.0
    assert {round(later - earlier, 6) for earlier, later in itertools.pairwise(started)} == {2.5}


def test_archive_is_requested_again_after_its_retry_after():
    budget = Budget(60, patience=120)
    budget.failed(0.0, 30.0, limited=True)
    assert (budget.wait(0.0), budget.down(0.0), budget.asked_to_wait) == (30.0, False, True)


def test_without_retry_after_pauses_grow_and_the_third_failure_ends_the_requests():
    budget, waits = Budget(60, patience=120), []
    for _ in range(3):
        budget.failed(0.0, None, limited=False)
        waits.append(budget.wait(0.0))
    assert waits == [5.0, 20.0, 80.0]
    assert budget.down(119.0)
    assert not budget.down(121.0)


def test_answer_between_failures_restarts_the_count():
    budget = Budget(60, patience=120)
    for _ in range(5):
        budget.failed(0.0, 1.0, limited=True)
        budget.answered()
    assert not budget.down(0.0)
    assert not budget.asked_to_wait


def test_pause_beyond_our_patience_means_down_until_then():
    budget = Budget(60, patience=120)
    budget.failed(0.0, 3600.0, limited=True)
    assert budget.down(3599.0)
    assert not budget.down(3601.0)
