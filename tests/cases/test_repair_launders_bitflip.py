"""A flipped bit in a line that no seal protects: repair says so, and the next crawl archives the right text again."""

from __future__ import annotations

import shutil

import pytest

from tests.crawling import crawl, records, scrapy


@pytest.mark.parametrize("field", ["title", "text"])
def test_repair_does_not_make_the_changed_line_the_record(seen, crawled, replica, tmp_path, field):
    root = tmp_path / "corpus"
    shutil.copytree(crawled.corpus, root)
    victim = next(record for record in records(root) if record["kind"] == "article")
    path = root / "articles/articles-000001.jsonl"
    value = victim[field][:20].encode()
    path.write_bytes(path.read_bytes().replace(value, bytes([value[0] ^ 1]) + value[1:], 1))
    where = ("-s", f"CORPUS_DIR={root}")

    seen(f"a flip in the {field}: verify", 5, scrapy("corpus", "verify", *where).returncode)
    repaired = scrapy("corpus", "repair", *where)
    seen("repair", 5, repaired.returncode)
    seen("repair names the line", True, victim["key"] in repaired.stdout and "quarantine/" in repaired.stdout)
    verified = scrapy("corpus", "verify", *where)
    seen("verify afterwards", (0, True), (verified.returncode, "note: quarantine/" in verified.stdout))
    seen("the changed line is a record", False, victim["key"] in {record["key"] for record in records(root)})
    seen("the next crawl", 0, crawl(crawled.seed, root, replica.profile).returncode)
    archived = [record[field] for record in records(root) if record["key"] == victim["key"]]
    seen("archived again, as the site has it", True, archived == [victim[field]])
