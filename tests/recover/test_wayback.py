"""URLs of captures, and when they were taken."""

import pytest

from crawler.recover.wayback import archived_at, cut_short, replay_url, replayed

HOST = "https://web.archive.org"
WAYBACK = f"{HOST}/web/{{timestamp}}id_/{{url}}"
ARQUIVO = "https://arquivo.pt/wayback/{timestamp}id_/{url}"
COLLECTION = "http://127.0.0.1:8080/news/{timestamp}mp_/{url}"
PAGE = "http://en.alalam.ir/news/1?a=b"


@pytest.mark.parametrize(
    "template", [WAYBACK, ARQUIVO, COLLECTION, "https://h/{timestamp}/{url}", "https://h/a/{timestamp}/b/{url}"]
)
def test_a_capture_has_a_url_that_tells_when_and_of_what_it_is(template):
    url = replay_url(template, "20160227101112", PAGE)
    assert replayed(template, url) == ("20160227101112", PAGE)


@pytest.mark.parametrize(
    ("template", "url"),
    [
        (WAYBACK, f"http://WEB.archive.org:80/web/20160227101112id_/{PAGE}"),
        (ARQUIVO, f"http://arquivo.pt/wayback/20160227101112mp_/{PAGE}"),
        (ARQUIVO, f"https://arquivo.pt/wayback/20160227101112/{PAGE}"),
        (COLLECTION, f"http://127.0.0.1:8080/news/20160227101112id_/{PAGE}"),
    ],
)
def test_a_capture_is_recognized_by_any_scheme_and_form_of_the_archive(template, url):
    assert replayed(template, url) == ("20160227101112", PAGE)


@pytest.mark.parametrize(
    ("template", "url"),
    [
        (ARQUIVO, f"https://arquivo.pt/web/20160227101112id_/{PAGE}"),
        (ARQUIVO, f"https://arquivo.pt/wayback20160227101112id_/{PAGE}"),
        (COLLECTION, f"http://127.0.0.1:8081/news/20160227101112id_/{PAGE}"),
        (COLLECTION, f"http://127.0.0.1:8080/other/20160227101112mp_/{PAGE}"),
        ("https://h/a/{timestamp}/b/{url}", f"https://h/a/20160227101112/c/{PAGE}"),
    ],
)
def test_a_capture_at_another_path_is_of_another_archive(template, url):
    assert replayed(template, url) is None


@pytest.mark.parametrize(
    "url",
    [
        PAGE,
        f"{HOST}/web/{PAGE}",
        f"{HOST}/web/20161327101112id_/{PAGE}",
        f"https://web.archive.org.evil/web/20160227101112id_/{PAGE}",
        f"{HOST}/web/20160227101112id_/ftp://en.alalam.ir/",
    ],
)
def test_other_urls_are_of_no_capture(url):
    assert replayed(WAYBACK, url) is None


def test_a_slash_that_an_archive_dropped_is_put_back():
    assert replayed(WAYBACK, f"{HOST}/web/20160227101112/http:/h/1") == ("20160227101112", "http://h/1")


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
