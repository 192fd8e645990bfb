"""Feeds and sitemaps: each form, and what hostile or broken XML does."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
import tracemalloc
from zoneinfo import ZoneInfo

import pytest

from crawler.seeds.sources import read_bytes
from tests.crawling import REPOSITORY
from tests.seeds.lists.read import NEWS, seeds_of
from tests.waiting import HANG_SECONDS, wait_for

RSS_0_91 = f"""<?xml version="1.0" encoding="windows-1252"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>News</title><link>https://en.alalam.ir/</link>
<image><title>News</title><url>https://en.alalam.ir/logo.png</url><link>https://en.alalam.ir/</link></image>
<item><title>Caf\xe9 opens</title><link>{NEWS}17</link></item></channel></rss>""".encode("windows-1252")

RSS_1 = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="https://en.alalam.ir/rss"><link>https://en.alalam.ir/</link>
<items><rdf:Seq><rdf:li resource="{NEWS}17"/></rdf:Seq></items></channel>
<item rdf:about="{NEWS}17"><title>Caf\xe9 opens</title></item></rdf:RDF>"""

RSS_2 = f"""<?xml version="1.0"?>
<rss version="2.0" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>News</title><item><title><![CDATA[Caf&eacute; opens]]></title>
<link>https://tracker.example/17</link><feedburner:origLink>{NEWS}17?utm=x</feedburner:origLink>
<media:content url="https://media.alalam.ir/news/image/855x495/2016/02/26/a.jpg" medium="image"/>
</item></channel></rss>"""

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://en.alalam.ir/en/"><id>urn:x</id>
<link rel="self" href="https://tracker.example/feed"/><entry><title type="html">Caf&amp;eacute; &lt;b&gt;opens&lt;/b&gt;</title>
<link rel="enclosure" href="https://en.alalam.ir/news/99"/><link rel="alternate" href="/news/17"/><id>tag:1</id></entry></feed>"""

NEWS_SITEMAP = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>
 {NEWS}17
</loc><lastmod>2016-02-27</lastmod><n:news><n:publication><n:name>Alalam</n:name></n:publication><n:title>Caf\xe9 opens</n:title></n:news>
<image:image><image:loc>https://media.alalam.ir/news/image/855x495/2016/02/26/a.jpg</image:loc></image:image></url></urlset>"""


@pytest.mark.parametrize("feed", [RSS_0_91, RSS_1, RSS_2, ATOM, NEWS_SITEMAP])
def test_url_and_title_of_an_entry_are_read(feed):
    seeds = seeds_of(feed)
    assert [(target.id, target.depth, target.title) for target in seeds.targets] == [("17", 0, "Café opens")]
    assert (seeds.pages, seeds.errors) == ([], [])


@pytest.mark.parametrize("feed", [RSS_2, NEWS_SITEMAP])
def test_picture_of_the_site_is_read(feed):
    assert [target.pic for target in seeds_of(feed).targets] == ["/2016/02/26/a.jpg"]


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: b"\r\n\r\n" + text.encode(),
        lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: gzip.compress(gzip.compress(text.encode())),
    ],
)
def test_sitemap_is_told_by_content(form):
    assert seeds_of(form(NEWS_SITEMAP), "report.pdf").ids == ["17"]


def test_sitemap_index_names_sitemaps():
    index = "<sitemapindex><sitemap><loc>https://en.alalam.ir/a.xml</loc></sitemap><sitemap/></sitemapindex>"
    assert seeds_of(index).sitemaps == ["https://en.alalam.ir/a.xml"]


@pytest.mark.parametrize("link", ["/news/17", "//en.alalam.ir/news/17", "../news/17?a=1#b", "en.alalam.ir/news/17"])
@pytest.mark.parametrize("url", [None, "https://en.alalam.ir/rss/latest.xml"])
def test_relative_link_is_one_of_the_site(link, url):
    assert seeds_of(f"<rss><channel><item><link>{link}</link></item></channel></rss>", url=url).ids == ["17"]


def test_relative_link_in_a_feed_of_another_site_is_not_ours():
    feed = "<rss><channel><link>https://other.example/</link><item><link>/news/17</link></item></channel></rss>"
    assert seeds_of(feed).ids == []
    assert seeds_of(feed.replace("<link>https://other.example/</link>", ""), url="https://other.example/rss").ids == []


