"""``scrapy corpus seal`` and ``bag``, as a person gives them."""

from __future__ import annotations

import json

import bagit

from tests.corpus.fixity.test_verify import make
from tests.crawling import scrapy


def test_seal_and_bag_say_what_they_did_and_verify_agrees(tmp_path):
    root = make(tmp_path / "corpus", False)
    setting = ("-s", f"CORPUS_DIR={root}")
    sealed = scrapy("corpus", "seal", "--compression", "zstd", "--json", *setting)
    assert (sealed.returncode, sealed.stderr) == (0, "")
    done = json.loads(sealed.stdout)
    assert "articles-000001.jsonl.zst" in done["sealed"]
    assert done["missing"] == []
    bag = scrapy("corpus", "bag", str(tmp_path / "bag"), *setting)
    assert "a bag of" in bag.stdout
    assert bagit.Bag(str(tmp_path / "bag")).is_valid()
    verified = json.loads(scrapy("corpus", "verify", "--json", *setting).stdout)
    assert (verified["ok"], verified["problems"], verified["notes"]) == (True, [], [])
    next((root / "images").glob("??/*")).unlink()
    again = scrapy("corpus", "seal", *setting)
    assert again.returncode == 5
    assert again.stdout == ""
    assert "which is missing" in again.stderr
    assert "nothing was sealed" in again.stderr
