"""A crawl of a site whose every answer is odd in a way of its own: each article is archived, or failed with words."""

from __future__ import annotations

import random
import re

import pytest

from tests.crawling import crawl, records, write_seed
from tests.handlers.oddities import CHUNKED, READ, REFUSED, chunked, framed, whole
from tests.scripted import LoopbackServer

FIRST = 1793001
WORDS = [
    "harbour",
    "ships",
    "council",
    "water",
    "bridge",
    "market",
    "season",
    "fisher",
    "storm",
    "garden",
    "railway",
    "winter",
    "tower",
    "engine",
]
QUICK = ["RETRY_ENABLED=False", "IMAGES_FETCH=none", "AUTOTHROTTLE_ENABLED=False", "NEAR_DUPLICATE_THRESHOLD=0"]
HTML = b"<html><head>%s<title>Loading</title></head><body>%s</body></html>"


def page(number):
    chance = random.Random(number)
    text = "".join(f"<p>{' '.join(chance.choices(WORDS, k=40)).capitalize()}.</p>" for _ in range(4))
    return (
        f"<!DOCTYPE html><html><head><title>Story {number}</title></head><body><h1>Story {number}</h1>"
        f"<p>Sat Feb 27, 2016 13:41:12</p><article>{text}</article></body></html>\n"
    ).encode()


def redirect(path, *lines):
    return lambda _page: whole(b"", b"Location: " + path, *lines, status=b"HTTP/1.1 302 Found")


def leading_on(head=b"", body=b"", *lines):
    return lambda _page: whole(HTML % (head, body), *lines)


NAV = b"<p>A paragraph of the frame of the site, with its many links and its words.</p>" * 40
META = b'<meta http-equiv="refresh" content="%s">'
LEADING_ON = {
    "meta-refresh": leading_on(META % b"0; url=FURTHER"),
    "meta-refresh-capitals": leading_on(b"<META HTTP-EQUIV='Refresh' CONTENT='1;URL=FURTHER'>"),
    "meta-refresh-content-first": leading_on(b'<meta content="0;url=FURTHER" http-equiv=refresh />'),
    "meta-refresh-unquoted": leading_on(b"<meta http-equiv=refresh content=0;url=FURTHER>"),
    "meta-refresh-in-quotes": leading_on(META % b"0; url='FURTHER'"),
    "meta-refresh-without-url-word": leading_on(META % b"0, FURTHER"),
    "meta-refresh-in-some-seconds": leading_on(META % b"10; url=FURTHER", b"<p>You are being redirected.</p>"),
    "meta-refresh-in-a-frame": leading_on(META % b"0; url=FURTHER", NAV),
    "meta-refresh-relative-to-base": leading_on(b'<base href="/news/">' + META % b"0; url=./LAST"),
    "meta-refresh-with-entity": leading_on(META % b"0; url=FURTHER?a=1&amp;b=2"),
    "refresh-header": leading_on(b"", b"<p>Wait.</p>", b"Refresh: 0; url=FURTHER"),
    "refresh-of-an-error": lambda _page: whole(
        HTML % (META % b"0; url=FURTHER", b""), status=b"HTTP/1.1 404 Not Found"
    ),
    "refresh-header-without-body": lambda _page: whole(b"", b"Refresh: 0;FURTHER"),
    "refresh-with-cookie-to-itself": leading_on(META % b"1", b"", b"Set-Cookie: seen=1"),
    "cookie-and-back": redirect(b"HERE", b"Set-Cookie: seen=1; path=/"),
    "cookie-and-back-by-two-pages": redirect(b"FURTHER?check", b"Set-Cookie: seen=1"),
    "cookie-of-long-ago-and-back": redirect(b"HERE", b"Set-Cookie: old=1; Max-Age=0", b"Set-Cookie: seen=1"),
}
"""Answers that lead on to the page: FURTHER is where it is, LAST the last part of that; HERE is where one is."""
STAYING = {
    "refresh-of-a-page-that-is-read": lambda page: whole(page, b"Refresh: 10; url=/gone"),
    "refresh-beyond-the-site": lambda page: whole(page, b"Refresh: 0; url=http://other.example/"),
    "refresh-to-what-is-no-article": lambda page: whole(page, b"Refresh: 0; url=/"),
    "refresh-to-itself": lambda page: whole(page, b"Refresh: 1"),
    "refresh-in-noscript": lambda page: whole(
        page.replace(b"<h1>", b"<noscript>%s</noscript><h1>" % (META % b"0;url=/"))
    ),
    "refresh-in-comment": lambda page: whole(page.replace(b"<h1>", b"<!-- %s --><h1>" % (META % b"0;url=/"))),
    "refresh-that-is-none": lambda page: whole(page, b"Refresh: soon"),
}
HANGING = {
    "no-length-and-no-end": lambda page: framed(page).replace(b"Connection: close\r\n", b""),
    "empty-length-and-no-end": lambda page: framed(page, b"Content-Length: ").replace(b"Connection: close\r\n", b""),
    "no-last-chunk-and-no-end": lambda page: framed(chunked(page, last=b""), CHUNKED),
    "longer-length-and-no-end": lambda page: framed(page, b"Content-Length: %d" % (len(page) + 9)),
}
"""Answers after which the server neither says that they have ended nor closes the connection."""
ODD = {**READ, **HANGING, **LEADING_ON, **STAYING, **{name: make for name, (make, _) in REFUSED.items()}}
NAMES = dict(enumerate(ODD, FIRST))


