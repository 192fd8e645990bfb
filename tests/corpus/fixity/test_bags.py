"""Bags, judged by the validator of the Library of Congress; and the manifest, by sha256sum."""

from __future__ import annotations

import logging
import shutil
import subprocess
from contextlib import closing

import bagit
import pytest

from crawler.archive import Corpus
from crawler.archive.manifest_lines import ManifestEntry
from crawler.corpus.fixity.bags import make_bag
from crawler.corpus.fixity.manifest import read_manifest, seal
from crawler.corpus.search.search import search
from crawler.corpus.selection import Selection
from crawler.exceptions import ConfigError, CorpusDamaged
from tests.corpus.fixity.test_verify import make
from tests.factories import make_article

logging.getLogger("bagit").setLevel(logging.CRITICAL)


@pytest.fixture
def root(tmp_path):
    root = make(tmp_path / "corpus", False)
    (root / "runs" / "run-1").mkdir(parents=True)
    (root / "runs" / "run-1" / "stats.json").write_text("{}")
    search(root, "text", Selection())  # leaves an index, which can be rebuilt from the lines and is not kept
    assert (root / "search.sqlite").exists()
    return root


@pytest.mark.parametrize("compression", [None, "gzip", "zstd"])
@pytest.mark.parametrize("link", [False, True])
def test_a_bag_is_valid_and_holds_all_but_the_indexes(root, tmp_path, compression, link):
    made = make_bag(root, tmp_path / "out" / "bag", compression, link=link)
    bag = bagit.Bag(str(made.path))
    assert bag.validate(processes=1)
    assert bag.info["Payload-Oxum"] == f"{made.bytes}.{made.files}"
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    indexes = {name for name in there if name.startswith(("catalogue", "search", ".lock"))}
    assert {name.removeprefix("data/") for name in bag.payload_files()} == there - indexes


def test_the_manifest_lists_no_index(root):
    seal(root)
    manifest = (root / "manifest-sha256.txt").read_text()
    assert "articles/articles-000001.jsonl" in manifest
    assert ".sqlite" not in manifest


def test_every_damage_to_a_bag_is_found_by_its_validator(root, tmp_path):
    made = make_bag(root, tmp_path / "bag")
    files = sorted(path for path in made.path.rglob("*") if path.is_file())
    for path in files:
        good = path.read_bytes()
        path.write_bytes(bytes([good[0] ^ 1]) + good[1:])
        with pytest.raises(bagit.BagError):
            bagit.Bag(str(made.path)).validate()
        path.write_bytes(good)
    assert bagit.Bag(str(made.path)).validate()


def test_no_bag_is_made_of_a_damaged_corpus_nor_half_of_one_left(root, tmp_path):
    picture = next(path for path in (root / "images").rglob("*") if path.is_file())
    picture.write_bytes(b"rotten")
    with pytest.raises(CorpusDamaged, match="not those of its name"):
        make_bag(root, tmp_path / "bag")
    picture.unlink()
    with pytest.raises(CorpusDamaged, match="missing"):
        make_bag(root, tmp_path / "bag")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus"]


def test_a_bag_takes_the_place_of_nothing(root, tmp_path):
    for out in (root / "bag", root, tmp_path):
        with pytest.raises(ConfigError, match="does not exist yet"):
            make_bag(root, out)


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="sha256sum is of the GNU core utilities")
def test_sha256sum_checks_the_manifest_too(root):
    seal(root, "zstd")
    check = ["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt"]
    assert subprocess.run(check, cwd=root, check=False).returncode == 0
    (root / "corpus.json").write_text("{}")
    assert subprocess.run(check, cwd=root, check=False, capture_output=True).returncode == 1


def test_paths_are_percent_encoded_as_the_rfc_says(tmp_path):
    names = ["plain.txt", "100%.txt", "%0A", "a\rb\nc", "%250D"]
    entries = [ManifestEntry(name, "0" * 64) for name in names]
    assert entries[1].encode() == b"0" * 64 + b"  100%25.txt\n"
    (tmp_path / "m").write_bytes(b"".join(entry.encode() for entry in entries))
    assert [entry for _, entry in read_manifest(tmp_path / "m")] == entries


@pytest.mark.parametrize("damage", ["line", "picture"])
def test_corpus_refused_by_verify_is_neither_sealed_nor_bagged(root, tmp_path, damage):
    segment = root / "articles/articles-000001.jsonl"
    if damage == "line":
        segment.write_bytes(segment.read_bytes().replace(b"Title 1", b"Tytle 1"))
    else:
        next((root / "images").rglob("*.jpg")).write_bytes(b"no")
    before = content_of(root)
    told = "replica/1 version 1: it is not the line" if damage == "line" else "its bytes are not those of its name"
    with pytest.raises(CorpusDamaged, match=told):
        seal(root, "gzip")
    with pytest.raises(CorpusDamaged, match=told):
        make_bag(root, tmp_path / "bags" / "bag", "gzip")
    assert content_of(root) == before
    assert not (tmp_path / "bags").exists()


def test_a_crawl_seals_no_segment_with_a_damaged_line(root):
    with closing(Corpus(root, "replica", segment_bytes=1)) as corpus:
        segment = root / "articles/articles-000001.jsonl"
        segment.write_bytes(segment.read_bytes().replace(b"Title 1", b"Tytle 1"))
        with corpus.group():
            corpus.add(make_article(60))
        with pytest.raises(CorpusDamaged, match=r"articles-000001\.jsonl at .*: replica/1: its bytes"):
            corpus.seal(None, within=60)
    assert not list((root / "articles").glob("*.seal.json"))


def content_of(root):
    """Return all files of the corpus but what reading it may touch."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if not path.name.endswith(("-wal", "-shm", ".lock"))}