def test_entries_of_other_sites_are_counted_in_one_line():
    links = "".join(f"<url><loc>https://other.example/news/{number}</loc></url>" for number in range(3000))
    seeds = seeds_of(f"<urlset>{links}<url><loc>{NEWS}17</loc></url></urlset>", "map.xml")
    assert seeds.ids == ["17"]
    (line,) = seeds.errors
    assert line == (
        "map.xml: 3,000 of 3,001 entries are no article of alalam, and skipped, "
        "such as number 1: 'https://other.example/news/0'"
    )


def test_entities_are_not_expanded_and_no_file_is_read(tmp_path):
    (tmp_path / "secret").write_text("a secret")
    bomb = "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9))
    item = f"<rss><channel><item><title>%s</title><link>{NEWS}17</link></item></channel></rss>"
    outside = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>{item % "a &x; b"}'
    assert "secret" not in str(seeds_of(outside).targets)
    seeds = seeds_of(f'<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">{bomb}]>{item % "&j;"}')
    assert all(len(target.title or "") < 100 for target in seeds.targets)


def test_broken_xml_is_read_around_the_damage_and_reported():
    feed = f"<rss><channel><item><title>A & B &nbsp;</title><link>{NEWS}17</link></item></channel></rss>"
    seeds = seeds_of(feed, "feed")
    assert seeds.ids == ["17"]
    assert "feed: line 1: not well-formed" in seeds.errors[0]


def test_truncated_feed_gives_what_stands_before_the_cut():
    feed = "<rss><channel>" + "".join(f"<item><link>{NEWS}{number}</link></item>" for number in range(100, 200))
    seeds = seeds_of(feed[:-30])
    assert seeds.ids[:99] == [str(number) for number in range(100, 199)]
    assert "not well-formed" in seeds.errors[0]


@pytest.mark.parametrize(
    "page",
    [
        f'<html><head><title>404</title></head><body><a href="{NEWS}17">x</a></body></html>',
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{NEWS}17</body></html>',
        "<error><url>17</url></error>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><item/></rdf:RDF>",
    ],
)
def test_page_that_is_no_feed_stays_a_page(page):
    seeds = seeds_of(page)
    assert (seeds.targets, len(seeds.pages)) == ([], 1)


def test_opml_is_named_and_not_read():
    seeds = seeds_of('<opml version="2.0"><body><outline xmlUrl="https://en.alalam.ir/rss"/></body></opml>')
    assert (seeds.targets, seeds.pages) == ([], [])
    assert "OPML lists feeds" in seeds.errors[0]


def test_memory_does_not_grow_with_a_sitemap():
    def peak(count: int) -> int:
        urls = "".join(f"<url><loc>{NEWS}{number}</loc><lastmod>2016-02-27</lastmod></url>" for number in range(count))
        data = gzip.compress(f"<urlset>{urls}</urlset>".encode(), 1)
        tracemalloc.start()
        assert len(seeds_of(data).ids) == count
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most - len(data)

    small, large = peak(2_000), peak(50_000)
    assert large < small + 48_000 * 700  # the targets that this test collects


FROM_MANY_THREADS = """
import io, itertools
from concurrent.futures import ThreadPoolExecutor
from crawler.seeds.lists.feeds import read_feed
threads = itertools.cycle([ThreadPoolExecutor(1) for _ in range(4)])
for turn in range(300):
    maps = "".join(f"<sitemap><loc>http://h/{one}</loc><x{turn}_{one}/></sitemap>" for one in range(9))
    stream = io.BytesIO(f"<sitemapindex>{maps}</sitemapindex>".encode())
    found = next(threads).submit(lambda: read_feed("map", stream, print, recoded=False)).result()
    while next(threads).submit(next, found, None).result() is not None:
        pass
    del found
"""


def test_feed_may_be_read_from_one_thread_after_the_other():
    """A parser of lxml that changes its thread ends the process, with ``free(): invalid pointer``."""
    command = [sys.executable, "-c", FROM_MANY_THREADS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=HANG_SECONDS)
    assert (done.returncode, done.stderr) == (0, "")


def test_feed_that_is_left_in_the_middle_leaves_no_thread():
    urls = "".join(f"<url><loc>{NEWS}{number}</loc></url>" for number in range(30_000))
    seeds = read_bytes("map", f"<urlset>{urls}</urlset>".encode(), ZoneInfo("UTC"), pytest.fail)
    next(seeds)
    seeds.close()
    wait_for(lambda: not any(thread.name == "feed" for thread in threading.enumerate()))
