"""Captures in TimeMaps."""

from __future__ import annotations

import pytest

from crawler.captures.lines import read_urls
from crawler.captures.timemaps import read_timemap_lines

URL = "http://example.org/news/7"
AT = f"http://archive.example/timemap/link/{URL}"
LINKS = f"""<{URL}>; rel="original",
<{AT}>; rel="self"; type="application/link-format",
<http://archive.example/20160227101112/https://www.example.org/news/7>; rel="memento"; datetime="Sat, 27 Feb 2016 10:11:12 GMT",
<http://archive.example/view?id=9>; rel="last memento"; datetime="Mon, 27 Feb 2017 10:11:12 GMT",
<http://archive.example/timemap/link/2/{URL}>; rel="timemap"; type="application/link-format",
<http://elsewhere.example/timemap/link/3/{URL}>; rel="timemap"; type="application/link-format"
"""


def test_captures_have_the_url_that_was_captured_and_nothing_that_is_not_said():
    answer = read_timemap_lines(LINKS.encode(), URL, AT, "ukwa")
    first, last = answer.lines
    assert first[:3] == ("org,example)/news/7", "20160227101112", "https://www.example.org/news/7")
    assert last[:3] == ("org,example)/news/7", "20170227101112", URL)
    assert first[3:] == (None, None, None, None, "ukwa", None, None)


def test_further_pages_at_other_hosts_are_not_asked():
    answer = read_timemap_lines(LINKS.encode(), URL, AT, "ukwa")
    assert answer.further == (f"http://archive.example/timemap/link/2/{URL}",)


def test_json_of_pywb_says_more():
    body = b'{"url": "%s", "timestamp": "20160227101112", "mime": "text/html", "status": "200", "digest": "sha1:A"}\n'
    (line,) = read_timemap_lines(body % URL.encode(), URL, AT, "pywb").lines
    assert (line.mime, line.status, line.digest) == ("text/html", "200", "sha1:A")


def test_outage_is_no_timemap():
    with pytest.raises(ValueError, match="not a TimeMap"):
        read_timemap_lines(b"<html>Temporarily offline</html>", URL, AT, "ukwa")


def test_urls_are_read_from_text_and_from_lists_of_captures(tmp_path):
    path = tmp_path / "urls"
    path.write_text(
        f"{URL}\n\nhttps://example.org/اخبار\nno URL at all\n"
        f"org,example)/9 20160227101112 http://example.org/9 text/html 200 A 9\n"
        f"org,example)/9 20170227101112 http://example.org/9 text/html 200 B 9\n"
    )
    errors = []
    found = list(read_urls(str(path), errors.append))
    assert found == [URL, "https://example.org/%D8%A7%D8%AE%D8%A8%D8%A7%D8%B1", "http://example.org/9"]
    assert [str(one).startswith(f"{path}:4: ") for one in errors] == [True]
