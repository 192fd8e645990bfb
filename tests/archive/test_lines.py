"""Lines for those who only read them."""

from __future__ import annotations

import gzip

import pytest

from crawler.archive.corpus import Corpus
from crawler.archive.lines import selected_lines
from crawler.archive.selection import Selection
from crawler.exceptions import CorpusDamaged, CorpusError
from tests.archive.corpora import make_corpus
from tests.factories import make_article, make_stub


def read(root, *, all_versions=False, **asked):
    with selected_lines(root, Selection(**asked), all_versions=all_versions) as lines:
        return [(line.record["key"].partition("/")[2], line.record["version"]) for line in lines]


@pytest.fixture
def root(tmp_path):
    make_corpus(
        tmp_path,
        make_stub(1, title="One"),
        make_article(2, text="Two"),
        make_article(3, text="Two"),  # a duplicate
        make_article(1, text="One, found"),
        make_article(2, text="Two, changed", language="fa"),
        segment_bytes=1500,
    )
    return tmp_path


def test_the_latest_of_each_key_in_the_order_of_the_lines(root):
    assert read(root) == [("1", 2), ("2", 2)]
    assert read(root, all_versions=True) == [("1", 1), ("2", 1), ("1", 2), ("2", 2), ("3", 1)]
    assert read(root, language="fa") == [("2", 2)]
    assert read(root, language="en") == [("1", 2)]
    assert read(root, kind="stub") == []
    assert read(root, kind="stub", all_versions=True) == [("1", 1)]


def test_a_key_whose_newest_version_is_a_duplicate_stands_in_articles_no_more(root):
    make_corpus(root, make_article(1, text="Two, changed", language="fa"))
    assert read(root) == [("2", 2)]
    make_corpus(root, make_article(1, text="One, changed again", language="en"))
    assert read(root) == [("2", 2), ("1", 4)]


def test_compressed_segments_are_read_alike(root):
    before = read(root, all_versions=True)
    for path in sorted((root / "articles").glob("*.jsonl"))[:-1]:
        (path.parent / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert read(root, all_versions=True) == before


def test_a_segment_that_is_compressed_while_it_is_opened_is_found_under_its_new_name(root):
    before = read(root)
    with selected_lines(root, Selection()) as lines:
        for path in (root / "articles").glob("*.jsonl"):
            (path.parent / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
        assert len(list(lines)) == len(before)


def test_what_is_not_yet_acknowledged_is_not_read(root):
    corpus = Corpus(root, "replica")
    with corpus.group():
        corpus.add(make_article(9))
        assert ("9", 1) not in read(root)
    corpus.close()
    assert ("9", 1) in read(root)


def test_a_crawl_goes_on_while_lines_are_read(root):
    with selected_lines(root, Selection()) as lines:
        iterator = iter(lines)
        next(iterator)
        make_corpus(root, *(make_article(n, text=f"Text {n}") for n in range(10, 60)))
        assert len(list(iterator)) == 1
    assert len(read(root)) == 52


def test_damaged_lines_are_passed_and_told(root):
    segment = max((root / "articles").glob("*.jsonl"))
    line = segment.read_bytes().splitlines(keepends=True)[-1]
    segment.write_bytes(segment.read_bytes().replace(line, b"[" * (len(line) - 1) + b"\n"))
    with selected_lines(root, Selection()) as lines:
        assert [line.record["key"] for line in lines] == ["replica/1"]
        assert [place.segment for place in lines.damaged] == [segment.name]


@pytest.mark.parametrize("damage", ["short", "gone", "shifted"])
def test_missing_lines_are_a_clear_error(root, damage):
    segment = max((root / "articles").glob("*.jsonl"))
    data = segment.read_bytes()
    segment.write_bytes({"short": b"", "gone": data, "shifted": b" \n" + data}[damage])
    if damage == "gone":
        segment.unlink()
    with pytest.raises(CorpusDamaged, match="articles-00000"):
        read(root)


def test_no_corpus(tmp_path):
    with pytest.raises(CorpusError, match="there is no corpus here"):
        read(tmp_path / "none")