def is_there(name, asked, *, is_further):
    if "cookie" in name:
        return b"\r\nCookie: seen=1\r\n" in asked
    return is_further


def answer(handler):
    asked = handler.request.recv(65536)
    match = re.match(rb"GET /news/([0-9]+)(/x)?", asked)
    if match is None:
        robots = whole(b"User-agent: *\nDisallow: /admin", b"X Powered By: PHP", b"X-Long: " + b"x" * 30_000)
        handler.request.sendall(robots if b"/robots.txt" in asked else whole(b"", status=b"HTTP/1.1 404 Not Found"))
        return
    number, is_further = int(match[1]), match[2] is not None
    name = NAMES[number]
    if name in LEADING_ON and not is_there(name, asked, is_further=is_further):
        answer = LEADING_ON[name](page(number))
        here = b"/news/%d" % number
        for word, path in ((b"FURTHER", here + b"/x"), (b"LAST", b"%d/x" % number), (b"HERE", here)):
            answer = answer.replace(word, path)
        body = answer.partition(b"\r\n\r\n")[2]
        handler.request.sendall(re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), answer))
    else:
        handler.request.sendall((whole if name in LEADING_ON else ODD[name])(page(number)))
        if name in HANGING:
            handler.request.recv(1)  # until the crawl hangs up


@pytest.fixture
def server():
    with LoopbackServer(answer) as server:
        yield server.url


def test_every_article_is_archived_or_failed_with_words(server, replica, tmp_path):
    profile = tmp_path / "site.toml"
    profile.write_text(replica.profile.read_text(encoding="utf-8").replace(replica.url, server), encoding="utf-8")
    done = crawl(write_seed(tmp_path / "seed.txt", *NAMES), tmp_path / "corpus", profile, settings=QUICK)
    held = {record["id"]: record for record in records(tmp_path / "corpus") if record["id"]}
    assert "Traceback" not in done.stderr
    lost = [name for number, name in NAMES.items() if held[str(number)]["kind"] != "article" and name not in REFUSED]
    assert lost == []
    told = {NAMES[int(key)]: record["capture"]["attempts"] for key, record in held.items() if record["kind"] == "stub"}
    assert told.keys() == REFUSED.keys()
    for name, attempts in told.items():
        reason = attempts[0]["reason"]
        assert REFUSED[name][1] in reason
        assert not re.search(r"b'|<\w+|object at|Failure", reason)
    assert done.returncode == 9, done.stderr
