"""Crawls of odd lists, of local files, and from archives that misbehave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.captures.lines import CaptureLine, write_captures
from crawler.replica import Site
from crawler.warc import write_warc
from crawler.warc.index import url_key
from crawler.warc.reading import read_records
from tests.archives import run_tool
from tests.crawling import crawl as crawl_seeds
from tests.crawling import records, write_seed
from tests.recover.webarchive import Pywb, archive, captured, page, part_of, recovering, utc
from tests.spiders.test_captures import FAST, IDS, SETTINGS, articles, crawl, edition, requests_to_archives, stats_of

SITE = Site()
WHEN = utc(2016, 2, 28, 12)
STAMP = "20160228120000"


@pytest.fixture(scope="module")
def gone_replica(start_replica):
    """All neighbours were switched off, and every picture."""
    return start_replica("--gone-ids", ",".join(map(str, IDS)), "--gone-pictures", "1")


def line(url, stamp=STAMP, source="library", **facts):
    whole = {"mime": "text/html", "status": "200", "digest": None, "length": None, **facts}
    return CaptureLine(url_key(url), stamp, url, source=source, **whole)


def write(path: Path, *lines: CaptureLine) -> Path:
    write_captures(path, lines)
    return path


def body_of(base, number):
    return captured(base, f"/news/{number}", WHEN, SITE)[-1].body


def library(base):
    return {"name": "library", "cdx": f"{base}/papers/cdx", "replay": f"{base}/papers/{{timestamp}}id_/{{url}}"}


def reply(body, **headers):
    return 200, {"Content-Type": "text/html; charset=utf-8", **headers}, body


def test_variants_of_a_url_are_one_article(gone_replica, tmp_path):
    base = gone_replica.url
    host = base.removeprefix("http://")
    urls = [
        f"{base}/news/{IDS[0]}",
        f"{base}/news/{IDS[0]}?utm_source=x",
        f"https://{host}/news/{IDS[0]}",
        f"{base}/news/{IDS[0]}/a-slug",
        f"{base}//news/{IDS[0]}",
    ]
    with archive(lambda _asked, _: reply(body_of(base, IDS[0]))) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], **FAST)
        stamps = [f"201602281200{second:02}" for second in range(len(urls))]
        listing = write(
            tmp_path / "captures.jsonl.gz", *(line(one, stamp) for one, stamp in zip(urls, stamps, strict=True))
        )
        done = crawl(listing, site, tmp_path / "corpus", "depth=0", "per_article=all")
    assert done.returncode == 0, done.stderr
    assert {number: len(versions) for number, versions in articles(tmp_path / "corpus").items()} == {IDS[0]: 1}
    assert [one.path.partition("id_/")[2] for one in asked] == urls
    assert stats_of(tmp_path / "corpus")["gleaner/captures/unchanged"] == len(urls) - 1


def test_other_ports_hosts_and_pages_are_not_of_the_site(gone_replica, tmp_path):
    with archive(lambda _asked, _: reply(b"")) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], **FAST)
        listing = write(
            tmp_path / "captures.jsonl",
            line("http://127.0.0.1:9/news/1793350"),
            line("http://evil.example/news/1793350"),
            line(f"{gone_replica.url}/tag/1793350"),
        )
        done = crawl(listing, site, tmp_path / "corpus")
    assert done.returncode == 4
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .endswith(f"{listing}: no capture of an article of the site replica in 3 lines (3 not an article)")
    )
    assert not (tmp_path / "corpus").exists()
    assert asked == []


def test_mistakes_end_the_crawl_with_one_line_before_the_first_request(gone_replica, tmp_path):
    good = f"{gone_replica.url}/news/{IDS[0]}"
    with archive(lambda _asked, _: reply(b"")) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], **FAST)
        (tmp_path / "page.html").write_text("<html>a page</html>")
        (tmp_path / "empty.jsonl").touch()
        other = write(tmp_path / "other.jsonl", line(good), line(good, source="nowhere"))
        good_list = write(tmp_path / "good.jsonl", line(good))
        expected = {
            (tmp_path / "none.jsonl",): "none.jsonl: there is no such file",
            (tmp_path,): "it is not a file",
            (
                tmp_path / "empty.jsonl",
            ): "no capture of an article of the site replica in 0 lines (the lists are empty)",
            (tmp_path / "page.html",): "no capture of an article of the site replica in 1 lines (1 unreadable)",
            (other,): f"it has no archive 'nowhere', which {other} names for {good} (it has: library)",
            (good_list, "per_article=some"): "-a per_article=some: give one of nearest, first, last, all",
            (good_list, "seeds=x"): "unknown argument -a seeds= of the spider captures",
            ("",): "no list of captures given",
        }
        for what, words in expected.items():
            done = crawl(what[0], site, tmp_path / "corpus", *what[1:])
            assert done.returncode == 4, (what, done.stderr)
            assert words in done.stderr.strip().splitlines()[-1], done.stderr
            assert "Traceback" not in done.stderr
        done = crawl(good_list, site, tmp_path / "corpus", settings=("FRONTIER_URL=redis://127.0.0.1:1",))
        assert (done.returncode, "FRONTIER_URL: this spider works on a corpus of its own" in done.stderr) == (4, True)
    assert asked == []


def test_bad_lines_are_reported_with_their_place_and_skipped(gone_replica, tmp_path):
    with archive(lambda _asked, _: reply(body_of(gone_replica.url, IDS[0]))) as (url, _):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], **FAST)
        listing = write(tmp_path / "captures.jsonl", line(f"{gone_replica.url}/news/{IDS[0]}"))
        listing.write_text("nonsense\n" + listing.read_text() + '{"url": 7}\n')
        done = crawl(listing, site, tmp_path / "corpus", "depth=0")
    assert done.returncode == 0
    assert f"{listing}:1: " in done.stderr
    assert f"{listing}:3: " in done.stderr
    assert "Lines of no use: 2 of 3: 2 unreadable" in done.stdout
    assert list(articles(tmp_path / "corpus")) == [IDS[0]]


def test_short_timestamps_unknown_digests_and_plain_cdx_are_taken(gone_replica, tmp_path):
    base = gone_replica.url
    listing = tmp_path / "index.cdx"
    listing.write_text(
        " CDX N b a m s k S\n"
        f"k 201602281200 {base}/news/{IDS[0]} text/html 200 - 900\n"
        f"k 20160228 {base}/news/{IDS[1]} unk - - -\n"
        f"k {STAMP} {base}/news/{IDS[2]} warc/revisit - AAA 9\n"
    )

    def answer(asked, _before):
        number = int(asked.path.rpartition("/")[2])
        return reply(body_of(base, number), **{"Memento-Datetime": "Sun, 28 Feb 2016 12:00:07 GMT"})

    with archive(answer) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], **FAST)
        done = crawl(listing, site, tmp_path / "corpus", "depth=0", "source=library", "per_article=all")
    assert done.returncode == 0, done.stderr
    found = articles(tmp_path / "corpus")
    assert list(found) == list(IDS[:3])
    assert {one["capture"]["archived"] for versions in found.values() for one in versions} == {
        "2016-02-28T12:00:07+00:00"
    }
    assert sorted(one.path.split("/")[2] for one in asked) == ["20160228000000id_", "20160228120000id_", f"{STAMP}id_"]


def test_captures_that_are_not_the_article_fall_back_to_the_ladder(gone_replica, tmp_path):
    """The listed ones are a parked domain, cut short, gone; the index knows a good one, elsewhere."""
    base = gone_replica.url
    parked = b"<title>x</title><p>This domain is for sale.</p>"

    def answer(asked, _before):
        if "/papers/cdx" in asked.path:
            return 200, {}, f"k 20170101000000 {base}/news/{IDS[0]} text/html 200 GOOD 9\n".encode()
        if "/20170101000000id_/" in asked.path:
            return reply(body_of(base, int(asked.path.rpartition("/")[2])))
        if "/20140101000000id_/" in asked.path:
            return reply(parked)
        if "/20150101000000id_/" in asked.path:
            return reply(b"<p>cut", **{"X-Archive-Orig-Content-Length": "99999"})
        return 404, {}, b"no such capture"

    stamps = ("20140101000000", "20150101000000", "20160101000000")
    with archive(answer) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], **FAST)
        listing = write(
            tmp_path / "captures.jsonl",
            *(line(f"{base}/news/{number}", stamp) for number in IDS[:2] for stamp in stamps),
        )
        done = crawl(listing, site, tmp_path / "corpus", "depth=0")
        assert done.returncode == 0, done.stderr
        first = len(asked)
        again = crawl(listing, site, tmp_path / "corpus", "depth=0")
        assert (again.returncode, len(asked)) == (0, first)
    found = {int(one["id"]): one for one in records(tmp_path / "corpus")}
    assert (found[IDS[0]]["kind"], found[IDS[0]]["capture"]["archived"]) == ("article", "2017-01-01T00:00:00+00:00")
    assert (found[IDS[1]]["kind"], found[IDS[1]]["capture"]["source"]) == ("stub", "origin")
    reasons = [attempt["reason"] for attempt in found[IDS[0]]["capture"]["attempts"]]
    assert reasons[:3] == [
        "library: status 404",
        "library: it is cut short",
        "library: soft 404: the domain is parked",
    ]  # the nearest to the date of the id first
    assert all(not reason.startswith("library") for reason in reasons[3:])
    for reason in ("soft 404: the domain is parked", "it is cut short", "status 404"):
        assert stats_of(tmp_path / "corpus")[f"gleaner/captures/failed/{reason}"] == 2
    assert "Failed captures: 2 it is cut short, 2 soft 404: the domain is parked, 2 status 404" in done.stdout
    assert sum("20140101000000id_" in one.path for one in asked) == 2  # the ladder does not try them again


def test_redirect_to_another_capture_is_followed_and_one_to_another_page_is_not(gone_replica, tmp_path):
    base = gone_replica.url
    ends = {IDS[0]: f"{base}/news/{IDS[0]}", IDS[1]: f"{base}/"}

    def answer(asked, _before):
        number = int(asked.path.rpartition("/")[2])
        if f"/{STAMP}id_/" in asked.path:
            return 302, {"Location": f"/papers/20160301000000mp_/{ends[number]}"}, b""
        return reply(body_of(base, number)) if "20160301000000id_" in asked.path else (404, {}, b"")

    with archive(answer) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], steps=["sisters"], **FAST)
        lines = [line(f"{base}/news/{number}", status="302") for number in IDS[:2]]
        done = crawl(write(tmp_path / "captures.jsonl", *lines), site, tmp_path / "corpus", "depth=0")
    assert done.returncode == 0, done.stderr
    found = {int(one["id"]): one for one in records(tmp_path / "corpus")}
    assert found[IDS[0]]["capture"]["archived"] == "2016-03-01T00:00:00+00:00"
    assert found[IDS[1]]["kind"] == "stub"
    assert found[IDS[1]]["capture"]["attempts"][0]["reason"] == "library: the capture redirects elsewhere"
    assert len(asked) == 3


def test_archive_that_asks_to_wait_is_asked_again_and_nothing_twice(gone_replica, tmp_path):
    base = gone_replica.url
    good = {f"/papers/{STAMP}id_/{base}/news/{number}": number for number in IDS}

    def answer(asked, before):
        if asked.path == f"/papers/{STAMP}id_/{base}/news/{IDS[4]}" and before == 0:
            return 429, {"Retry-After": "1"}, b"slow down"
        return reply(body_of(base, good[asked.path]))

    with archive(answer) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], patience=30, **FAST)
        listing = write(tmp_path / "captures.jsonl", *(line(f"{base}/news/{number}") for number in IDS))
        done = crawl(listing, site, tmp_path / "corpus", "depth=0", "per_article=all")
    assert done.returncode == 0, done.stderr
    assert sorted(articles(tmp_path / "corpus")) == list(IDS)
    assert len(asked) == len(IDS) + 1


def test_archive_that_is_down_leaves_its_captures_to_the_next_crawl(gone_replica, tmp_path):
    base, down = gone_replica.url, [True]

    def answer(asked, _before):
        number = int(asked.path.rpartition("/")[2])
        if number in IDS[3:] and down[0]:
            return 429, {"Retry-After": "3000"}, b"slow down"
        return reply(body_of(base, number))

    with archive(answer) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], patience=1, steps=["sisters"], **FAST)
        listing = write(tmp_path / "captures.jsonl", *(line(f"{base}/news/{number}") for number in IDS))
        done = crawl(listing, site, tmp_path / "corpus", "depth=0")
        assert done.returncode == 18, done.stderr
        had = articles(tmp_path / "corpus")
        assert set(had) <= set(IDS[:3])
        assert "not requested yet" in done.stdout
        down[0], before = False, len(asked)
        done = crawl(listing, site, tmp_path / "corpus", "depth=0")
    assert done.returncode == 0, done.stderr
    assert sorted(articles(tmp_path / "corpus")) == list(IDS)
    assert len(asked) - before == len(IDS) - len(had)


def test_lines_of_local_files_and_common_crawl_are_read_by_their_place(gone_replica, tmp_path):
    base = gone_replica.url
    lines, files = [], {}
    for name, source, numbers in (("local.warc.gz", "warc", IDS[:3]), ("CC-MAIN.warc.gz", "commoncrawl", IDS[3:6])):
        files[name] = tmp_path / name
        with files[name].open("wb") as stream:
            write_warc(stream, (captured(base, f"/news/{number}", WHEN, SITE)[-1] for number in numbers), name, {})
        for row in run_tool("cdxj-indexer", str(files[name])).stdout.splitlines():
            facts = json.loads(row.split(" ", 2)[2])
            place = {"filename": name, "offset": int(facts["offset"]), "length": int(facts["length"])}
            lines.append(line(facts["url"], source=source, **place))
    with archive(lambda asked, _: part_of(files[asked.path[1:]], asked)) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, commoncrawl=url, commoncrawl_data=url, **FAST)
        done = crawl(
            write(tmp_path / "captures.jsonl", *lines), site, tmp_path / "corpus", "depth=0", "per_article=all"
        )
    assert done.returncode == 0, done.stderr
    found = articles(tmp_path / "corpus")
    assert sorted(found) == list(IDS[:6])
    captures = {number: versions[0]["capture"] for number, versions in found.items()}
    assert {captures[number]["source"] for number in IDS[:3]} == {"warc"}
    assert {captures[number]["source"] for number in IDS[3:6]} == {"commoncrawl"}
    assert captures[IDS[0]]["url"].startswith(f"{files['local.warc.gz']}#")
    assert {capture["archived"] for capture in captures.values()} == {"2016-02-28T12:00:00+00:00"}
    assert len(asked) == 3


def test_articles_of_an_earlier_crawl_get_their_earlier_versions(start_replica, tmp_path):
    """The live site's text stays the highest version; the captures' texts come before it in time."""
    replica = start_replica()
    base = replica.url
    stamps = {"20140228120000": "", "20150228120000": "Corrected on Monday. "}

    def answer(asked, _before):
        stamp, number = asked.path.split("/")[2][:14], int(asked.path.rpartition("/")[2])
        return reply(edition(base, number, WHEN, stamps[stamp]).body)

    corpus = tmp_path / "corpus"
    with archive(answer) as (url, asked):
        site = recovering(replica.profile, tmp_path, [library(url)], **FAST)
        crawl_seeds(write_seed(tmp_path / "seed.txt", *IDS[:3]), corpus, site, "depth=1", settings=SETTINGS)
        listing = write(
            tmp_path / "captures.jsonl",
            *(line(f"{base}/news/{number}", stamp) for number in IDS[:4] for stamp in stamps),
        )
        one_of_each = crawl(listing, site, corpus, "depth=0")
        assert one_of_each.returncode == 0, one_of_each.stderr
        assert {one.path.rpartition("/")[2] for one in asked} == {str(IDS[3])}
        done = crawl(listing, site, corpus, "depth=0", "per_article=all")
        assert done.returncode == 0, done.stderr
    for number, versions in articles(corpus).items():
        if number in IDS[:3]:
            assert [one["capture"]["source"] for one in versions] == ["origin", "library", "origin"]
            assert [one["text"].startswith("Corrected on Monday") for one in versions] == [False, True, False]


def test_pictures_of_listed_articles_come_from_archives_as_always(gone_replica, tmp_path):
    base = gone_replica.url
    site = recovering(gone_replica.profile, tmp_path)
    pictures = [
        one
        for template in ("original", "855x495")
        for one in captured(base, f"/news/image/{template}/{SITE.pic(IDS[0])}", WHEN, SITE)
    ]
    pywb = Pywb(tmp_path / "pywb", web=[*captured(base, f"/news/{IDS[0]}", WHEN, SITE), *pictures])
    try:
        site = recovering(gone_replica.profile, tmp_path, wayback=pywb.url, cdx=f"{pywb.url}/web-index", **FAST)
        listing = write(tmp_path / "captures.jsonl", line(f"{base}/news/{IDS[0]}", source="wayback"))
        done = crawl(listing, site, tmp_path / "corpus", "depth=0", settings=("IMAGES_FETCH=all",))
    finally:
        pywb.stop()
    assert done.returncode == 0, done.stderr
    (found,) = articles(tmp_path / "corpus")[IDS[0]]
    assert {image["status"] for image in found["images"] if image["pic"] == SITE.pic(IDS[0])} == {"stored"}
    assert requests_to_archives(tmp_path / "corpus")["wayback"] == 2


def test_revisit_records_are_resolved_by_the_archive(gone_replica, tmp_path):
    """pywb answers for a revisit with the bytes of the response that it refers to."""
    base = gone_replica.url
    first = edition(base, IDS[0], WHEN)
    later = page(first.url, utc(2017, 1, 1), first.body)
    pywb = Pywb(tmp_path / "pywb", web=[first, later])
    try:
        site = recovering(gone_replica.profile, tmp_path, wayback=pywb.url, cdx=f"{pywb.url}/web-index", **FAST)
        revisit = line(first.url, "20170101000000", "wayback", mime="warc/revisit", status=None, digest="AAA")
        done = crawl(write(tmp_path / "captures.jsonl", revisit), site, tmp_path / "corpus", "depth=0")
    finally:
        pywb.stop()
    assert done.returncode == 0, done.stderr
    (found,) = articles(tmp_path / "corpus")[IDS[0]]
    assert found["capture"]["archived"] == "2017-01-01T00:00:00+00:00"


def notice(url, seconds=0):
    return f'<html><head><meta http-equiv="refresh" content="{seconds}; url={url}"></head><body>Moved</body>'.encode()


def test_captures_that_only_lead_on_and_redirects_without_a_target_are_read_as_browsers_do(gone_replica, tmp_path):
    base = gone_replica.url
    urls = {number: f"{base}/news/{number}" for number in IDS}
    later = {number: f"/papers/{STAMP}id_/{url}/later" for number, url in urls.items()}

    def answer(asked, _before):
        number = next(one for one in IDS if f"/news/{one}" in asked.path)
        whole = reply(body_of(base, number))
        if asked.path.endswith("/later"):
            return whole
        return {
            IDS[0]: reply(notice(f"/news/{number}/later")),  # as the page on its site says it
            IDS[1]: reply(notice(later[number])),  # rewritten by the archive, which is wrong for id_
            IDS[2]: (200, {"Content-Type": "text/html", "X-Archive-Orig-Refresh": f"0;{urls[number]}/later"}, b"<p>x"),
            IDS[3]: (302, {"Content-Type": "text/html"}, whole[2]),
            IDS[4]: (203, {"Content-Type": "text/html"}, whole[2]),
            IDS[5]: reply(notice(f"{base}/")),
            IDS[6]: reply(notice(urls[number])),
        }[number]

    with archive(answer) as (url, asked):
        site = recovering(gone_replica.profile, tmp_path, [library(url)], steps=["sisters"], **FAST)
        lines = [
            line(urls[number], status={3: "302", 4: "203"}.get(place, "200")) for place, number in enumerate(IDS[:7])
        ]
        done = crawl(write(tmp_path / "captures.jsonl", *lines), site, tmp_path / "corpus", "depth=0")
    assert done.returncode == 0, done.stderr
    found = {int(one["id"]): one for one in records(tmp_path / "corpus")}
    assert [found[number]["kind"] for number in IDS[:7]] == ["article"] * 5 + ["stub"] * 2
    assert [found[number]["capture"]["status"] for number in IDS[:5]] == [200, 200, 200, 302, 203]
    assert [found[number]["url"] for number in IDS[:3]] == [f"{urls[number]}/later" for number in IDS[:3]]
    reasons = [found[number]["capture"]["attempts"][0]["reason"] for number in IDS[5:7]]
    assert reasons[0] == "library: the capture redirects elsewhere"
    assert len(asked) == 7 + 3


def test_redirect_without_a_target_in_a_local_file_is_its_page(gone_replica, tmp_path):
    base = gone_replica.url
    url = f"{base}/news/{IDS[0]}"
    warc = tmp_path / "a.warc.gz"
    with warc.open("wb") as stream:
        write_warc(stream, [page(url, WHEN, body_of(base, IDS[0]), status=302)], warc.name, {})
    place = next(one for one in read_records(warc) if one.kind == "response")
    listing = write(
        tmp_path / "captures.jsonl",
        line(url, status="302", source="warc", filename=str(warc), offset=place.offset, length=place.length),
    )
    done = crawl(listing, recovering(gone_replica.profile, tmp_path, **FAST), tmp_path / "corpus", "depth=0")
    assert done.returncode == 0, done.stderr
    (found,) = articles(tmp_path / "corpus")[IDS[0]]
    assert found["capture"]["status"] == 302
