"""A text's language comes from the text, not from the profile's default."""

from __future__ import annotations

import json
from pathlib import Path

from tests.crawling import crawl, records, scrapy

TEXTS = {
    "fa": "وزیر امور خارجه گفت که گفتگو با کشورهای منطقه ادامه خواهد یافت و فرودگاه صنعا به زودی باز می‌شود.",
    "ar": "قال وزير الخارجية إن المفاوضات مع دول المنطقة ستستمر وإن مطار صنعاء سيفتح قريبا أمام الرحلات.",
    "en": "The foreign minister said that the talks with the countries of the region will go on next week.",
}


def test_seeds_in_three_languages(tmp_path: Path, replica, seen):
    dump = 'string(77) "[{"id":"1793356","sort":"1","contenttypeid":"21","pic":"/a.jpg","title":"x"} ]"'
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.txt").write_text(f"{text}\n212-11\n{dump}")
    done = crawl(tmp_path / "*.txt", tmp_path / "corpus", replica.profile, "depth=0")
    assert done.returncode == 0, done.stderr
    for record in records(tmp_path / "corpus"):
        name = next(name for name, text in TEXTS.items() if text[:20] in record["text"])
        seen("language of a seed", name, record["language"])
    found = scrapy("corpus", "search", "صنعا", "--language", "fa", "--json", "-s", f"CORPUS_DIR={tmp_path / 'corpus'}")
    seen("search --language fa", ["fa"], [hit["language"] for hit in json.loads(found.stdout)["hits"]])
