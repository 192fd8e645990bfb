"""What a corpus holds, counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawler.archive.writer import Corpus
from crawler.corpus.stats import corpus_stats
from crawler.exceptions import CorpusDamaged, CorpusError
from crawler.items import Image
from tests.archive.corpora import make_corpus
from tests.factories import make_article, make_seed, make_stub

STORED = Image(pic="/a.jpg", status="stored", path="images/aa/a.jpg", sha256="aa", bytes=1000)


@pytest.fixture
def root(tmp_path):
    wayback = make_article(4, published="2020-07-01T00:00:00+03:30", language="fa")
    make_corpus(
        tmp_path,
        make_seed(related=(1, 2, 9)),
        make_article(
            1, text="A", published="2020-06-01T00:00:00+04:30", images=(STORED, replace(STORED, pic="/b.jpg"))
        ),
        make_article(
            1, text="B", published="2020-06-02T00:00:00+04:30", images=(Image(pic="/c.jpg", status="missing"),)
        ),
        make_stub(2, title="Lost"),
        make_article(3, text="B"),
        replace(wayback, capture=replace(wayback.capture, source="wayback")),
    )
    return tmp_path


def test_records_are_the_latest_versions_and_lines_are_all(root):
    stats = corpus_stats(root)
    assert stats["site"] == "replica"
    assert stats["records"] == {"article": 2, "seed": 1, "stub": 1}
    assert (stats["lines"], stats["versions"], stats["duplicates"]) == (6, 5, 1)
    assert stats["duplicate_kinds"] == {"article": 1}
    assert stats["sources"] == {"origin": 2, "seed": 1, "wayback": 1}
    assert next(iter(stats["languages"].items())) == ("en", 3)
    assert stats["published"] == {"2020": 2, "unknown": 2}
    assert stats["months"] == {"2020-06": 1, "2020-07": 1, "unknown": 2}
    assert stats["targets"] == {"fetched": 3, "gone": 1, "pending": 1, "seed": 1}


def test_pictures_and_bytes(root):
    stats = corpus_stats(root)
    assert stats["pictures"] == {"missing": 1, "stored": 2}
    assert (stats["picture_files"], stats["picture_bytes"]) == (1, 1000)
    lines = sum(path.stat().st_size for path in root.glob("*/*.jsonl"))
    assert stats["segment_bytes"] == stats["record_bytes"] == lines
    assert stats["bytes"]["articles"] + stats["bytes"]["duplicates"] == lines
    assert stats["bytes"]["catalogue.sqlite"] > 0
    assert stats["bytes"]["warc"] == 0


def test_an_empty_corpus(tmp_path):
    Corpus(tmp_path, "replica").close()
    stats = corpus_stats(tmp_path)
    assert (stats["records"], stats["lines"], stats["picture_bytes"]) == ({}, 0, 0)


def test_unreadable_corpus_is_a_clear_error(root, tmp_path):
    (root / "catalogue.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(CorpusDamaged, match="scrapy corpus repair rebuilds it"):
        corpus_stats(root)
    with pytest.raises(CorpusError, match="there is no corpus here"):
        corpus_stats(tmp_path / "none")
