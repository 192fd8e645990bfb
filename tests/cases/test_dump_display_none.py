"""A dump that no reader sees leads on like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.pages.facts import read_page
from crawler.replica import Site
from crawler.replica.dump import seed_text
from crawler.sites import load_profile
from tests.crawling import crawl, records, scrapy
from tests.seeds.written import RECORDS, json_string

PLACES = {
    "display:none": "<pre style='display:none'>{}</pre>",
    "hidden": "<pre hidden>{}</pre>",
    "comment": "<!-- {} -->",
    "script": "<script>{}</script>",
    "textarea": "<textarea>{}</textarea>",
    "noscript": "<noscript>{}</noscript>",
    "template": "<template>{}</template>",
}
IDS = [record[0] for record in RECORDS]


@pytest.mark.parametrize("name", PLACES)
def test_read_page_and_inspect_agree(name, tmp_path: Path, seen):
    page = f"<html><body><h1>Title</h1><p>Body.</p>{PLACES[name].format(json_string(RECORDS))}</body></html>"
    path = tmp_path / "page.html"
    path.write_text(page)
    told = json.loads(scrapy("seeds", "inspect", path, "--json").stdout)
    seen(f"{name}, inspect", IDS, [item["id"] for item in told["related"]])
    facts = read_page(page.encode(), "http://127.0.0.1:8765/news/7", load_profile("replica"))
    seen(f"{name}, read_page", IDS, [item.id for item in facts.related])


def test_a_crawl_of_a_site_that_hides_all_its_dumps_finds_what_another_does(start_replica, tmp_path: Path, seen):
    made = Site(articles=120)
    seed = tmp_path / "seed.txt"
    seed.write_text(seed_text(made.article(made.id_at(made.articles - 1))))
    found = {}
    for share in ("0", "1"):
        site = start_replica("--articles", "120", "--missing", "0", "--soft-missing", "0", "--hidden-dumps", share)
        done = crawl(seed, tmp_path / share, site.profile, "depth=9", settings=["IMAGES_FETCH=none"])
        assert done.returncode == 0, done.stderr
        found[share] = {record["key"] for record in records(tmp_path / share) if record["kind"] == "article"}
    assert len(found["0"]) > 20
    seen("articles of a hidden site that are never found", 0, len(found["0"] - found["1"]))
