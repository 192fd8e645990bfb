"""A nightly revisit fetches what the site's pages list since the first crawl, also after the catalogue was lost."""

from __future__ import annotations

from tests.crawling import QUICK, crawl, records, scrapy, setting_arguments, write_seed
from tests.growing import growing_site

NIGHTS, A_NIGHT, LOST_BEFORE = 4, 2, 3


def articles(corpus):
    return {int(record["id"]) for record in records(corpus) if record["kind"] == "article"}


def test_new_articles_come_in_night_by_night(tmp_path, seen):
    corpus, missed = tmp_path / "corpus", []
    with growing_site(tmp_path, articles=3) as (site, profile):
        seed = write_seed(tmp_path / "seed.txt", site.front)
        assert crawl(seed, corpus, profile, "depth=3").returncode == 0
        for night in range(1, NIGHTS + 1):
            if night == LOST_BEFORE:
                (corpus / "catalogue.sqlite").unlink()
            new = site.publish(A_NIGHT)
            revisit = ("crawl", "revisit", "-a", "older_than=0d")
            done = scrapy(*revisit, *setting_arguments(f"CORPUS_DIR={corpus}", *QUICK))
            assert done.returncode == 0, done.stderr
            assert f"New articles: {A_NIGHT}" in done.stdout
            missed += sorted(set(new) - articles(corpus))
    seen(f"new articles missed in {NIGHTS} nights, {A_NIGHT} new a night", [], missed)
