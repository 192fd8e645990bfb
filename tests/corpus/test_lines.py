"""Lines for those who only read them."""

from __future__ import annotations

import gzip
import os

import pytest

from crawler.archive.rebuilding import rebuild
from crawler.archive.writer import Corpus
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.corpus.lines import AllLines, selected_lines
from crawler.corpus.selection import Selection
from crawler.exceptions import CorpusError
from tests.archive.corpora import make_corpus, without_checksums
from tests.factories import make_article, make_stub

EVERY = int(os.environ.get("GLEANER_FLIP_EVERY", "7"))
"""One byte in so many is flipped."""


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


def test_key_whose_newest_version_is_a_duplicate_is_not_in_articles(root):
    make_corpus(root, make_article(1, text="Two, changed", language="fa"))
    assert read(root) == [("2", 2)]
    make_corpus(root, make_article(1, text="One, changed again", language="en"))
    assert read(root) == [("2", 2), ("1", 4)]


def test_compressed_segments_give_the_same_lines(root):
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


def test_unacknowledged_lines_are_not_read(root):
    corpus = Corpus(root, "replica")
    with corpus.group():
        corpus.add(make_article(9))
        assert ("9", 1) not in read(root)
    corpus.close()
    assert ("9", 1) in read(root)


def test_crawl_continues_while_lines_are_read(root):
    with selected_lines(root, Selection()) as lines:
        iterator = iter(lines)
        next(iterator)
        make_corpus(root, *(make_article(n, text=f"Text {n}") for n in range(10, 60)))
        assert len(list(iterator)) == 1
    assert len(read(root)) == 52


def test_damaged_lines_are_skipped_and_reported(root):
    segment = max((root / "articles").glob("*.jsonl"))
    line = segment.read_bytes().splitlines(keepends=True)[-1]
    segment.write_bytes(segment.read_bytes().replace(line, b"[" * (len(line) - 1) + b"\n"))
    with selected_lines(root, Selection()) as lines:
        assert [line.record["key"] for line in lines] == ["replica/1"]
        assert [damage.place.segment for damage in lines.damaged] == [segment.name]


@pytest.mark.parametrize("damage", ["short", "gone", "shifted"])
def test_lines_that_are_gone_are_named_with_their_keys_and_the_rest_is_read(root, damage):
    segment = max((root / "articles").glob("*.jsonl"))
    data = segment.read_bytes()
    segment.write_bytes({"short": b"", "gone": data, "shifted": b" \n" + data}[damage])
    if damage == "gone":
        segment.unlink()
    with selected_lines(root, Selection(), all_versions=True) as lines:
        assert [line.record["key"] for line in lines] == ["replica/1", "replica/2", "replica/3"]
        gone = list(lines.damaged)
    assert [(one.place.segment, one.key) for one in gone] == [(segment.name, "replica/1"), (segment.name, "replica/2")]
    assert str(gone[0]).startswith(f"{segment.name} at 0: replica/1: it")


@pytest.mark.parametrize("suffix", [".jsonl", ".gz", ".zst"])
def test_no_flipped_byte_of_a_segment_alters_a_line_that_is_given(tmp_path, suffix):
    """Where a newline is lost it is two lines that lie together, but only one of them that changed."""
    make_corpus(tmp_path, *(make_article(n) for n in range(4)))
    seal(tmp_path, {".jsonl": None, ".gz": "gzip", ".zst": "zstd"}[suffix])
    (path,) = (tmp_path / "articles").glob(f"*{suffix}")
    whole, good = given(tmp_path), path.read_bytes()
    assert (len(whole[0]), whole[1]) == (4, 0)
    for at in range(0, len(good), EVERY):
        changed = bytearray(good)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        lines, damaged = given(tmp_path)
        assert set(lines) <= set(whole[0])
        assert len(lines) + damaged == 4
        if suffix == ".jsonl":
            assert damaged == 1
        bare, lost = bare_lines(tmp_path)
        assert set(bare) <= set(whole[0])
        assert lost or len(bare) == 4


def given(root):
    with selected_lines(root, Selection()) as lines:
        return [line.raw for line in lines], len(lines.damaged)


def bare_lines(root):
    """Return the lines as they are read where there is no catalogue, and how many are damaged."""
    lines = AllLines(root, "articles")
    return [line.raw for line in lines], len(lines.damaged)


@pytest.mark.parametrize("field", ["Title 1", "Text of article 1"])
def test_lines_older_than_checksums_are_checked_by_catalogue_and_text_hash(tmp_path, field):
    make_corpus(tmp_path, *(make_article(n) for n in range(3)))
    (path,) = (tmp_path / "articles").glob("*.jsonl")
    without_checksums(path)
    (tmp_path / "catalogue.sqlite").unlink()
    rebuild(tmp_path, "for the test")
    assert verify(tmp_path).problems == []
    path.write_bytes(path.read_bytes().replace(field.encode(), field.replace("T", "X").encode()))
    lines, damaged = given(tmp_path)
    assert (len(lines), damaged) == (2, 1)
    assert bare_lines(tmp_path)[1] == field.startswith("Text")


def test_no_corpus(tmp_path):
    with pytest.raises(CorpusError, match="there is no corpus here"):
        read(tmp_path / "none")
