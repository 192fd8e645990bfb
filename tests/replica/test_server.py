"""The replica as a client meets it: over the network, in a process of its own."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from crawler.replica import Site
from crawler.replica.faults import DEFAULT_SHARE, Faults, parse_faults
from crawler.replica.misbehaviour import RETRY_AFTER_SECONDS, SLOW_SECONDS
from crawler.sites import load_profile
from tests.waiting import HANG_SECONDS

SITE = Site()
PIC = "/news/image/original//2016/02/26/alalam_635921016327147719_25f_4x3.jpg"
PAGES = [f"/news/{article_id}/x" for article_id in range(1_600_000, 1_600_040)]


def fetch(replica, path, method="GET", **headers):
    """Return (status, headers, body) of one request, redirects not followed and the path sent as it is."""
    with closing(http.client.HTTPConnection(urlsplit(replica.url).netloc, timeout=HANG_SECONDS)) as connection:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def counts(replica):
    stats = replica.stats()
    return {kind: stats[kind] for kind in ("article", "image", "robots", "other")}


def first(answer):
    """Return the id of the first article of the universe that answers so."""
    return next(one for one in map(SITE.id_at, range(SITE.articles)) if SITE.answer(one) == answer)


def test_profile_leads_to_the_running_replica(replica):
    site = load_profile(str(replica.profile))
    assert site.article_urls("1793356") == (f"{replica.url}/news/1793356",)
    for pic in (SITE.pic(1793356), SITE.pic(3300000)):
        for url in site.image_urls(pic):
            status, headers, body = fetch(replica, urlsplit(url).path)
            assert (status, headers["Content-Type"], body[:2]) == (200, "image/jpeg", b"\xff\xd8")


def test_requests_are_counted_by_kind(replica):
    replica.reset()
    for path in (PAGES[0], PIC, "/robots.txt", "/", "/nothing"):
        fetch(replica, path)
    assert counts(replica) == {"article": 1, "image": 1, "robots": 1, "other": 2}
    assert replica.stats()["statuses"] == {"200": 4, "404": 1}
    fetch(replica, "/replica/stats?reset=1")
    assert counts(replica) == {"article": 0, "image": 0, "robots": 0, "other": 0}


def test_slug_redirects_lead_to_the_page(replica):
    article_id = first("slug")
    status, headers, _ = fetch(replica, f"/news/{article_id}")
    assert (status, headers["Location"]) == (301, f"/news/{article_id}/{SITE.slug(article_id)}")
    assert SITE.title(article_id).encode()[:20] in fetch(replica, headers["Location"])[2]


def test_the_slug_is_decoration(replica):
    article_id = first("page")
    bodies = {fetch(replica, f"/news/{article_id}{slug}")[2] for slug in ("", "/", "/any-slug", "/%20?utm=1")}
    assert len(bodies) == 1


def test_missing_articles_and_soft_404s(replica):
    assert fetch(replica, f"/news/{first('missing')}")[0] == 404
    lost = [one for one in map(SITE.id_at, range(SITE.articles)) if SITE.answer(one) == "lost"]
    replies = [fetch(replica, f"/news/{one}") for one in lost[:12]]
    assert {status for status, _, _ in replies} == {200, 302}
    assert all(b"Page not found" in body for status, _, body in replies if status == 200)
    assert all(headers["Location"] == "/" for status, headers, _ in replies if status == 302)


@pytest.mark.parametrize("article_id", ["1", "1445000", "1445999", "10000000", "9" * 20])
def test_ids_elsewhere_are_404(replica, article_id):
    assert fetch(replica, f"/news/{article_id}")[0] == 404


def test_ids_of_seeds_all_resolve(replica):
    for article_id in (1_446_000, 1_793_356, 3_232_746, 9_999_999):
        assert fetch(replica, f"/news/{article_id}/")[0] == 200


def test_pictures_removed_from_the_site_give_404(replica):
    pics = [SITE.pic(SITE.id_at(index)) for index in range(SITE.articles)]
    gone = next(pic for pic in pics if pic.startswith("/") and not SITE.serves_picture(pic, original=False))
    assert {fetch(replica, f"/news/image/{size}/{gone}")[0] for size in ("original", "855x495")} == {404}


@pytest.mark.parametrize("path", [PAGES[0], PIC, PIC.replace("jpg", "mp4")])
def test_unchanged_things_answer_304(replica, path):
    status, headers, body = fetch(replica, path)
    assert (status, int(headers["Content-Length"])) == (200, len(body))
    assert fetch(replica, path)[2] == body
    tag, modified = headers["ETag"], headers["Last-Modified"]
    for condition in (
        {"If_None_Match": tag},
        {"If_None_Match": f'"other", W/{tag}'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": modified},
    ):
        status, headers, body = fetch(replica, path, **condition)
        assert (status, body, headers["ETag"]) == (304, b"", tag)
    for condition in (
        {"If_None_Match": '"other"', "If_Modified_Since": modified},
        {"If_Modified_Since": "Thu, 01 Jan 1998 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
    ):
        assert fetch(replica, path, **condition)[0] == 200


def test_head_declares_the_length_and_sends_nothing(replica):
    status, headers, body = fetch(replica, PAGES[0], "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) == len(fetch(replica, PAGES[0])[2])


def test_other_methods_are_refused(replica):
    assert fetch(replica, PAGES[0], "POST")[0] == 405


def test_robots_allow_news(replica):
    body = fetch(replica, "/robots.txt")[2]
    assert b"Allow: /news/" in body
    assert b"Disallow: /search" in body


@pytest.mark.parametrize(
    "path",
    [
        "/news/image/original/../../../../etc/passwd",
        "/news/image/original//../../etc/passwd.jpg",
        "/news/image/original/..%2f..%2fetc%2fpasswd.jpg",
        "/news/image/original/%2e%2e/%2e%2e/etc/passwd.jpg",
        "/news/image/original/a\\..\\b.jpg",
        "/uploads/855x495/.hidden.jpg",
        "/uploads/855x495/a/../b.jpg",
        "/uploads/855x495/a.jpg%00.txt",
        "/uploads/855x495/" + "a/" * 40 + "b.jpg",
        "/uploads/855x495/" + "a" * 5000 + ".jpg",
        "/news/٣",
        "/news/1793356/a/b",
        "/news/" + "1" * 21,
        "/static/../crawler/settings.py",
        "//etc/passwd",
        "/getcontent?tid=../1",
        "http://example.com/news/1793356",
    ],
)
def test_hostile_paths_give_nothing(replica, path):
    with closing(socket.create_connection(urlsplit(replica.url).netloc.split(":"), timeout=HANG_SECONDS)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert connection.makefile("rb").readline().split()[1] in {b"400", b"404"}


def test_slow_and_delay_answer_late(start_replica):
    replica = start_replica("--faults", "slow=1", "--delay", "200")
    began = time.monotonic()
    assert fetch(replica, PAGES[0])[0] == 200
    assert time.monotonic() - began >= SLOW_SECONDS + 0.2


def test_faults_that_answer_give_their_status_and_body(start_replica):
    replica = start_replica("--faults", "error500=0.3,429=0.5,flaky=1")
    statuses = [fetch(replica, path)[0] for path in PAGES]
    assert set(statuses) == {500, 429, 503}
    again = [fetch(replica, path) for path in PAGES]
    assert [status if status != 503 else 200 for status in statuses] == [status for status, _, _ in again]
    assert all(headers["Retry-After"] == str(RETRY_AFTER_SECONDS) for status, headers, _ in again if status == 429)
    assert replica.stats()["faults"] == {
        name: 2 * statuses.count(status) for name, status in (("error500", 500), ("429", 429), ("flaky", 503))
    }
    replica.reset()
    assert [fetch(replica, path)[0] for path in PAGES] == statuses


def test_faults_that_break_the_connection_leave_no_whole_answer(start_replica):
    replica = start_replica("--faults", "reset=0.5,truncated=1")
    errors = set()
    for path in PAGES:
        with pytest.raises((ConnectionResetError, http.client.IncompleteRead)) as caught:
            fetch(replica, path)
        errors.add(caught.type)
    assert errors == {ConnectionResetError, http.client.IncompleteRead}
    assert fetch(replica, "/robots.txt")[0] == 200


def test_faults_keep_their_shares_and_are_the_same_each_time():
    chosen = [Faults({"slow": 0.2}, seed=1).of(f"/news/{n}") for n in range(2000)]
    assert chosen == [Faults({"slow": 0.2}, seed=1).of(f"/news/{n}") for n in range(2000)]
    assert chosen.count("slow") / len(chosen) == pytest.approx(0.2, abs=0.03)


def test_flaky_remembers_a_bounded_number():
    faults = Faults({}, seed=1)
    assert [faults.first_time("/a"), faults.first_time("/a")] == [True, False]
    for n in range(70_000):
        faults.first_time(f"/{n}")
    assert len(faults._seen) == 65_536
    assert faults.first_time("/a")


def test_fault_names_are_read():
    assert parse_faults(" slow, reset=1 ,") == {"slow": DEFAULT_SHARE, "reset": 1.0}
    for text, message in (("fire", "unknown fault 'fire'"), ("slow=2", "from 0 to 1"), ("slow=x", "not a number")):
        with pytest.raises(ValueError, match=message):
            parse_faults(text)
