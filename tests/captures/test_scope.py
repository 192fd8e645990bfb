"""What a listing is asked for."""

from __future__ import annotations

import pytest

from crawler.captures.lines import CaptureLine
from crawler.captures.scope import (
    ListingScope,
    Pattern,
    mimes_of,
    moment,
    pattern_of,
    profile_patterns,
    statuses_of,
    unique,
)
from crawler.exceptions import ConfigError
from crawler.sites import load_profile
from crawler.warc.index import url_key


def line(url: str, **values) -> CaptureLine:
    known = {"timestamp": "20160227101112", "mime": "text/html", "status": "200"} | values
    return CaptureLine(url_key(url), known["timestamp"], url, known["mime"], known["status"], None, None, "test")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("example.org", ["http://example.org/", "https://www.example.org:443/a?b"], ["http://en.example.org/"]),
        ("*.example.org", ["http://example.org/", "http://a.b.example.org/x"], ["http://anexample.org/"]),
        ("https://example.org/news/", ["http://example.org/news/7", "http://example.org/news"], ["http://example.org/newsletter"]),
        ("example.org/news/*", ["http://example.org/News/7"], ["http://example.org/"]),
        ("example.org/ne", ["http://example.org/news/7"], ["http://example.org/old"]),
        ("127.0.0.1:8765", ["http://127.0.0.1:8765/news"], ["http://127.0.0.1:9/news"]),
        ("EXAMPLE.org", ["http://example.org/"], []),
        ("xn--mgbh0fb.org", ["http://xn--mgbh0fb.org/"], []),
        ("مثال.org", ["http://xn--mgbh0fb.org/"], []),
    ],
)  # fmt: skip
def test_target_stands_for_its_urls(text, inside, outside):
    scope = ListingScope((pattern_of(text),))
    assert [url for url in inside if not scope.wants(line(url))] == []
    assert [url for url in outside if scope.wants(line(url))] == []


def test_exact_match_is_one_url_in_all_its_spellings():
    scope = ListingScope((pattern_of("http://example.org/news/7", "exact"),))
    assert scope.wants(line("https://www.example.org/News/7/"))
    assert not scope.wants(line("http://example.org/news/77"))


@pytest.mark.parametrize("text", ["", " ", "word", "http://", "a b.org", "http://user@example.org/", "exa\nmple.org"])
def test_what_is_no_target_is_refused(text):
    with pytest.raises(ConfigError, match="is not a host"):
        pattern_of(text)


def test_times_statuses_and_media_types_limit_what_is_listed():
    scope = ListingScope(
        (Pattern("host", "example.org"),), "20160101000000", "20161231235959", ("2xx", "404"), ("text/*",)
    )
    wanted = [
        line("http://example.org/", **values)
        for values in (
            {},
            {"timestamp": "20160101000000"},
            {"timestamp": "20151231235959"},
            {"timestamp": "20170101000000"},
            {"status": "404"},
            {"status": "301"},
            {"status": None},
            {"mime": "image/png"},
        )
    ]
    assert [scope.wants(one) for one in wanted] == [True, True, False, False, True, False, False, False]


def test_options_are_read_or_refused():
    assert (moment("--from", "2013"), moment("--to", "2016-02", last=True)) == ("20130101000000", "20160229235959")
    assert moment("--to", "20160227101112", last=True) == "20160227101112"
    assert (statuses_of("any"), statuses_of("200,3XX,-")) == ((), ("200", "3xx", "-"))
    assert mimes_of("Text/HTML, image/*") == ("text/html", "image/*")
    for wrong in (
        lambda: moment("--from", "13"),
        lambda: moment("--from", "2013-13"),
        lambda: moment("--from", "yesterday"),
        lambda: statuses_of("ok"),
        lambda: mimes_of("a b"),
    ):
        with pytest.raises(ConfigError):
            wrong()


def test_site_stands_for_its_hosts_and_the_folders_of_its_pictures():
    patterns = profile_patterns(load_profile("alalam"))
    assert ("host", "en.alalam.ir") in {(one.match, one.url) for one in patterns}
    assert ("prefix", "media.alalamtv.net/uploads/855x495/") in {(one.match, one.url) for one in patterns}


def test_patterns_that_another_covers_are_asked_once():
    patterns = [
        pattern_of(text) for text in ("www.example.org", "example.org", "example.org/a/", "*.example.org", "b.org")
    ]
    assert {(one.match, one.url) for one in unique(patterns)} == {("domain", "example.org"), ("host", "b.org")}
