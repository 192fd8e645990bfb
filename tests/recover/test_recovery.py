"""Crawls of a site that is half gone, with pywb for a web archive, and with archives that misbehave."""

from __future__ import annotations

import gzip
import json
import signal
import sqlite3
import subprocess
from contextlib import closing
from urllib.parse import parse_qs

import pytest

from crawler.corpus.fixity.verify import verify
from crawler.replica import Site
from crawler.replica.page import Pages
from crawler.replica.routes import Routes
from crawler.sites import load_profile
from tests import warm
from tests.crawling import REPOSITORY, crawl, crawl_arguments, records, scrapy_command, write_seed
from tests.recover.webarchive import (
    Pywb,
    answers,
    archive,
    captured,
    free_port,
    page,
    part_of,
    recovering,
    utc,
)
from tests.waiting import wait_for

SITE = Site()
WITHOUT_PICTURES = ("IMAGES_FETCH=none", "ROBOTSTXT_OBEY=False")
FAST = {"cdx_per_minute": 6000, "captures_per_minute": 60000, "commoncrawl_per_minute": 6000}
IDS = range(1793350, 1793362)
GONE = IDS[::2]
NOWHERE, IN_COMMON_CRAWL, PARKED, CUT = GONE[0], GONE[1], GONE[2], GONE[3]
WANTED, NEARER, OTHER = utc(2016, 2, 28, 12), utc(2016, 2, 26, 13), utc(2014, 1, 1)
BEST = "2016-02-28T12:00:00+00:00"
WAY = {"not found": "status 404", "gone": "status 410", "soft 404": "soft 404: ", "home": "redirected to a page"}


@pytest.fixture(scope="module")
def gone_replica(start_replica):
    """Half of the neighbours were switched off, each in its way, and every picture."""
    return start_replica("--gone-ids", ",".join(map(str, GONE)), "--gone-pictures", "1")


@pytest.fixture(scope="module")
def pywb(gone_replica, tmp_path_factory):
    """What the Wayback Machine and Common Crawl hold of it: all but one, one wrongly, and one in two pieces."""
    base, site = gone_replica.url, load_profile(str(gone_replica.profile))
    web, common = [], []
    for number in GONE:
        if number == NOWHERE:
            continue
        into = common if number == IN_COMMON_CRAWL else web
        into += [one for date in (OTHER, WANTED) for one in captured(base, f"/news/{number}", date, SITE)]
        pic = SITE.pic(number)
        for url in site.image_urls(pic):
            web += captured(base, url.removeprefix(base), WANTED, SITE)
    web.append(page(f"{base}/news/{PARKED}", NEARER, Pages(SITE, base).parked()))
    short = captured(base, f"/news/{CUT}", NEARER, SITE)[-1]
    web.append(page(short.url, NEARER, short.body[:2000], Content_Length=str(len(short.body))))
    web.append(page(f"{base}/news/{NOWHERE}", NEARER, b"Moved", status=301, Location=f"{base}/"))
    archives = Pywb(tmp_path_factory.mktemp("pywb"), **{"web": web, "CC-MAIN-2016-09": common})
    yield archives
    archives.stop()


def latest(corpus):
    return {record["id"]: record for record in records(corpus) if record["kind"] != "seed"}


def stats_of(corpus):
    (path,) = (corpus / "runs").glob("*/stats.json")
    return json.loads(path.read_text())


def test_articles_in_arc_files_of_common_crawl_are_recovered(gone_replica, tmp_path):
    """The collections up to 2012 are of ARC files; their indexes name them as all others do."""
    file, rows = tmp_path / "1262847572760_10.arc.gz", []
    with file.open("wb") as out:
        out.write(gzip.compress(b"filedesc://10.arc 0.0.0.0 20100107120000 text/plain 9\n1 0 Crawl\n"))
        for number in GONE[1:3]:
            url = f"{gone_replica.url}/news/{number}"
            body = Pages(SITE, gone_replica.url).article(number)
            message = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
            head = f"{url} 192.0.2.7 20120228101112 text/html {len(message)}\n"
            member = gzip.compress(head.encode() + message + b"\n")
            place = {"filename": file.name, "offset": str(out.tell()), "length": str(len(member))}
            rows.append({"url": url, "timestamp": "20120228101112", "status": "200", "mime": "text/html", **place})
            out.write(member)

    def answer(asked, _before):
        path, _, query = asked.path.partition("?")
        if not path.endswith("-index"):
            return part_of(file, asked)
        prefix = f"http://{parse_qs(query)['url'][0]}"
        return 200, {}, b"".join(json.dumps(row).encode() + b"\n" for row in rows if row["url"].startswith(prefix))

    with archive(answer) as (url, _):
        site = recovering(
            gone_replica.profile, tmp_path, commoncrawl=url, commoncrawl_data=url, collections=["CC-MAIN-2012"], **FAST
        )
        done = crawl(write_seed(tmp_path / "seed.txt", *GONE[1:3]), tmp_path / "corpus", site)
    assert done.returncode == 0, done.stderr
    kept = latest(tmp_path / "corpus")
    for number in GONE[1:3]:
        record = kept[str(number)]
        assert (record["kind"], record["title"]) == ("article", SITE.title(number))
        assert record["capture"]["source"] == "commoncrawl"
        assert record["capture"]["archived"] == "2012-02-28T10:11:12+00:00"


