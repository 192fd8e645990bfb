"""Damaged files beside the lines: found, or harmless by design, as docs/corpus.md says."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import closing

import pytest

from crawler.archive import Corpus
from crawler.archive.manifest_lines import MANIFEST_NAME, TAG_NAME
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.corpus.search.search import search
from crawler.corpus.selection import Selection
from crawler.exceptions import CorpusDamaged
from tests.archive.corpora import make_corpus
from tests.commands.test_corpus import run
from tests.crawling import records
from tests.factories import make_article

WORDS = ["harbour", "bridge", "lantern", "council", "orchard", "ferry", "granite", "meadow", "signal", "copper"]
FLIPS = 25


def text(number):
    """Return a text of some fifty words that is not similar to any other."""
    chosen = random.Random(number)
    return " ".join(f"{chosen.choice(WORDS)}{chosen.randrange(500)}" for _ in range(50))


def near_text(number):
    """Return the text of *number* with one word more."""
    return f"{text(number)} again"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "corpus"
    with closing(Corpus(root, "replica")) as corpus:
        corpus.find_near_duplicates(0.5)
        with corpus.group():
            for number in range(8):
                corpus.add(make_article(number, text=text(number)))
    return root


def flipped(path, seed):
    """Change one bit of the file at *path*."""
    data = bytearray(path.read_bytes())
    chosen = random.Random(seed)
    data[chosen.randrange(len(data))] ^= 1 << chosen.randrange(8)
    path.write_bytes(data)


@pytest.mark.parametrize("name", [MANIFEST_NAME, TAG_NAME])
def test_every_change_of_the_manifest_is_found(root, name):
    seal(root)
    assert verify(root).problems == []
    whole = (root / name).read_bytes()
    for damage in (b"", whole[:-1], whole.partition(b"\n")[2], whole + whole, None):
        (root / name).unlink() if damage is None else (root / name).write_bytes(damage)
        is_missed = name == TAG_NAME and damage in {None, whole + whole}  # then only the manifest's own lines show it
        assert bool(verify(root).problems) != is_missed, damage
        (root / name).write_bytes(whole)
    for seed in range(FLIPS):
        flipped(root / name, seed)
        assert verify(root).problems
        (root / name).write_bytes(whole)


def test_killed_between_the_manifest_and_its_hash_either_is_well(root, monkeypatch):
    seal(root)
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        corpus.add(make_article(9, text=text(9)))
    rename = os.rename

    def killed(source, target):
        if target == root / MANIFEST_NAME:
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        seal(root)
    assert len((root / TAG_NAME).read_bytes().splitlines()) == 2
    assert verify(root).problems == []
    monkeypatch.undo()
    seal(root)
    assert len((root / TAG_NAME).read_bytes().splitlines()) == 1
    assert verify(root).problems == []


def test_a_damaged_manifest_is_not_sealed_over(root):
    seal(root)
    (root / MANIFEST_NAME).unlink()
    with pytest.raises(CorpusDamaged, match="it is missing"):
        seal(root)


def test_link_in_the_place_of_the_manifest_is_a_problem(root):
    seal(root)
    (root / MANIFEST_NAME).rename(root.parent / "elsewhere")
    (root / MANIFEST_NAME).symlink_to(root.parent / "elsewhere")
    assert [problem.file for problem in verify(root).problems] == [MANIFEST_NAME]
    with pytest.raises(CorpusDamaged, match="not what was written"):
        seal(root)


def test_a_changed_bit_of_the_search_index_never_shows_what_no_line_says(root):
    search(root, "harbour*", Selection())
    index, texts = root / "search.sqlite", {f"replica/{number}": text(number) for number in range(8)}
    whole = index.read_bytes()
    for seed in range(FLIPS):
        flipped(index, seed)
        for hit in search(root, "harbour*", Selection()).hits:
            assert hit.snippet.text.strip("… ") in texts[hit.key]
        assert verify(root).problems == []
        index.write_bytes(whole)


def test_a_changed_bit_of_the_near_duplicate_index_loses_no_record(root, tmp_path):
    files = sorted(path for path in (root / "near").iterdir() if path.stat().st_size)
    for seed in range(FLIPS):
        copy = shutil.copytree(root, tmp_path / str(seed))
        flipped(copy / "near" / files[seed % len(files)].name, seed)
        with closing(Corpus(copy, "replica")) as corpus:
            corpus.find_near_duplicates(0.5)
            with corpus.group():
                corpus.add(make_article(100, text=near_text(3)))
        kept = {one["key"]: one["text"] for family in ("articles", "duplicates") for one in records(copy, family)}
        assert kept == {f"replica/{n}": text(n) for n in range(8)} | {"replica/100": near_text(3)}
        assert verify(copy).problems == []
        shutil.rmtree(copy)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"gleaner/asked": {}}'])
def test_a_damaged_record_of_a_run_is_harmless(root, capsys, content):
    folder = root / "runs" / "20261122T210543Z-ab6e"
    folder.mkdir(parents=True)
    (folder / "stats.json").write_bytes(content)
    assert verify(root).problems == []
    make_corpus(root, make_article(9, text=text(9)))
    for arguments in ((), ("--run", "latest")):
        code, _, told = run("report", root, *arguments, "--force", capsys=capsys)
        assert code in {0, 1, 4, 5}
        assert len(told.splitlines()) <= 1
