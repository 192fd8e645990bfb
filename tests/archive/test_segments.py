"""Which lines of a segment are read, and when nothing may be appended to it any more."""

from __future__ import annotations

import gzip
import os

import pytest

from crawler.archive import segments
from crawler.archive.segments import SegmentWriter, read_lines, segment_paths
from crawler.exceptions import CorpusDamaged
from crawler.zstd import zstd

LINES = b'{"a":1}\n{"b":2}\n'
COMPRESS = {".gz": gzip.compress, ".zst": zstd.compress, "": bytes}


def segment(root, number, suffix="", lines=LINES):
    (root / "articles").mkdir(exist_ok=True)
    path = root / "articles" / f"articles-{number:06d}.jsonl{suffix}"
    path.write_bytes(COMPRESS[suffix](lines))
    return path


@pytest.mark.parametrize("suffix", COMPRESS)
def test_lines_have_the_offsets_at_which_they_were_written(tmp_path, suffix):
    path = segment(tmp_path, 1, suffix)
    assert list(read_lines(path)) == [(0, b'{"a":1}\n'), (8, b'{"b":2}\n')]
    assert list(read_lines(path, 8)) == [(8, b'{"b":2}\n')]


def test_while_both_forms_of_a_segment_are_there_the_plain_one_counts(tmp_path):
    one, two, _, three = (segment(tmp_path, *which) for which in ((1, ".gz"), (2, ""), (2, ".gz"), (3, ".zst")))
    assert segment_paths(tmp_path, "articles") == [one, two, three]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_undecompressable_data_is_damage_wherever_it_begins(tmp_path, suffix):
    path = segment(tmp_path, 1, suffix, os.urandom(3000).hex().encode() + b"\n")
    whole = path.read_bytes()
    for cut in range(1, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(CorpusDamaged, match="decompressed"):
            list(read_lines(path))


def test_a_symbolic_link_is_no_segment(tmp_path):
    (tmp_path / "secret").write_bytes(LINES)
    (tmp_path / "articles-000001.jsonl").symlink_to(tmp_path / "secret")
    with pytest.raises(CorpusDamaged, match="symbolic link"):
        list(read_lines(tmp_path / "articles-000001.jsonl"))


def test_an_endless_line_comes_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "MAX_LINE_BYTES", 100)
    path = segment(tmp_path, 1, lines=b"x" * 250 + b"\n{}\n")
    assert [len(line) for _, line in read_lines(path)] == [100, 100, 51, 3]


@pytest.mark.parametrize("closed", ["sealed", "compressed", "both forms"])
def test_nothing_is_appended_to_a_closed_segment(tmp_path, closed):
    path = segment(tmp_path, 1, ".gz" if closed == "compressed" else "")
    if closed != "compressed":
        path.with_name("articles-000001.seal.json").write_bytes(b"{}")
    if closed == "both forms":
        segment(tmp_path, 1, ".gz")
    before = path.read_bytes()
    writer = SegmentWriter(tmp_path, "articles", 1000)
    assert writer.append(b"{}\n").segment == "articles-000002.jsonl"
    writer.close()
    assert path.read_bytes() == before
