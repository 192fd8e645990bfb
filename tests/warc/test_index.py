from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.index import url_key


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.Example.org/a?b=2&a=1#top", "org,example)/a?a=1&b=2"),
        ("https://example.org:443/A/", "org,example)/a"),
        ("http://127.0.0.1:8765/news/1", "1,0,0,127:8765)/news/1"),
        ("http://[::1", "http://[::1"),
        ("", "-"),
    ],
)
def test_the_key_is_that_of_cdx_indexes_or_the_url_itself(url, key):
    assert url_key(url) == key


def test_no_host_is_looked_up(monkeypatch):
    """... also none that looks like an address and is none, which surt would ask the resolver for."""
    asked = []
    monkeypatch.setattr(socket, "gethostbyname_ex", lambda host: asked.append(host) or ("", [], ["127.0.0.1"]))
    for host in ("999.1.1.1", "300.1", "08.1.1.1", "1.2.3.4.5", "example.org"):
        url_key(f"http://{host}/")
    assert asked == []


@given(st.text())
def test_no_url_is_an_error(url):
    assert isinstance(url_key(f"http://{url}"), str)
