"""TimeMaps, as links and in the forms of JSON that archives have."""

from __future__ import annotations

import pytest

from crawler.recover.timemap import TimeMap, captures_in, read_timemap

ARQUIVO = "https://arquivo.pt/wayback/{timestamp}id_/{url}"
LINKS = b"""<http://a.example.org>;rel="original",
<http://arxiv.example.net/timemap/http://a.example.org>
  ; rel="self";type="application/link-format"
  ; from="Tue, 20 Jun 2000 18:02:59 GMT"
  ; until="Wed, 09 Apr 2008 20:30:51 GMT",
<http://arxiv.example.net/timegate/http://a.example.org>
  ; rel="timegate",
<http://arxiv.example.net/web/20000620180259/http://a.example.org>
  ; rel="first memento";datetime="Tue, 20 Jun 2000 18:02:59 GMT"
  ; license="http://creativecommons.org/publicdomain/zero/1.0/",
<http://arxiv.example.net/web/20091027204954/http://a.example.org>
   ; rel="last memento";datetime="Tue, 27 Oct 2009 20:49:54 GMT"
   ; license="http://creativecommons.org/publicdomain/zero/1.0/",
<http://arxiv.example.net/web/20000621011731/http://a.example.org>
  ; rel="memento";datetime="Wed, 21 Jun 2000 01:17:31 GMT"
"""
"""Example 3 of RFC 7089."""
INDEX = b"""<http://a.example.org>;rel="original",
<http://h/timegate/http://a.example.org>;rel="timegate",
<http://h/timemap/http://a.example.org>;rel="self";type="application/link-format",
<http://h/timemap/1/http://a.example.org>;rel="timemap";type="application/link-format"
  ;from="Wed, 21 Jun 2000 04:41:56 GMT";until="Wed, 09 Apr 2008 20:30:51 GMT",
<http://h/timemap/2/http://a.example.org>;rel="timemap";type="application/link-format"
"""


def stamps(timemap):
    return [one.timestamp for one in timemap.mementos]


def test_the_example_of_the_standard_is_read():
    found = read_timemap(LINKS)
    assert (found.original, found.further, found.broken) == ("http://a.example.org", (), 0)
    assert stamps(found) == ["20000620180259", "20091027204954", "20000621011731"]
    assert found.mementos[0].uri == "http://arxiv.example.net/web/20000620180259/http://a.example.org"


def test_an_index_of_timemaps_names_further_pages():
    found = read_timemap(INDEX)
    assert (found.mementos, found.broken) == ((), 0)
    assert found.further == tuple(f"http://h/timemap/{page}/http://a.example.org" for page in (1, 2))


def test_urls_with_commas_and_semicolons_are_read_whole():
    url = "http://h/2016/http://a/news/1,2;x=1?y=;rel"
    body = f'<{url}>; rel=memento; datetime="Sat, 27 Feb 2016 10:11:12 GMT"; title="a, b; <c>"'.encode()
    assert read_timemap(body).mementos[0].uri == url


def test_a_bad_entry_hides_no_other():
    good = b'<http://h/2016/http://a/>; rel="memento"; datetime="Sat, 27 Feb 2016 10:11:12 GMT"'
    bad = [
        b'<http://h/x>; rel="memento"; datetime="yesterday"',
        b"nonsense",
        b"<ftp://h/>; rel=memento",
        b"<http://h/y>",
    ]
    found = read_timemap(b",\n".join([good, *bad, good.replace(b"2016/", b"2017/")]))
    assert (len(found.mementos), found.broken) == (2, 4)


PYWB = b"""{"urlkey": "org,a)/", "timestamp": "20160227101112", "url": "http://a.org/", "mime": "text/html", "status": "200", \
"digest": "ABC", "length": "9", "offset": "1", "filename": "x.warc.gz"}
{"urlkey": "org,a)/", "timestamp": "20170227101112", "url": "https://a.org/", "mime": "warc/revisit", "status": "-", "digest": "ABC"}
"""
WAYBACK = b"""[["urlkey","timestamp","original","mimetype","statuscode","digest","redirect","robotflags","length"],
["org,a)/","20160227101112","http://a.org:80/","text/html","200","ABC","-","-","9"],
["org,a)/","20170227101112","https://a.org/","warc/revisit","-","ABC","-","-","9"]]
"""
MEMGATOR = b"""{"original_uri": "http://a.org/", "self": "http://h/timemap/json/http://a.org/",
"mementos": {"list": [{"datetime": "2016-02-27T10:11:12Z", "uri": "http://h/web/20160227101112/http://a.org/"}],
"first": {"datetime": "2016-02-27T10:11:12Z", "uri": "http://h/web/20160227101112/http://a.org/"}},
"pages": {"next": {"uri": "http://h/timemap/json/2/http://a.org/"}}, "timegate_uri": "http://h/timegate/http://a.org/"}"""
MEMGATOR_CDXJ = b"""!context ["http://tools.ietf.org/html/rfc7089"]
!id {"uri": "http://h/timemap/cdxj/http://a.org/"}
20160227101112 {"uri": "http://h/web/20160227101112/http://a.org/", "rel": "first memento", \
"datetime": "Sat, 27 Feb 2016 10:11:12 GMT"}
"""


@pytest.mark.parametrize("body", [PYWB, WAYBACK])
def test_json_with_the_fields_of_an_index_tells_them(body):
    found = read_timemap(body)
    assert stamps(found) == ["20160227101112", "20170227101112"]
    assert [(one.mime, one.status, one.digest) for one in found.mementos] == [
        ("text/html", 200, "ABC"),
        ("warc/revisit", None, "ABC"),
    ]
    assert {one.original.replace(":80", "").replace("https", "http") for one in found.mementos} == {"http://a.org/"}


@pytest.mark.parametrize("body", [MEMGATOR, MEMGATOR_CDXJ])
def test_json_of_memgator_is_read(body):
    found = read_timemap(body)
    assert [(one.timestamp, one.uri) for one in found.mementos] == [
        ("20160227101112", "http://h/web/20160227101112/http://a.org/")
    ]
    assert found.further == (("http://h/timemap/json/2/http://a.org/",) if body is MEMGATOR else ())


@pytest.mark.parametrize(
    "body", [b"<html><title>Busy</title></html>", b"Not found", b"7", b'{"message": "no"}', b"[1, 2]", b"<a> x"]
)
def test_what_is_no_timemap_is_refused(body):
    with pytest.raises(ValueError, match="not a TimeMap"):
        read_timemap(body)


def test_an_empty_answer_has_no_captures():
    assert read_timemap(b" \n") == TimeMap(None, (), (), 0)
    assert read_timemap(b"[]") == TimeMap(None, (), (), 0)


def test_captures_have_the_url_that_their_address_in_the_archive_says():
    body = b"""<http://a.org/news/1>; rel="original",
<https://arquivo.pt/wayback/20170101000000mp_/http://www.a.org:80/news/1>; rel="memento"; datetime="Sun, 01 Jan 2017 00:00:00 GMT",
<https://arquivo.pt/noFrame/replay/20160227101112/http://a.org/news/1>; rel="memento"; datetime="Sat, 27 Feb 2016 10:11:12 GMT"
"""
    captures = captures_in(read_timemap(body), "http://a.org/news/1", ARQUIVO)
    assert [(one.timestamp, one.url) for one in captures] == [
        ("20160227101112", "http://a.org/news/1"),
        ("20170101000000", "http://www.a.org:80/news/1"),
    ]
    assert {(one.status, one.mime, one.digest) for one in captures} == {(None, "", "")}
