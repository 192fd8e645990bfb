"""A crawl closes, seals and compresses its segments, and goes on beside them."""

from __future__ import annotations

from crawler.archive.segments import is_sealed, read_lines, segment_paths
from crawler.corpus.fixity.verify import verify
from tests.crawling import crawl, write_seed


def test_a_crawl_leaves_its_closed_segments_sealed_and_small(start_replica, tmp_path):
    replica = start_replica()
    seed = write_seed(tmp_path / "seed.txt", *range(1_600_001, 1_600_006))
    corpus = tmp_path / "corpus"
    settings = ["ARCHIVE_SEGMENT_MB=0.005", "ARCHIVE_COMPRESSION=zstd", "IMAGES_FETCH=none"]
    done = crawl(seed, corpus, replica.profile, settings=settings)
    assert done.returncode == 0, done.stderr
    *closed, last = segment_paths(corpus, "articles")
    assert closed
    assert {path.suffix for path in closed} == {".zst"}
    assert all(is_sealed(path) for path in closed)
    assert not is_sealed(last)
    before = [line for path in (*closed, last) for _, line in read_lines(path)]
    assert len(before) >= 5
    assert crawl(seed, corpus, replica.profile, settings=settings).returncode == 0
    assert [line for path in segment_paths(corpus, "articles") for _, line in read_lines(path)] == before
    assert verify(corpus).problems == []


def test_a_compression_that_there_is_not_ends_the_crawl_before_it_begins(start_replica, tmp_path):
    seed = write_seed(tmp_path / "seed.txt", 1_600_001)
    done = crawl(seed, tmp_path / "corpus", start_replica().profile, settings=["ARCHIVE_COMPRESSION=rar"])
    assert done.returncode == 4
    assert "ARCHIVE_COMPRESSION is 'rar'; give gzip, zstd or none" in done.stderr
    assert not (tmp_path / "corpus").exists()
