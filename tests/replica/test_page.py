from __future__ import annotations

import html
import json
import re

import pytest

from crawler.replica import Site
from crawler.replica.calendar import date_line
from crawler.replica.dump import payload
from crawler.replica.page import Pages

BASE = "http://127.0.0.1:8765"
SITE = Site()
PAGES = Pages(SITE, BASE)
SAMPLE = range(1_500_000, 1_500_400)


@pytest.fixture(scope="module")
def pages():
    """The HTML of some articles by id."""
    return {article_id: PAGES.article(article_id).decode() for article_id in SAMPLE}


def test_same_site_same_bytes():
    assert Pages(Site(), BASE).article(1793356) == PAGES.article(1793356)
    assert Pages(Site(number=2), BASE).article(1793356) != PAGES.article(1793356)


def test_sizes_are_those_of_real_pages(pages):
    sizes = [len(text.encode()) for text in pages.values()]
    assert min(sizes) > 30_000
    assert max(sizes) < 80_000
    assert len(set(sizes)) > 300


def test_dump_is_whole_and_its_length_exact(pages):
    ways = {"raw": 0, "entities": 0}
    for article_id, text in pages.items():
        start = text.index("string(")
        encoded = text[start:].startswith(tuple(f"string({n}) &quot;" for n in range(10_000)))
        dump = html.unescape(text[start : text.index("]&quot;" if encoded else ']"', start) + 7])
        declared, found = re.match(r'string\((\d+)\) "(\[.* \])"', dump).groups()
        assert found == payload(SITE.related(article_id))
        assert int(declared) == len(found.encode())
        ways["entities" if encoded else "raw"] += 1
    assert min(ways.values()) > 100


def test_page_shows_what_the_article_holds(pages):
    for article_id, text in pages.items():
        article = SITE.article(article_id)
        assert f"<h1>{html.escape(article.title, quote=False)}</h1>" in text
        assert f'<div class="date">{date_line(article.published)}</div>' in text
        assert all(f"<p>{html.escape(one, quote=False)}</p>" in text for one in article.paragraphs)
        assert all(name in text for name in article.authors)
        assert article.pic in text
        assert article.kicker is None or f'<h4 class="kicker">{html.escape(article.kicker)}</h4>' in text


def test_desk_code_stands_above_the_dump_in_about_one_page_of_eight(pages):
    with_code = [article_id for article_id in pages if SITE.article(article_id).desk_code]
    assert 0.07 < len(with_code) / len(pages) < 0.18
    for article_id in with_code:
        code = SITE.article(article_id).desk_code
        assert re.search(rf"<p>{re.escape(code)}</p>\n(<pre>|<div>|<br>\n)string\(", pages[article_id])


def test_metadata_are_both_open_graph_alone_or_none(pages):
    open_graph = {article_id for article_id, text in pages.items() if 'property="og:title"' in text}
    json_ld = {article_id for article_id, text in pages.items() if "application/ld+json" in text}
    assert json_ld < open_graph < set(pages)
    assert len(json_ld) > 100
    assert len(pages) - len(open_graph) > 40
    assert any('rel="canonical"' in text for text in pages.values())
    for article_id in json_ld:
        article = SITE.article(article_id)
        data = json.loads(re.search(r"ld\+json\">(.*?)</script>", pages[article_id])[1])
        assert data["headline"] == article.title
        assert data["datePublished"] == article.published.isoformat()
        assert [person["name"] for person in data["author"]] == list(article.authors)
        assert data["image"][0].startswith(f"{BASE}/")


def test_first_article_has_no_dump():
    assert b"string(" not in PAGES.article(SITE.id_at(0))


def test_other_pages_hold_no_article():
    assert b"Page not found" in PAGES.not_found()
    assert PAGES.home().count(b'<li><a href="/news/') == 40
    assert re.fullmatch(rb'<div class="teaser"><a href="/news/\d+"><b>.*</b></a></div>\n', PAGES.teaser(7))
    assert Pages(Site(articles=1), BASE).home()
