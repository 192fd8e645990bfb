"""Of hundreds of hostile URLs and picture paths, none is allowed, however it is spelled or rewritten on the way."""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from twisted.web.client import URI

from crawler.net import redacted, url_origin, url_refusal
from crawler.sites import load_profile
from tests.net.hostile import PICS, URLS

REPLICA = load_profile("replica")
HOME = ("127.0.0.1", 8765)


def test_hostile_examples_are_more_than_300():
    assert len(set(URLS)) + len(set(PICS)) > 300


REASONS = {"characters", "malformed", "other_host", "other_port", "scheme", "user_info"}


def test_every_hostile_url_is_refused_with_a_reason():
    assert [url for url in URLS if url_refusal(url, REPLICA.origins) not in REASONS] == []
    assert [url for url in URLS if REPLICA.article_id(url) or REPLICA.pic(url)] == []


def test_hostile_urls_as_scrapy_normalizes_them_are_refused_or_lead_to_the_site():
    requested = []
    for url in URLS:
        with contextlib.suppress(ValueError):  # not even a URL for Scrapy
            requested.append(Request(url).url)
    allowed = [URI.fromBytes(url.encode()) for url in requested if url_refusal(url, REPLICA.origins) is None]
    assert len(requested) > 250
    assert {(uri.host.decode(), uri.port) for uri in allowed} == {HOME}  # where Twisted will connect to


def test_no_hostile_picture_path_makes_a_url():
    assert [pic for pic in PICS if REPLICA.image_urls(pic)] == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8765/", "HTTP://127.0.0.1:8765", "http://127.0.0.1:08765/?a=b#c", "http://127.0.0.1:8765?@evil"],
)
def test_the_site_itself_is_allowed(url):
    assert url_refusal(url, REPLICA.origins) is None


def test_the_reason_says_which_part_is_wrong():
    reasons = {
        "http://127.0.0.1:1/": "other_port",
        "http://evil.example:8765/": "other_host",
        "ftp://127.0.0.1:8765/": "scheme",
        "http://a@127.0.0.1:8765/": "user_info",
        "http://127.0.0.1:x/": "malformed",
        "http://127.0.0.1:8765/\n": "characters",
    }
    assert {url: url_refusal(url, {HOME}) for url in reasons} == reasons


@given(st.text(max_size=60) | st.from_regex(r"https?://[\w.@:\[\]%/\\?#-]{0,40}", fullmatch=True))
def test_whatever_is_allowed_twisted_reads_as_we_do(url):
    origin = url_origin(url)
    if origin is not None and url_refusal(url, {origin}) is None:
        uri = URI.fromBytes(url.encode("ascii"))
        host = uri.host.decode().lower()
        assert (f"[{host}]" if ":" in host else host, uri.port) == origin
        assert urlsplit(url).username is None


def test_passwords_are_not_logged():
    assert redacted("https://user:pass@host/a@b") == "https://...@host/a@b"
    assert redacted("https://host/a@b") == "https://host/a@b"
