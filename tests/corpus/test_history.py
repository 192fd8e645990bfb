"""The versions of a key."""

from __future__ import annotations

import gzip

import pytest

from crawler.corpus.history import history, whole_text
from crawler.exceptions import ConfigError, CorpusError
from tests.archive.corpora import make_corpus
from tests.factories import make_article, make_stub, related_items


@pytest.fixture
def root(tmp_path):
    make_corpus(
        tmp_path,
        make_stub(1, title="One"),
        make_article(1, text="It rained.", run="run-2", related=related_items(5)),
        make_article(2, text="It snowed."),
        make_article(1, text="It snowed.", run="run-3"),
        segment_bytes=1500,
    )
    return tmp_path


def test_versions_of_both_families_are_listed_oldest_first(root):
    found = history(root, "replica/1")
    assert [(one.version, one.record["kind"], one.record["run"], one.duplicate_of) for one in found] == [
        (1, "stub", "run-1", None),
        (2, "article", "run-2", None),
        (3, "article", "run-3", "replica/2"),
    ]
    assert [whole_text(one) for one in found] == ["One", "Title 1\n\nIt rained.", "Title 1\n\nIt snowed."]


def test_history_accepts_an_id_instead_of_a_key(root):
    assert history(root, "2") == history(root, "replica/2")


def test_compressed_segments_are_read(root):
    before = history(root, "1")
    path = root / "articles" / "articles-000001.jsonl"
    path.with_suffix(".jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert history(root, "1") == before


def test_damaged_line_is_reported(root):
    path = root / "articles" / "articles-000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'{"schema":1', b'{"schema":?', 1))
    assert [one.record is None for one in history(root, "1")] == [True, False, False]


@pytest.mark.parametrize(
    ("key", "message"), [("9", "replica/9: the corpus has no such key"), ("5", "its state is pending")]
)
def test_missing_key_or_version_is_a_clear_error(root, key, message):
    with pytest.raises(ConfigError, match=message):
        history(root, key)


def test_no_corpus(tmp_path):
    with pytest.raises(CorpusError):
        history(tmp_path / "none", "1")
