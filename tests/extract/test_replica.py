"""The pages of the replica, read back as the replica knows them to be."""

import subprocess
import sys

from crawler.extract import extract
from crawler.replica import Site
from crawler.replica.page import Pages
from crawler.sites import load_profile

PAGES = 60
BASE = "http://127.0.0.1:8765"


def test_title_date_authors_and_paragraphs_come_back():
    site, profile = Site(), load_profile("replica")
    pages = Pages(site, BASE)
    same = 0
    for index in range(PAGES):
        article = site.article(site.id_at(index * 5))
        record = extract(pages.article(article.id), f"{BASE}/news/{article.id}", profile)
        assert record["title"] == article.title
        assert record["published"] == article.published.isoformat(timespec="seconds")
        assert record["authors"] == list(article.authors)
        assert all(paragraph in record["text"].split("\n\n") for paragraph in article.paragraphs)
        same += record["text"] == "\n\n".join(article.paragraphs)
    assert same >= PAGES * 0.95  # without a selector a side bar below a short article can pass for its end


def test_short_article_beside_a_long_column_of_teasers_is_read():
    site = Site(articles=2000)
    article = site.article(1084250)
    record = extract(Pages(site, BASE).article(article.id), f"{BASE}/news/{article.id}")
    assert record["title"] == article.title
    assert record["text"] == "\n\n".join(article.paragraphs)


def test_the_package_loads_without_scrapy():
    code = (
        "import sys, crawler.extract, crawler.text; sys.exit(any(m in sys.modules for m in ('scrapy', 'itemadapter')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
