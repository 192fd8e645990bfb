"""How long one host is left alone."""

from __future__ import annotations

from crawler.net import Patience


def test_a_host_is_left_alone_until_the_latest_time_that_it_named():
    host = Patience(limit=100)
    assert host.pause(10.0, 20.0) == 20
    assert host.pause(15.0, 5.0) == 0  # said before, for less
    assert (host.wait(15.0), host.wait(30.0)) == (15, 0)
    assert host.pause(25.0, 10.0) == 5
    assert host.wait(25.0) == 10


def test_pauses_add_up_until_patience_is_spent():
    host = Patience(limit=100)
    for start in (0.0, 1000.0):
        host.pause(start, 50.0)
        assert not host.is_spent
    host.pause(2000.0, 0.5)
    assert host.is_spent


def test_who_does_not_say_how_long_is_given_ever_more_until_it_answers():
    host = Patience(limit=10_000)
    assert [host.pause(start, None) for start in (0.0, 1.0, 100.0, 200.0)] == [5, 0, 10, 20]
    host.answered()
    assert host.pause(300.0, None) == 5
    assert [host.pause(start, None) for start in range(10_000, 20_000, 1000)][-1] == 300
