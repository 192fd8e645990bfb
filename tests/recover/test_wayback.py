"""URLs of captures, and when they were taken."""

import pytest

from crawler.recover.wayback import archived_at, cut_short, replay_url, replayed

WAYBACK = "https://web.archive.org"
PAGE = "http://en.alalam.ir/news/1?a=b"


def test_a_capture_has_a_url_that_tells_when_and_of_what_it_is():
    url = replay_url(WAYBACK, "20160227101112", PAGE)
    assert replayed(WAYBACK, url) == ("20160227101112", PAGE)


@pytest.mark.parametrize(
    "url",
    [
        PAGE,
        f"{WAYBACK}/web/{PAGE}",
        f"{WAYBACK}/web/20161327101112id_/{PAGE}",
        f"https://web.archive.org.evil/web/20160227101112id_/{PAGE}",
        f"{WAYBACK}/web/20160227101112id_/ftp://en.alalam.ir/",
    ],
)
def test_other_urls_are_of_no_capture(url):
    assert replayed(WAYBACK, url) is None


def test_a_slash_that_an_archive_dropped_is_put_back():
    assert replayed(WAYBACK, f"{WAYBACK}/web/20160227101112/http:/h/1") == ("20160227101112", "http://h/1")


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("Sat, 27 Feb 2016 10:11:00 GMT", "2016-02-27T10:11:00+00:00"),
        ("not a date", "2016-02-27T10:11:12+00:00"),
        (None, "2016-02-27T10:11:12+00:00"),
    ],
)
def test_the_archive_says_when_else_its_url_does(header, moment):
    assert archived_at(header, "20160227101112").isoformat() == moment


@pytest.mark.parametrize(
    ("declared", "cut"),
    [([None, "5"], True), ([None, None], False), (["4"], False), (["3"], False), (["-1"], False), (["9" * 5000], True)],
)
def test_a_body_shorter_than_the_site_declared_is_cut_short(declared, cut):
    assert cut_short(b"four", declared) is cut
