"""Crawls of a site that is gone, with several web archives: two collections of a real pywb, and one with TimeMaps only."""

from __future__ import annotations

import json

import pytest

from crawler.replica import Site
from crawler.sites import load_profile
from tests.crawling import crawl, records, scrapy, write_seed
from tests.recover.webarchive import Pywb, archive, captured, recovering, utc

SITE = Site()
FAST = {"cdx_per_minute": 6000, "captures_per_minute": 60000}
IDS = range(1793350, 1793362)
WITHOUT_ROBOTS = ("ROBOTSTXT_OBEY=False",)
WITHOUT_PICTURES = (*WITHOUT_ROBOTS, "IMAGES_FETCH=none")
WHEN = utc(2016, 2, 28, 12)
FIRST, SECOND, THIRD = IDS[:4], IDS[4:8], IDS[8:]


@pytest.fixture(scope="module")
def gone_replica(start_replica):
    """All neighbours were switched off, and every picture."""
    return start_replica("--gone-ids", ",".join(map(str, IDS)), "--gone-pictures", "1")


@pytest.fixture(scope="module")
def pywb(gone_replica, tmp_path_factory):
    """Three collections that hold four articles each, with their pictures."""
    base, site = gone_replica.url, load_profile(str(gone_replica.profile))
    held = {}
    for name, ids in (("web", FIRST), ("news", SECOND), ("old-papers", THIRD)):
        held[name] = [one for number in ids for one in captured(base, f"/news/{number}", WHEN, SITE)]
        for number in ids:
            for url in site.image_urls(SITE.pic(number)):
                held[name] += captured(base, url.removeprefix(base), WHEN, SITE)
    archives = Pywb(tmp_path_factory.mktemp("pywb"), **held)
    yield archives
    archives.stop()


def named(pywb, name, collection, *, timemap=False):
    index = (
        {"timemap": f"{pywb.url}/{collection}/timemap/link/{{url}}"}
        if timemap
        else {"cdx": f"{pywb.url}/{collection}-index"}
    )
    return {"name": name, "replay": f"{pywb.url}/{collection}/{{timestamp}}id_/{{url}}", **index}


def test_each_article_comes_from_the_archive_that_holds_it_pictures_too(gone_replica, pywb, tmp_path):
    archives = [named(pywb, "library", "news"), named(pywb, "papers", "old-papers", timemap=True)]
    site = recovering(gone_replica.profile, tmp_path, archives, wayback=pywb.url, cdx=f"{pywb.url}/web-index", **FAST)
    done = crawl(write_seed(tmp_path / "seed.txt", *IDS), tmp_path / "corpus", site, settings=WITHOUT_ROBOTS)
    assert done.returncode == 0, done.stderr
    assert "Recovered: 4 from wayback, 4 from library, 4 from papers" in done.stdout
    found = {int(one["id"]): one for one in records(tmp_path / "corpus") if one["kind"] == "article"}
    assert sorted(found) == list(IDS)
    for number, record in found.items():
        source, folder = next(
            names
            for ids, names in (
                (FIRST, ("wayback", "web")),
                (SECOND, ("library", "news")),
                (THIRD, ("papers", "old-papers")),
            )
            if number in ids
        )
        page = f"{gone_replica.url}/news/{number}"
        assert record["capture"]["source"] == source
        assert record["capture"]["url"].startswith(f"{pywb.url}/{folder}/20160228120000id_/{page}")
        assert record["capture"]["archived"] == "2016-02-28T12:00:00+00:00"
        assert record["title"] == SITE.title(number)
        (picture,) = (image for image in record["images"] if image["pic"] == SITE.pic(number))
        assert picture["status"] == "stored"
        assert picture["url"].startswith(f"{pywb.url}/{folder}/")
    (stats,) = (tmp_path / "corpus" / "runs").glob("*/stats.json")
    requests = {
        name.rpartition("/")[2]: count
        for name, count in json.loads(stats.read_text())["stats"].items()
        if name.startswith("gleaner/recover/requests/")
    }
    assert {"wayback-cdx", "wayback", "library-cdx", "library", "papers-cdx", "papers"} == set(requests)


def test_the_steps_of_a_profile_choose_archives_and_their_order(gone_replica, pywb, tmp_path):
    archives = [named(pywb, "one", "web"), named(pywb, "two", "news"), named(pywb, "three", "old-papers")]
    site = recovering(gone_replica.profile, tmp_path, archives, steps=["three", "one"], **FAST)
    crawl(write_seed(tmp_path / "seed.txt", *IDS), tmp_path / "corpus", site, settings=WITHOUT_PICTURES)
    sources = {
        int(one["id"]): one["capture"]["source"] for one in records(tmp_path / "corpus") if one["kind"] == "article"
    }
    assert sources == {**dict.fromkeys(FIRST, "one"), **dict.fromkeys(THIRD, "three")}
    stubs = [one for one in records(tmp_path / "corpus") if one["kind"] == "stub"]
    assert {tuple(attempt["source"] for attempt in one["capture"]["attempts"][1:]) for one in stubs} == {
        ("three", "one")
    }


def test_an_archive_that_redirects_to_another_form_of_a_capture_is_followed(gone_replica, tmp_path):
    """As pywb and Arquivo.pt do: to the exact time, in another form, without the scheme's second slash."""
    page = f"{gone_replica.url}/news/{IDS[0]}"
    body = captured(gone_replica.url, f"/news/{IDS[0]}", WHEN, SITE)[-1].body
    index = f"k 20160228120000 {page} text/html 200 AAA 9\n".encode()

    def answer(asked, _before):
        if "/wayback/cdx" in asked.path:
            return 200, {}, index
        if "/wayback/20160228120000id_/" in asked.path:
            return 302, {"Location": f"/wayback/20160228115959mp_/{page.replace('//', '/', 1)}"}, b""
        if asked.path == f"/wayback/20160228115959id_/{page}":
            return 200, {"Content-Type": "text/html; charset=utf-8"}, body
        return 404, {}, b""

    with archive(answer) as (base, asked):
        arquivo = {
            "name": "arquivo",
            "cdx": f"{base}/wayback/cdx",
            "replay": f"{base}/wayback/{{timestamp}}id_/{{url}}",
        }
        site = recovering(gone_replica.profile, tmp_path, [arquivo], **FAST)
        done = crawl(write_seed(tmp_path / "seed.txt", IDS[0]), tmp_path / "corpus", site, settings=WITHOUT_PICTURES)
    assert done.returncode == 0, done.stderr
    (found,) = [one for one in records(tmp_path / "corpus") if one["kind"] == "article"]
    assert (found["capture"]["source"], found["capture"]["archived"]) == ("arquivo", "2016-02-28T11:59:59+00:00")
    assert [one.path.partition("?")[0] for one in asked][-1].endswith(f"/wayback/20160228115959id_/{page}")


def test_rescue_shows_the_answer_of_every_archive(gone_replica, pywb, tmp_path):
    archives = [named(pywb, "library", "news"), named(pywb, "papers", "old-papers", timemap=True)]
    site = recovering(gone_replica.profile, tmp_path, archives, wayback=pywb.url, cdx=f"{pywb.url}/web-index", **FAST)
    done = scrapy("seeds", "rescue", str(THIRD[0]), "--site", site, "--json", "-s", f"CORPUS_DIR={tmp_path / 'corpus'}")
    result = json.loads(done.stdout)
    assert [one["source"] for one in result["attempts"]] == ["origin", "wayback", "library"]
    assert result["record"]["capture"]["source"] == "papers"
