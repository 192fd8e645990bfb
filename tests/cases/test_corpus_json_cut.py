"""corpus.json cut, emptied, zeroed, with bytes behind it, changed or missing: each command says so, repair rebuilds it."""

from __future__ import annotations

import json

import pytest

from tests.crawling import crawl, scrapy

DAMAGES = {
    "cut to half": lambda data: data[: len(data) // 2],
    "emptied": lambda _: b"",
    "zeroed": lambda data: bytes(len(data)),
    "with bytes behind it": lambda data: data + b"\0\0",
    "with a bit of its time flipped": lambda data: data.replace(b'"created": "2', b'"created": "3'),
    "missing": None,
}


@pytest.fixture
def corpus(crawled, tmp_path):
    return crawled.copy(tmp_path)


def damage(corpus, how):
    path = corpus / "corpus.json"
    data = path.read_bytes()
    path.unlink()
    if DAMAGES[how]:
        path.write_bytes(DAMAGES[how](data))
        assert path.read_bytes() != data


@pytest.mark.parametrize("how", DAMAGES)
def test_verify_finds_it_and_repair_rebuilds_it(corpus, seen, how):
    before = json.loads((corpus / "corpus.json").read_bytes())
    damage(corpus, how)
    where = ("-s", f"CORPUS_DIR={corpus}")
    found = scrapy("corpus", "verify", *where)
    assert "corpus.json" in found.stdout
    assert "scrapy corpus repair" in found.stdout
    repaired = scrapy("corpus", "repair", *where)
    assert "corpus.json was rebuilt" in repaired.stdout, repaired.stderr
    after = json.loads((corpus / "corpus.json").read_bytes())
    kept = [name for name in before if name not in {"created", "sha256"} and before[name] == after[name]]
    codes = (found.returncode, repaired.returncode, scrapy("corpus", "verify", *where).returncode)
    seen(f"{how}: verify, repair, verify end with", (5, 0, 0), codes)
    seen(f"{how}: rebuilt from what lies beside it", ["schema", "site", "depth", "profiles"], kept)


@pytest.mark.parametrize("how", ["cut to half", "with a bit of its time flipped"])
def test_a_crawl_ends_with_one_line_that_names_repair(crawled, replica, corpus, seen, how):
    damage(corpus, how)
    done = crawl(crawled.seed, corpus, replica.profile)
    (line,) = done.stderr.splitlines()
    seen(f"{how}: a crawl", (5, True), (done.returncode, "corpus.json" in line and "scrapy corpus repair" in line))