def test_every_article_held_by_archives_is_recovered(gone_replica, pywb, tmp_path):
    corpus, seed = tmp_path / "corpus", write_seed(tmp_path / "seed.txt", *IDS)
    with archive(lambda asked, _: part_of(pywb.file(asked.path[1:].removesuffix(".warc.gz")), asked)) as (data, ranges):
        site = recovering(
            gone_replica.profile,
            tmp_path,
            wayback=pywb.url,
            cdx=f"{pywb.url}/web-index",
            commoncrawl=pywb.url,
            commoncrawl_data=data,
            collections=["CC-MAIN-2016-09"],
            **FAST,
        )
        done = crawl(seed, corpus, site)
    assert done.returncode == 0, done.stderr
    assert "Recovered: 4 from wayback, 1 from commoncrawl" in done.stdout
    assert verify(corpus).problems == []

    kept = latest(corpus)
    assert set(kept) == {str(number) for number in IDS}
    for number in IDS:
        record = kept[str(number)]
        capture, source = record["capture"], "origin"
        if number in GONE:
            source = "commoncrawl" if number == IN_COMMON_CRAWL else "wayback"
        if number == NOWHERE:
            continue
        assert (record["kind"], capture["source"], record["title"]) == ("article", source, SITE.title(number))
        if source == "origin":
            assert (capture["archived"], capture["attempts"]) == (None, [])
            continue
        assert capture["archived"] == BEST
        assert record["url"].startswith(f"{gone_replica.url}/news/{number}")
        assert capture["fetched"] > "2026"
        assert (
            WAY.get(SITE_GONE.gone_kind(number), "soft 404: the domain is parked") in capture["attempts"][0]["reason"]
        )
        if source == "wayback":
            assert f"/web/20160228120000id_/{gone_replica.url}/news/{number}" in capture["url"]
    reasons = [attempt["reason"] for attempt in kept[str(PARKED)]["capture"]["attempts"]]
    assert reasons[1:] == ["wayback: soft 404: the domain is parked"]
    reasons = [attempt["reason"] for attempt in kept[str(CUT)]["capture"]["attempts"]]
    assert reasons[1:] == ["wayback: it is cut short"]
    stub = kept[str(NOWHERE)]
    assert stub["kind"] == "stub"
    told = [(attempt["source"], attempt["reason"]) for attempt in stub["capture"]["attempts"]]
    assert told[1:] == [
        ("wayback", "wayback: no capture that is a good page"),
        ("commoncrawl", "commoncrawl: no capture in CC-MAIN-2016-09"),
    ]

    pictures = [
        image for number in GONE[1:] for image in kept[str(number)]["images"] if image["pic"] == SITE.pic(number)
    ]
    assert {image["status"] for image in pictures} == {"stored"}
    assert all(image["url"].startswith(f"{pywb.url}/web/20160228120000id_/") for image in pictures)

    asked = [path for path in pywb.requests() if "/news/1" in path]
    assert sum("/web-index?" in path for path in asked) == 1
    assert sum("/CC-MAIN-2016-09-index?" in path for path in asked) == 1
    assert sum("id_/" in path for path in asked) == 4 + 2  # one for each article, and two that were none
    assert len(ranges) == 1


SITE_GONE = Site(gone_ids=frozenset(GONE), gone_pictures=1.0)


def body_of(base, number):
    return Routes(SITE, base).reply(f"/news/{number}/{SITE.slug(number)}", {})[1].body


def cdx_line(base, number, timestamp, **changes):
    fields = {"mime": "text/html", "status": "200", "digest": f"{number}{timestamp}", **changes}
    return f"key {timestamp} {base}/news/{number} {fields['mime']} {fields['status']} {fields['digest']} 9"


