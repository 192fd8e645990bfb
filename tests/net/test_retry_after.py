"""Retry-After: what servers write there, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.net import MAX_WAIT, retry_after

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("1", 1),
        (" 120 ", 120),
        ("1.5", 1.5),  # not in the RFC, but sent
        ("3600", 3600),
        ("86400", MAX_WAIT),
        ("9" * 60, MAX_WAIT),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60),
        ("Fri, 15 Jan 2027 08:01:00 +0000", 60),
        ("Fri, 15 Jan 2027 08:01:00", 60),
        ("Fri, 15 Jan 2027 07:59:00 GMT", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_WAIT),
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
def test_what_is_neither_says_nothing(value):
    assert retry_after(value, NOW) is None


@given(st.text(max_size=70))
def test_it_is_bounded_whatever_is_said(value):
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= MAX_WAIT
