"""How long one host is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.net import MAX_WAIT_SECONDS, Patience, retry_after

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


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


def test_without_retry_after_pauses_grow_until_the_host_answers():
    host = Patience(limit=10_000)
    assert [host.pause(start, None) for start in (0.0, 1.0, 100.0, 200.0)] == [5, 0, 10, 20]
    host.answered()
    assert host.pause(300.0, None) == 5
    assert [host.pause(start, None) for start in range(10_000, 20_000, 1000)][-1] == 300


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        (" 120 ", 120),
        ("1.5", 1.5),  # not in the RFC, but sent
        ("3600", 3600),
        ("86400", MAX_WAIT_SECONDS),
        ("9" * 60, MAX_WAIT_SECONDS),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60),
        ("Fri, 15 Jan 2027 08:01:00 +0000", 60),
        ("Fri, 15 Jan 2027 08:01:00", 60),
        ("Fri, 15 Jan 2027 07:59:00 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_WAIT_SECONDS),
    ],
)
def test_seconds_and_dates(value, seconds):
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "-1",
        "+5",
        "nan",
        "inf",
        "1e",
        "1 minute",
        "0x10",
        "\uff11\uff12",
        "9" * 5000,
        "Fri",
        "\x00",
        "1,2",
    ],
)
def test_value_that_is_neither_seconds_nor_date_is_ignored(value):
    assert retry_after(value, NOW) is None


@given(st.text(max_size=70))
def test_pause_is_bounded_for_any_header(value):
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= MAX_WAIT_SECONDS
