"""Closed segments: sealed, compressed so that their lines are on disk at every instant, and never written again."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import signal

import orjson
import pytest

from crawler.archive import Corpus
from crawler.archive.sealing import Seal, compression_named, measure, read_seal, seal_segment
from crawler.archive.segments import FAMILIES, is_sealed, read_lines, seal_path, segment_paths
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.exceptions import ConfigError, CorpusDamaged
from tests.archive.test_repair import content
from tests.factories import make_article

CALLS = ("write", "fdatasync", "fsync", "rename", "unlink", "ftruncate")
LAST = "articles-000004"


def fill(root, numbers, **options):
    corpus = Corpus(root, "replica", segment_bytes=1500)
    with corpus.group():
        for number in numbers:
            corpus.add(make_article(number))
    corpus.seal(options.get("compression"), within=options.get("within", 60))
    corpus.close()


def names(root):
    return sorted(path.name for path in (root / "articles").iterdir())


def all_lines(root):
    return [line for family in FAMILIES for path in segment_paths(root, family) for line in read_lines(path)]


def test_the_end_of_a_crawl_seals_the_closed_segments_and_no_other(tmp_path):
    fill(tmp_path, range(8))
    assert names(tmp_path) == [
        "articles-000001.jsonl",
        "articles-000001.seal.json",
        "articles-000002.jsonl",
        "articles-000002.seal.json",
        "articles-000003.jsonl",
        "articles-000003.seal.json",
        "articles-000004.jsonl",
    ]
    lines = (tmp_path / "articles" / "articles-000001.jsonl").read_bytes()
    assert orjson.loads((tmp_path / "articles" / "articles-000001.seal.json").read_bytes()) == {
        "segment": "articles-000001.jsonl",
        "file": "articles-000001.jsonl",
        "file_bytes": len(lines),
        "file_sha256": hashlib.sha256(lines).hexdigest(),
        "lines": 2,
        "lines_bytes": len(lines),
        "lines_sha256": hashlib.sha256(lines).hexdigest(),
        "first_key": "replica/0",
        "last_key": "replica/1",
    }


@pytest.mark.parametrize(("compression", "suffix"), [("gzip", ".gz"), ("zstd", ".zst")])
def test_a_compressed_segment_has_the_same_lines_at_the_same_offsets(tmp_path, compression, suffix):
    fill(tmp_path / "plain", range(8))
    fill(tmp_path / "small", range(8), compression=compression)
    assert all_lines(tmp_path / "small") == all_lines(tmp_path / "plain")
    assert content(tmp_path / "small") == content(tmp_path / "plain")
    path = tmp_path / "small" / "articles" / f"articles-000001.jsonl{suffix}"
    assert path.stat().st_mode & 0o777 == 0o644
    assert read_seal(seal_path(path)) == measure(path)
    assert measure(path).lines_sha256 == measure(tmp_path / "plain" / "articles" / "articles-000001.jsonl").file_sha256
    assert verify(tmp_path / "small").problems == []
    fill(tmp_path / "small", [3, 99], compression=compression)
    assert len(all_lines(tmp_path / "small")) == 9


def test_when_time_is_up_the_rest_is_left_to_the_next_run(tmp_path):
    fill(tmp_path, range(8), within=-1)
    assert names(tmp_path) == [f"articles-00000{number}.jsonl" for number in (1, 2, 3, 4)]
    fill(tmp_path, [])
    assert "articles-000003.seal.json" in names(tmp_path)


def test_seal_closes_the_last_segment_and_the_next_crawl_begins_a_new_one(tmp_path):
    fill(tmp_path, range(8))
    assert [one.segment for one in seal(tmp_path).seals] == [f"{LAST}.jsonl"]
    assert seal(tmp_path).seals == []
    before = (tmp_path / "articles" / f"{LAST}.jsonl").read_bytes()
    fill(tmp_path, [50])
    assert (tmp_path / "articles" / f"{LAST}.jsonl").read_bytes() == before
    assert "articles-000005.jsonl" in names(tmp_path)


def test_plain_sealed_segment_can_be_compressed_later(tmp_path):
    fill(tmp_path, range(8))
    seal(tmp_path)
    before = all_lines(tmp_path)
    assert len(seal(tmp_path, "gzip").seals) == 4
    assert all_lines(tmp_path) == before
    assert verify(tmp_path).problems == []
    assert seal(tmp_path, "zstd").seals == []


def test_a_segment_that_its_owner_compressed_by_hand_gets_the_seal_of_that_file(tmp_path):
    fill(tmp_path, range(8))
    path = tmp_path / "articles" / "articles-000001.jsonl"
    path.with_suffix(".jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    (one, _) = seal(tmp_path).seals
    assert one.file == "articles-000001.jsonl.gz"
    assert verify(tmp_path).problems == []


def test_sealed_segment_is_not_cut_and_its_damage_is_reported(tmp_path):
    fill(tmp_path, range(8))
    path = tmp_path / "articles" / "articles-000001.jsonl"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (tmp_path / "catalogue.sqlite").unlink()
    corpus = Corpus(tmp_path, "replica")
    corpus.close()
    assert [reason for _, reason in corpus.repairs.damaged] == ["it is torn"]
    assert not (tmp_path / "quarantine").exists()
    with pytest.raises(CorpusDamaged, match="lines differ"):
        seal_segment(path, "gzip")
    assert path.exists()


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_segment_that_cannot_be_decompressed_costs_no_line_of_the_others(tmp_path, suffix):
    fill(tmp_path, range(8), compression={".gz": "gzip", ".zst": "zstd"}[suffix])
    path = tmp_path / "articles" / f"articles-000002.jsonl{suffix}"
    path.write_bytes(path.read_bytes()[:-20])
    (tmp_path / "catalogue.sqlite").unlink()
    corpus = Corpus(tmp_path, "replica")
    corpus.close()
    assert "cannot be decompressed" in str(corpus.repairs.damaged)
    assert corpus.repairs.adopted >= 6


def test_compressed_form_that_differs_is_not_kept(tmp_path, monkeypatch):
    fill(tmp_path, range(8))
    path = tmp_path / "articles" / "articles-000001.jsonl"
    monkeypatch.setattr(
        "crawler.archive.sealing._compressor", lambda file, _: gzip.GzipFile(fileobj=file, mode="wb", filename="x")
    )
    monkeypatch.setattr("crawler.archive.sealing._measure_lines", lambda *_: Seal(**dict.fromkeys(Seal.__slots__, "")))
    with pytest.raises(CorpusDamaged, match="differs from the plain one"):
        monkeypatch.setattr("crawler.archive.sealing.measure", lambda _: read_seal(seal_path(path)))
        seal_segment(path, "gzip")
    assert path.exists()
    assert not [name for name in names(tmp_path) if "gz" in name or "tmp" in name]


def die_at(point):
    """End this process at the *point*-th call of :data:`CALLS`."""
    count = 0

    def dying(call):
        def wrapper(*args, **kwargs):
            nonlocal count
            count += 1
            if count == point:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)

        return wrapper

    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))


def seal_and_die(root, compression, point):
    """Seal in a child that dies at *point*; return whether it survived."""
    child = os.fork()
    if child == 0:
        try:
            die_at(point)
            seal(root, compression)
        except BaseException:
            os._exit(9)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in {0, signal.SIGKILL}
    return status == 0


@pytest.mark.parametrize(("compression", "suffix"), [(None, ".jsonl"), ("gzip", ".gz"), ("zstd", ".zst")])
def test_killed_at_every_call_while_sealing_no_line_is_lost(tmp_path, compression, suffix):
    fill(tmp_path / "whole", range(4), within=-1)
    lines = [line for _, line in all_lines(tmp_path / "whole")]
    point, lived = 0, False
    while not lived:
        point += 1
        root = tmp_path / str(point)
        shutil.copytree(tmp_path / "whole", root)
        lived = seal_and_die(root, compression, point)
        assert [line for _, line in all_lines(root)] == lines
        fill(root, [7], within=-1)
        assert [line for _, line in all_lines(root)][:4] == lines
        assert verify(root).problems == []
        seal(root, compression)
        assert verify(root).problems == []
        assert {path.suffix for path in segment_paths(root, "articles")} == {suffix}
        assert all(is_sealed(path) for path in segment_paths(root, "articles"))
        assert not [name for name in names(root) if name.startswith(".")]
    assert point > (20 if compression else 9)


def test_the_compression_is_named_plainly():
    assert [compression_named(name) for name in (None, "", "None", "gzip", "ZSTD")] == [
        None,
        None,
        None,
        "gzip",
        "zstd",
    ]
    with pytest.raises(ConfigError, match="'lzma'; give gzip"):
        compression_named("lzma")