def test_failing_archive_is_retried_as_it_says_and_only_good_captures_are_used(gone_replica, tmp_path):
    base, (good, wrong) = gone_replica.url, GONE[:2]
    lines = [
        cdx_line(base, good, "20160227000000"),
        "<html>garbage in the middle</html>",
        cdx_line(base, good, "20160226130000"),
        cdx_line(base, good, "20160226140000"),
        cdx_line(base, good, "20160226150000"),
        cdx_line(base, good, "20160226120000", status="404"),
        cdx_line(base, good, "20160226120001", mime="application/pdf"),
        cdx_line(base, wrong, "20160226130000"),
        "ftp://x 20160226130000 ftp://x text/html 200 A 9",
    ]
    whole = {"Content-Type": "text/html; charset=utf-8"}

    def answer(asked, before):
        if asked.path.startswith("/cdx"):
            failures = [(429, {"Retry-After": "1"}, b"slower"), (503, {"Retry-After": "0"}, b"busy")]
            return failures[before] if before < 2 else (200, {}, "\n".join(lines).encode())
        timestamp = asked.path[5:19]
        if f"/news/{wrong}" in asked.path:
            return 200, whole, body_of(base, good)
        if timestamp == "20160226130000":
            return 200, {**whole, "Content-Length": "99999"}, body_of(base, good)[:3000]
        if timestamp == "20160226140000":
            return 302, {"Location": f"/web/20160226140000id_/{base}/"}, b""
        if timestamp == "20160226150000":
            return 503, {"Memento-Datetime": "Fri, 26 Feb 2016 15:00:00 GMT"}, b"a 503 that was archived"
        return 200, {**whole, "Memento-Datetime": "Sat, 27 Feb 2016 00:00:07 GMT"}, body_of(base, good)

    with archive(answer) as (wayback, asked):
        site = recovering(gone_replica.profile, tmp_path, wayback=wayback, cdx=f"{wayback}/cdx", **FAST)
        seed = write_seed(tmp_path / "seed.txt", good, wrong)
        done = crawl(seed, tmp_path / "corpus", site, settings=WITHOUT_PICTURES)
    assert done.returncode == 0, done.stderr
    kept = latest(tmp_path / "corpus")
    found = kept[str(good)]["capture"]
    assert (found["source"], found["archived"]) == ("wayback", "2016-02-27T00:00:07+00:00")
    assert [attempt["reason"] for attempt in found["attempts"][1:]] == [
        "wayback: it is cut short",
        "wayback: the capture redirects elsewhere",
        "wayback: status 503",
    ]
    stub = kept[str(wrong)]
    assert stub["kind"] == "stub"
    assert stub["capture"]["attempts"][-1]["reason"].startswith("wayback: soft 404")
    index = [one for one in asked if one.path.startswith("/cdx")]
    assert len(index) == 3
    assert index[1].at - index[0].at >= 1.0  # a wait that was asked for, so never shorter
    assert stats_of(tmp_path / "corpus")["stats"]["gleaner/recover/wayback_broken_lines"] == 2


def states(corpus):
    with closing(sqlite3.connect(corpus / "catalogue.sqlite")) as connection, connection:
        rows = connection.execute("SELECT id, state, reason FROM targets WHERE depth = 1").fetchall()
        due = connection.execute("SELECT count(*) FROM visits WHERE due IS NOT NULL").fetchone()[0]
    connection.close()
    return rows, due


def test_targets_wait_for_an_archive_that_is_down_or_busy_and_a_kill_loses_none_of_them(gone_replica, tmp_path):
    base, corpus, port = gone_replica.url, tmp_path / "corpus", free_port()
    seed = write_seed(tmp_path / "seed.txt", *GONE)
    site = recovering(
        gone_replica.profile,
        tmp_path,
        wayback=f"http://127.0.0.1:{port}",
        cdx=f"http://127.0.0.1:{port}/cdx",
        patience=1,
        **{**FAST, "captures_per_minute": 120},
    )
    arguments = (seed, corpus, site)

    done = crawl(*arguments, settings=WITHOUT_PICTURES)
    assert (done.returncode, "wait" in done.stdout) == (9, True), done.stderr
    assert latest(corpus) == {}  # not stubs
    rows, due = states(corpus)
    assert ({state for _, state, _ in rows}, due) == ({"failed"}, len(GONE))
    assert len(rows) == len(GONE)
    assert all("wayback: no answer" in reason or "left alone" in reason for _, _, reason in rows)

    busy = (429, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, b"")
    with archive(lambda _asked, _before: busy, port) as (_, asked):
        done = crawl(*arguments, settings=WITHOUT_PICTURES)
    assert done.returncode == 18, done.stderr
    assert len(asked) == 1
    assert latest(corpus) == {}

    index = "\n".join(cdx_line(base, number, "20160227000000") for number in GONE)

    def answer(asked, _before):
        if asked.path.startswith("/cdx"):
            return 200, {}, index.encode()
        number = asked.path.partition("/news/")[2].partition("/")[0]
        return 200, {"Content-Type": "text/html; charset=utf-8"}, body_of(base, int(number))

    with archive(answer, port) as (_, asked):
        command = scrapy_command(*crawl_arguments(*arguments, settings=WITHOUT_PICTURES))
        with warm.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
            wait_for(lambda: sum("/web/" in one.path for one in asked) >= 2)
            first.send_signal(signal.SIGKILL)
        had = latest(corpus)
        assert len(had) < len(GONE)
        done = crawl(*arguments, settings=WITHOUT_PICTURES)
    assert done.returncode == 0, done.stderr
    kept = latest(corpus)
    assert {number: record["kind"] for number, record in kept.items()} == {str(number): "article" for number in GONE}
    assert {number: kept[number] for number in had} == had
    assert sum(one.path.startswith("/cdx") for one in asked) == 1  # the answers that the killed crawl received are kept
    assert len(records(corpus)) == len(GONE) + 1
    assert verify(corpus).problems == []
    assert not answers(f"http://127.0.0.1:{port}")


