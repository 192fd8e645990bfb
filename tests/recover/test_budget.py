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


def test_an_archive_is_asked_again_after_as_long_as_it_says():
    budget = Budget(60, patience=120)
    budget.failed(0.0, 30.0, limited=True)
    assert (budget.wait(0.0), budget.down(0.0), budget.asked_to_wait) == (30.0, False, True)


def test_without_a_word_of_it_the_pauses_grow_and_the_third_failure_is_the_end_for_now():
    budget, waits = Budget(60, patience=120), []
    for _ in range(3):
        budget.failed(0.0, None, limited=False)
        waits.append(budget.wait(0.0))
    assert waits == [5.0, 20.0, 80.0]
    assert budget.down(119.0)
    assert not budget.down(121.0)


def test_an_answer_between_failures_begins_the_count_anew():
    budget = Budget(60, patience=120)
    for _ in range(5):
        budget.failed(0.0, 1.0, limited=True)
        budget.answered()
    assert not budget.down(0.0)
    assert not budget.asked_to_wait


def test_who_asks_for_more_than_our_patience_is_down_at_once_until_then():
    budget = Budget(60, patience=120)
    budget.failed(0.0, 3600.0, limited=True)
    assert budget.down(3599.0)
    assert not budget.down(3601.0)
