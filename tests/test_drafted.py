"""From captures of sites of other layouts to a corpus: a drafted profile reaches what the hand-written one reaches."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.replica import Site
from crawler.replica.layout import OLD_HOST
from crawler.replica.profile import profile_text
from crawler.replica.routes import Routes
from crawler.warc import Exchange, write_warc
from tests.crawling import QUICK, records, scrapy, setting_arguments

BASE = "http://127.0.0.1:8765"
ARTICLES = {"dated": 60, "query": 60, "eras": 120}
"""Of each layout: of two eras a draft needs more, because each must show its own form."""


def write_captures_of(site: Site, path: Path) -> set[str]:
    """Write a WARC file with the page of each article, half of them at a URL with a slug; return the titles."""
    routes, exchanges = Routes(site, BASE), []
    for index in range(site.articles):
        article = site.article(site.id_at(index))
        for slugged in (index % 2 == 0, True):  # some articles are at the URL with a slug alone
            url = urlsplit(site.url(article.id, BASE, slugged=slugged))
            reply = routes.reply(url.path + (f"?{url.query}" if url.query else ""), {"Host": url.netloc})[1]
            if int(reply.status) == 200:
                break
        headers = (("Content-Type", reply.media_type), ("Content-Length", str(len(reply.body))))
        date = article.published.astimezone(UTC) + timedelta(days=30)
        exchanges.append(Exchange(url=url.geturl(), date=date, status=200, headers=headers, body=reply.body))
    with path.open("wb") as stream:
        write_warc(stream, sorted(exchanges, key=lambda one: one.date), path.name, {"software": "tests"})
    return {site.article(site.id_at(index)).title for index in range(site.articles)}


def run(*arguments: object) -> None:
    done = scrapy(*arguments)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("layout", ARTICLES)
def test_drafted_profile_reaches_all_articles_of_another_layout(layout, tmp_path):
    titles = write_captures_of(
        Site(articles=ARTICLES[layout], layout=layout, missing=0, soft_missing=0), tmp_path / "a.warc.gz"
    )
    listed = tmp_path / "list.jsonl.gz"
    lists = []
    for host in [urlsplit(BASE).netloc, f"{OLD_HOST}:{urlsplit(BASE).port}"][: 2 if layout == "eras" else 1]:
        lists.append(tmp_path / f"{len(lists)}.jsonl.gz")
        run("captures", "list", host, "--source", tmp_path / "a.warc.gz", "-o", lists[-1])
    listed.write_bytes(b"".join(one.read_bytes() for one in lists))
    (tmp_path / "hand.toml").write_text(profile_text(BASE, layout), encoding="utf-8")
    run("sites", "draft", listed, "-o", tmp_path / "draft.toml")
    found = {}
    for name in ("hand", "draft"):
        corpus = tmp_path / name
        settings = setting_arguments(f"CORPUS_DIR={corpus}", "IMAGES_FETCH=none", *QUICK)
        site = ["-a", f"site={tmp_path / name}.toml", "-a", "depth=0"]
        run("crawl", "captures", "-a", f"captures={listed}", *site, *settings)
        found[name] = {(one["id"], one["title"]) for one in records(corpus)}
    assert found["draft"] == found["hand"]
    assert {title for _, title in found["draft"]} == titles