EXCLUSION = b"org.archive.wayback.exception.RobotAccessControlException: Blocked By Robots"
OUTAGE = b"<html><head><title>Internet Archive</title></head><body>Temporarily offline</body></html>"


def test_archive_that_excludes_the_site_gets_one_request_and_its_targets_become_stubs(gone_replica, tmp_path):
    seed = write_seed(tmp_path / "seed.txt", *GONE)
    with archive(lambda _asked, _before: (403, {}, EXCLUSION)) as (wayback, asked):
        site = recovering(gone_replica.profile, tmp_path, wayback=wayback, **FAST)
        done = crawl(seed, tmp_path / "corpus", site)
        again = crawl(seed, tmp_path / "corpus", site)
    assert (done.returncode, again.returncode) == (0, 0), done.stderr
    assert len(asked) == 1
    assert done.stderr.count("excludes 127.0.0.1") == 1
    stubs = latest(tmp_path / "corpus")
    assert {stub["kind"] for stub in stubs.values()} == {"stub"}
    assert all("the archive excludes the site (Blocked By Robots)" in str(stub["capture"]) for stub in stubs.values())


@pytest.mark.parametrize("status", [400, 403, 404, 200])
def test_answer_that_is_not_of_an_index_counts_as_an_outage(gone_replica, tmp_path, status):
    seed = write_seed(tmp_path / "seed.txt", *GONE)
    with archive(lambda _asked, _before: (status, {"Content-Type": "text/html"}, OUTAGE)) as (wayback, asked):
        site = recovering(gone_replica.profile, tmp_path, wayback=wayback, patience=1, **FAST)
        done = crawl(seed, tmp_path / "corpus", site, settings=WITHOUT_PICTURES)
    assert done.returncode == 9, done.stderr
    assert len(asked) <= 3
    assert latest(tmp_path / "corpus") == {}  # they wait


def test_page_of_an_outage_in_place_of_captures_counts_as_an_outage(gone_replica, tmp_path):
    index = "\n".join(cdx_line(gone_replica.url, number, "20160227000000") for number in GONE).encode()

    def answer(asked, _before):
        return (200, {}, index) if "/cdx/" in asked.path else (200, {"Content-Type": "text/html"}, OUTAGE)

    with archive(answer) as (wayback, asked):
        site = recovering(gone_replica.profile, tmp_path, wayback=wayback, patience=1, **FAST)
        done = crawl(write_seed(tmp_path / "seed.txt", *GONE), tmp_path / "corpus", site, settings=WITHOUT_PICTURES)
    assert done.returncode == 9, done.stderr
    assert sum("/web/" in one.path for one in asked) <= 3
    assert latest(tmp_path / "corpus") == {}


def test_archive_that_withholds_the_captures_excludes_the_site(gone_replica, tmp_path):
    index = "\n".join(cdx_line(gone_replica.url, number, "20160227000000") for number in GONE).encode()
    with archive(lambda asked, _: (200, {}, index) if "/cdx/" in asked.path else (451, {}, b"")) as (wayback, _):
        site = recovering(gone_replica.profile, tmp_path, wayback=wayback, **FAST)
        done = crawl(write_seed(tmp_path / "seed.txt", *GONE), tmp_path / "corpus", site, settings=WITHOUT_PICTURES)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("excludes 127.0.0.1") == 1  # those underway by then are the last
    assert {stub["kind"] for stub in latest(tmp_path / "corpus").values()} == {"stub"}
