"""``scrapy crawl neighbours`` with seeds that are lists, and with the URLs of pages, feeds and sitemaps of the site."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from crawler.replica.site import Site
from tests import warm
from tests.crawling import REPOSITORY, crawl, crawl_arguments, records, scrapy_command, write_seed
from tests.scripted import Scripted, article, http, write_profile
from tests.waiting import HANG_SECONDS, wait_for
from tests.warc.exchanges import exchange
from tests.warc.test_replay import write

MANY = [number for number in range(1790000, 1792000) if Site().answer(number) == "page"][:60]
IDS = MANY[:6]
QUICK = ("IMAGES_FETCH=none", "DOWNLOAD_DELAY=0", "RETRY_TIMES=1")
XML = "application/xml"


class NewsSite:
    """A site with the articles of the replica, whose other paths answer what a test scripts."""

    def __init__(self, tmp_path: Path) -> None:
        self.others: dict[str, bytes] = {}
        self.server = Scripted(self.answer)
        self.profile = write_profile(tmp_path / "site.toml", self.server.url)
        self.corpus = tmp_path / "corpus"

    def answer(self, path: str) -> bytes:
        if path in self.others:
            return self.others[path]
        return article(path) if re.fullmatch(r"/news/\d+", path) else http(404, b"not here")

    def serve(self, path: str, body: str | bytes, *headers: str, status: int = 200, kind: str = XML) -> str:
        """Answer *path* with *body*; return its URL."""
        data = body.encode() if isinstance(body, str) else body
        self.others[path] = http(status, data, *headers, content_type=kind)
        return f"{self.server.url}{path}"

    def article(self, number: int) -> str:
        return f"{self.server.url}/news/{number}"

    def crawl(self, *seeds: object, depth: int = 0):
        return crawl(",".join(map(str, seeds)), self.corpus, self.profile, f"depth={depth}", settings=QUICK)

    def asked_articles(self) -> list[str]:
        return [path.removeprefix("/news/") for path in self.server.paths if path.startswith("/news/")]


@pytest.fixture
def site(tmp_path):
    news = NewsSite(tmp_path)
    with news.server:
        yield news


def ids(corpus: Path) -> list[int]:
    return sorted(int(record["id"]) for record in records(corpus) if record["kind"] == "article")


def sitemap(*urls: str) -> str:
    return f"<urlset>{''.join(f'<url><loc>{url}</loc></url>' for url in urls)}</urlset>"


def sitemap_index(*urls: str) -> str:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{url}</loc></sitemap>' for url in urls)}</sitemapindex>"


def rss(*links: str) -> str:
    return f"<rss><channel>{''.join(f'<item><link>{link}</link></item>' for link in links)}</channel></rss>"


def test_listed_articles_are_archived_at_depth_0_and_a_second_crawl_requests_nothing(site, tmp_path):
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "a.txt").write_text(f"{site.article(IDS[0])}\r\nhttp://elsewhere.example/news/5\r\n{IDS[1]}\r\n")
    (folder / "b.csv").write_text(f"row;url\n1;{site.article(IDS[2])}\n2;\n")
    (folder / "c.jsonl").write_text(json.dumps({"url": site.article(IDS[3]), "title": "A title of the list"}))
    (folder / "d.xml.gz").write_bytes(gzip.compress(sitemap(site.article(IDS[4])).encode()))
    write_seed(folder / "dump.txt", IDS[5])
    done = site.crawl(folder)
    assert done.returncode == 0, done.stderr
    assert ids(site.corpus) == IDS[:5]
    for record in records(site.corpus):
        assert (record["depth"], record["discovered_from"]) == (0, [])
        assert record["title"] != "A title of the list"
    assert done.stderr.count("entries is no article of replica, and skipped") == 2
    assert "1 of 3 entries is no article of replica, and skipped, such as number 2" in done.stderr
    before = len(site.server.paths)
    assert site.crawl(folder).returncode == 0
    assert len(site.server.paths) == before


def test_articles_that_listed_articles_list_are_one_step_away(site, tmp_path):
    (tmp_path / "list.txt").write_text(f"{IDS[0]}\n")
    assert site.crawl(tmp_path / "list.txt", depth=1).returncode in {0, 9}
    (first,) = [record for record in records(site.corpus) if record["id"] == str(IDS[0])]
    listed = {item["id"] for item in first["related"]}
    others = [record for record in records(site.corpus) if record["id"] != str(IDS[0])]
    assert {record["id"] for record in others} == listed - {str(IDS[0])}
    assert {(record["depth"], *record["discovered_from"]) for record in others} == {(1, first["key"])}


def test_title_of_a_feed_is_that_of_a_stub(site):
    gone = IDS[0]
    site.serve(f"/news/{gone}", "gone", status=410)
    feed = f"<rss><channel><item><title>Rain &amp; sun</title><link>{site.article(gone)}</link></item></channel></rss>"
    site.crawl(site.serve("/rss", feed))
    (stub,) = records(site.corpus)
    assert (stub["kind"], stub["title"], stub["published"], stub["discovered_from"]) == ("stub", "Rain & sun", None, [])


def test_live_feeds_sitemaps_and_pages_go_through_the_downloader(site):
    child = site.serve("/map-1.xml.gz", gzip.compress(sitemap(site.article(IDS[1])).encode()), kind="application/gzip")
    index = site.serve("/map.xml", sitemap_index(child, f"{site.server.url}/map.xml", "http://192.0.2.1/map.xml"))
    feed = site.serve("/feed", rss(f"/news/{IDS[2]}"))
    moved = site.serve("/old-feed", "", f"Location: {feed}", status=301)
    done = site.crawl(index, moved, site.article(IDS[0]))
    assert done.returncode == 0, done.stderr
    assert ids(site.corpus) == IDS[:3]
    assert Counter(site.server.paths)["/map.xml"] == 1
    assert site.server.paths[0] == "/robots.txt"
    assert "192.0.2.1/map.xml: not a URL of replica's hosts, skipped" in done.stderr


def test_dump_on_a_live_page_is_a_seed(site, tmp_path):
    page = write_seed(tmp_path / "dump.txt", *IDS[:2]).read_text()
    url = site.serve("/print?page=7", f"<html><p>Some words</p><pre>{page}</pre></html>", kind="text/html")
    assert site.crawl(url, depth=1).returncode == 0
    seeds = [record for record in records(site.corpus) if record["kind"] == "seed"]
    assert [record["url"] for record in seeds] == [url]
    assert set(IDS[:2]) <= set(ids(site.corpus))


def test_robots_txt_holds_for_live_seeds(site):
    site.serve("/robots.txt", "User-agent: *\nDisallow: /private/\n", kind="text/plain")
    url = site.serve("/private/feed", rss(site.article(IDS[0])))
    done = site.crawl(url)
    assert done.returncode == 9
    assert "/private/feed" not in site.server.paths
    assert f"{url}: not fetched" in done.stderr


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (404, "<html>Not here</html>", 9, "not fetched (status 404)"),
        (503, "busy", 9, "not fetched (status 503)"),
        (200, "<html><a href='/news/1'>Not here</a></html>", 9, "no dump in it, and no list of articles, skipped"),
        (200, "<opml><body/></opml>", 9, "OPML lists feeds"),
        (200, "", 9, "no dump in it, and no list of articles, skipped"),
    ],
)
def test_page_that_is_no_feed_gives_nothing(site, status, body, code, message):
    done = site.crawl(site.serve("/feed", body, status=status, kind="text/html"))
    assert done.returncode == code
    assert message in done.stderr
    assert site.asked_articles() == []


def test_local_sitemap_index_leads_to_live_sitemaps(site, tmp_path):
    url = site.serve("/map-1.xml", sitemap(site.article(IDS[0])))
    (tmp_path / "index.xml").write_text(sitemap_index(url))
    assert site.crawl(tmp_path / "index.xml").returncode == 0
    assert ids(site.corpus) == IDS[:1]


def test_workers_that_share_a_frontier_share_listed_articles(site, tmp_path, redis_server):
    (tmp_path / "list.txt").write_text("".join(f"{number}\n" for number in IDS))
    corpora = [tmp_path / name for name in ("one", "two")]
    settings = (*QUICK, f"FRONTIER_URL={redis_server.url}", f"FRONTIER_KEY={tmp_path}")
    for corpus in corpora:
        done = crawl(tmp_path / "list.txt", corpus, site.profile, "depth=0", "max_articles=3", settings=settings)
        assert done.returncode == 0, done.stderr
    kept = [ids(corpus) for corpus in corpora]
    assert sorted(kept[0] + kept[1]) == IDS[: len(kept[0]) + len(kept[1])]
    assert len(site.asked_articles()) == len(set(site.asked_articles()))


@pytest.mark.parametrize(
    "text", ["A story.\n\nMore of it at\nhttp://example.org/news/1\n", "http://example.org/news/1\n"]
)
def test_seeds_without_dump_and_article_end_the_crawl_before_it_begins(site, tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    done = site.crawl(tmp_path / "a.txt")
    assert done.returncode == 4
    assert "no dump found in any of the seeds" in done.stderr
    assert not site.corpus.exists()


def test_crawl_of_a_list_that_is_killed_resumes(site, tmp_path):
    (tmp_path / "list.txt").write_text("".join(f"{number}\n" for number in MANY))
    arguments = crawl_arguments(tmp_path / "list.txt", site.corpus, site.profile, "depth=0", settings=QUICK)
    running = warm.Popen(scrapy_command(*arguments), cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(site.asked_articles()) > 8)
    running.kill()
    running.wait()
    assert site.crawl(tmp_path / "list.txt").returncode == 0
    assert ids(site.corpus) == MANY


def test_user_name_for_the_site_itself_is_refused(site):
    url = site.serve("/feed", rss(site.article(IDS[0]))).replace("http://", "http://me:s3cret@")
    done = site.crawl(url)
    assert done.returncode == 4
    assert "with a user name" in done.stderr
    assert "s3cret" not in done.stderr
    assert site.server.paths == []


def test_sitemap_in_a_web_archive_leads_to_sitemaps_there(site, tmp_path):
    """They name the original articles, which are requested from the site."""
    archive = f"{site.server.url}/web/2016id_/"
    profile = site.profile.read_text() + f'[recover]\nwayback = "{site.server.url}"\nsteps = []\n'
    (tmp_path / "site.toml").write_text(
        profile.replace(f"{site.server.url}/news/{{id}}", "http://127.0.0.1:9/news/{id}")
    )
    site.serve("/web/2016id_/http://127.0.0.1:9/map.xml", sitemap_index("http://127.0.0.1:9/map-1.xml"))
    site.serve("/web/2016id_/http://127.0.0.1:9/map-1.xml", sitemap(f"http://127.0.0.1:9/news/{IDS[0]}"))
    done = site.crawl(f"{archive}http://127.0.0.1:9/map.xml")
    assert [path for path in site.server.paths if path.startswith("/web/")] == [
        "/web/2016id_/http://127.0.0.1:9/map.xml",
        "/web/2016id_/http://127.0.0.1:9/map-1.xml",
    ]
    assert [record["id"] for record in records(site.corpus)] == [str(IDS[0])], done.stderr


def test_live_seeds_come_from_warc_files_too(site, tmp_path):
    url = site.article(IDS[0])
    page = article(f"/news/{IDS[0]}").partition(b"\r\n\r\n")[2]
    feed = exchange(url=f"{site.server.url}/rss", body=rss(url).encode(), headers=(("Content-Type", "text/xml"),))
    path = write(tmp_path / "a.warc.gz", feed, exchange(url=url, body=page))
    settings = (*QUICK, f"SOURCE=warc:{path}")
    done = crawl(f"{site.server.url}/rss", site.corpus, site.profile, "depth=0", settings=settings)
    assert done.returncode == 0, done.stderr
    assert ids(site.corpus) == IDS[:1]
    assert site.server.paths == []


def test_sitemaps_without_end_are_bounded_and_reported(site, tmp_path):
    """A server may name ever new sitemaps."""
    tail = "from crawler.spiders import liveseeds\nliveseeds._MAX_SITEMAPS = 5\n"
    (tmp_path / "few.py").write_text(f"{tail}from scrapy.cmdline import execute\nexecute()\n")
    names = [f"{site.server.url}/map-{number}.xml" for number in range(9)]
    for number in range(8):
        site.serve(f"/map-{number}.xml", sitemap_index(*names[number + 1 :]))
    arguments = crawl_arguments(names[0], site.corpus, site.profile, "depth=0", settings=QUICK)
    command = [sys.executable, "-W", "ignore", tmp_path / "few.py", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=HANG_SECONDS)
    assert done.returncode == 9, done.stderr
    assert "sitemaps beyond the first 5 were not requested" in done.stderr
    assert [path for path in site.server.paths if path.startswith("/map")] == [
        f"/map-{number}.xml" for number in range(5)
    ]
