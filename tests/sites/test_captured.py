"""Which article a captured URL is of."""

from __future__ import annotations

import pytest

from crawler.sites import load_profile, parse_profile
from crawler.sites.captured import captured_id

DATED = rb"""
name = "dated"
timezone = "UTC"
[article]
urls = ["http://www.example.org/?p={id}"]
hosts = ["http://archive.example.org"]
id_pattern = '(?:-|\?p=)(?P<id>\d+)(?:\.html)?$'
"""


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://www.example.org/?p=123", "123"),
        ("https://example.org:443/2014/05/12/rain-123.html", "123"),
        ("http://archive.example.org/2014/05/12/rain-123.html", "123"),
        ("http://other.example.org/2014/05/12/rain-123.html", None),
        ("http://archive.example.org/about", None),
        ("not a URL", None),
    ],
)
def test_hosts_of_articles_that_no_template_gives_count_too(url, found):
    assert captured_id(parse_profile(DATED, "dated.toml"), url) == found


@pytest.mark.parametrize(
    "url",
    [
        "https://en.alalam.ir/news/1793356",
        "http://EN.alalam.ir:80/news/1793356/some-slug",
        "https://www.en.alalam.ir/news/1793356?ref=home",
    ],
)
def test_scheme_port_and_www_make_no_difference(url):
    assert captured_id(load_profile("alalam"), url) == "1793356"
