"""Commands take the site profile that the corpus was made with, not a built-in one of the same name."""

from __future__ import annotations

import json

from tests.conftest import NEIGHBOURS
from tests.crawling import crawl, records, scrapy, write_seed

SELECTORS = '\n[extract]\ntitle = "title"\nbody = "p:first-of-type"\n'


def test_reextract_reads_by_the_profile_that_the_corpus_was_made_with(replica, tmp_path, seen):
    corpus, profile = tmp_path / "corpus", tmp_path / "mine.toml"
    text = replica.profile.read_text(encoding="utf-8") + SELECTORS
    profile.write_text(text, encoding="utf-8")
    seed = write_seed(tmp_path / "seed.txt", *NEIGHBOURS)
    assert crawl(seed, corpus, profile, settings=["ARCHIVE_WARC=1"]).returncode == 0
    profile.unlink()
    done = scrapy(
        "corpus", "reextract", "--dry-run", "--json", "-s", f"CORPUS_DIR={corpus}", "-s", "EXTRACT_PROCESSES=0"
    )
    articles = sum(record["kind"] == "article" for record in records(corpus))
    seen("articles that differ", {"same": articles}, json.loads(done.stdout)["outcomes"])
    seen("the profile is kept, byte for byte", True, (corpus / "site.toml").read_text(encoding="utf-8") == text)
