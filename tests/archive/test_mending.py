"""What repair moves out of a corpus, where it goes, and what is requested again, at whatever instant it is killed."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from crawler.archive import Corpus
from crawler.archive.rebuilding import rebuild
from crawler.archive.segments import segment_paths
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.corpus.lines import AllLines
from crawler.frontier.targets import Validators
from crawler.items import RelatedItem
from tests.archive.corpora import make_corpus, without_checksums
from tests.archive.test_crashes import die_at
from tests.factories import make_article, make_seed, make_stub

KEYS = range(1, 9)


@pytest.fixture
def root(tmp_path):
    make(tmp_path / "corpus")
    return tmp_path / "corpus"


def make(root):
    articles = (make_article(number, depth=2, related=()) for number in KEYS)
    make_corpus(root, make_seed(related=(1, 2)), *articles, segment_bytes=2500)


def repair(root):
    return rebuild(root, "on request", mend=True)


def flip(path, word):
    """Change a letter of *word* in the segment at *path*."""
    data = path.read_bytes()
    assert data.count(word) == 1
    path.write_bytes(data.replace(word, bytes([word[0] ^ 1]) + word[1:]))


def flip_middle(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def segment_with(root, word):
    return next(path for path in segment_paths(root, "articles") if word in path.read_bytes())


def pending(root):
    with closing(sqlite3.connect(root / "catalogue.sqlite")) as connection:
        return dict(connection.execute("SELECT key, depth FROM targets WHERE state = 'pending'").fetchall())


def log(root):
    return [json.loads(line) for line in (root / "quarantine/repairs.jsonl").read_bytes().splitlines()]


def keys(root):
    return [line.record["key"] for line in AllLines(root, "articles")]


@pytest.mark.parametrize("catalogue", ["there", "lost", "garbage"])
@pytest.mark.parametrize("word", [b"Title 3", b"Text of article 8"], ids=["title", "last line"])
def test_a_line_that_changed_is_moved_to_quarantine_and_its_target_requested_again(root, catalogue, word):
    path = segment_with(root, word)
    before = keys(root)
    key = f"replica/{word.decode()[-1]}"
    flip(path, word)
    (damaged,) = (line for line in path.read_bytes().splitlines(keepends=True) if word[1:] in line)
    if catalogue == "lost":
        (root / "catalogue.sqlite").unlink()
    elif catalogue == "garbage":
        (root / "catalogue.sqlite").write_bytes(b"garbage" * 1000)

    done = repair(root)

    (taken,) = done.taken
    assert (taken.damage.place.segment, taken.damage.key) == (path.name, key)
    assert taken.damage.reason == "its bytes do not match its crc32"
    assert (root / taken.kept).read_bytes() == damaged
    assert done.is_damage
    assert pending(root) == {key: 2}
    assert keys(root) == [one for one in before if one != key]
    assert log(root)[0]["key"] == key
    found = verify(root)
    assert found.problems == []
    assert "quarantine/: 1 files were taken out" in found.notes[-1]
    assert not repair(root).is_damage
    assert pending(root) == {key: 2}


def test_articles_fetched_again_are_not_requested_even_if_the_catalogue_is_lost(root):
    flip(segment_with(root, b"Title 3"), b"Title 3")
    repair(root)
    make_corpus(root, make_article(3, depth=2, related=()))
    assert pending(root) == {}
    (root / "catalogue.sqlite").unlink()
    rebuild(root, "it was missing")
    assert pending(root) == {}
    assert sorted(keys(root))[:-1] == [f"replica/{number}" for number in KEYS]


def test_a_key_is_requested_again_without_conditions_though_an_older_version_stands(root):
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        corpus.add(make_article(5, text="Another text.", depth=2), Validators("http://127.0.0.1/news/5", '"a"'))
    flip(segment_with(root, b"Another text"), b"Another text")
    repair(root)
    assert pending(root) == {"replica/5": 2}
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        (target,) = corpus.frontier.lease(9, max_depth=9, run="r", until=1e12)
        assert target.validators is None
        assert corpus.add(make_article(5, text="Another text.", depth=2)).version == 2


@pytest.mark.parametrize("compression", [None, "gzip", "zstd"])
def test_a_damaged_sealed_segment_gets_a_new_seal_and_place_in_the_manifest(root, compression):
    seal(root, compression)
    path = segment_paths(root, "articles")[1]
    listed = (root / "manifest-sha256.txt").read_text()
    flip_middle(path)
    damaged = path.read_bytes()
    done = repair(root)
    assert done.is_damage
    assert verify(root).problems == []
    kept = {one.read_bytes() for one in (root / "quarantine").iterdir()}
    assert listed.encode() in kept
    assert {one["listed_sha256"] for one in log(root) if "listed_sha256" in one} < set(listed.split())
    if compression:
        assert damaged in kept
    lost = {f"replica/{number}" for number in KEYS} - set(keys(root))
    assert pending(root).keys() == lost != set()
    assert seal(root, compression).missing == []


@pytest.mark.parametrize("sealed", [True, False])
def test_the_keys_of_a_lost_segment_are_requested_again(root, sealed):
    if sealed:
        seal(root)
    path = segment_paths(root, "articles")[1]
    lost = {json.loads(line)["key"]: 2 for line in path.read_bytes().splitlines()}
    path.unlink()
    done = repair(root)
    assert done.is_damage
    assert set(done.gone) == lost.keys()
    assert pending(root) == lost
    assert verify(root).problems == []
    (root / "catalogue.sqlite").unlink()
    rebuild(root, "it was missing")
    assert pending(root).keys() == lost.keys()


def test_seal_gives_the_facts_of_a_lost_segment_and_catalogue(root):
    seal(root)
    path = segment_paths(root, "articles")[1]
    lost = [json.loads(line)["key"] for line in path.read_bytes().splitlines()]
    path.unlink()
    (root / "catalogue.sqlite").unlink()
    assert repair(root).is_damage
    assert pending(root).keys() >= {lost[0], lost[-1]}
    assert verify(root).problems == []


def test_a_lost_newline_costs_the_line_that_it_ended_and_not_the_next(root):
    path = segment_paths(root, "articles")[1]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0][:-1] + b"\x0b" + b"".join(lines[1:]))
    (taken,) = repair(root).taken
    assert taken.damage.key == json.loads(lines[0])["key"]
    assert path.read_bytes() == b"".join(lines[1:])
    assert verify(root).problems == []


@pytest.mark.parametrize("catalogue", [True, False])
def test_lines_older_than_checksums_are_checked_by_the_catalogue_or_their_hash(root, catalogue):
    for path in segment_paths(root, "articles"):
        without_checksums(path)
    (root / "catalogue.sqlite").unlink()
    rebuild(root, "it was missing")
    flip(segment_with(root, b"Title 3"), b"Title 3")
    flip(segment_with(root, b"Text of article 6"), b"Text of article 6")
    if not catalogue:
        (root / "catalogue.sqlite").unlink()
    told = {one.damage.key for one in repair(root).taken}
    assert told == ({"replica/3", "replica/6"} if catalogue else {"replica/6"})
    assert pending(root).keys() == told
    make_corpus(root, make_article(9))
    assert verify(root).problems == []


def test_opening_a_corpus_for_a_crawl_neither_takes_in_nor_cuts_a_damaged_line(root):
    for catalogue_is_lost in (False, True):
        for word in (b"Title 3", b"Title 8"):
            copy = root.with_name(f"{word.decode()}-{catalogue_is_lost}")
            shutil.copytree(root, copy)
            path = segment_with(copy, word)
            flip(path, word)
            damaged = path.read_bytes()
            if catalogue_is_lost and word != b"Title 8":
                (copy / "catalogue.sqlite").unlink()
            else:
                with closing(sqlite3.connect(copy / "catalogue.sqlite")) as connection:
                    connection.execute("PRAGMA user_version = 1")
            with closing(Corpus(copy, "replica")) as corpus:
                assert [place.segment for place, _ in corpus.repairs.damaged] == [path.name]
            assert path.read_bytes() == damaged
            assert verify(copy).problems
            assert repair(copy).taken
            assert verify(copy).problems == []


@pytest.mark.parametrize("catalogue", [True, False])
def test_repair_may_be_killed_at_every_call_that_writes(tmp_path, catalogue):
    whole = tmp_path / "whole"
    make(whole)
    seal(whole, "gzip")
    make_corpus(whole, *(make_article(number, depth=2, related=()) for number in (11, 12, 13)), segment_bytes=2500)
    flip_middle(segment_paths(whole, "articles")[0])
    flip(segment_with(whole, b"Title 12"), b"Title 12")
    if not catalogue:
        (whole / "catalogue.sqlite").unlink()
    calm = shutil.copytree(whole, tmp_path / "calm")
    repair(calm)
    expected = keys(calm), pending(calm)
    assert "replica/12" in expected[1]
    point = 0
    while True:
        point += 1
        root = shutil.copytree(whole, tmp_path / str(point))
        child = os.fork()
        if child == 0:
            die_at(point, torn=point % 2 == 0)
            repair(root)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if point % 3 == 0:
            Corpus(root, "replica").close()  # the next crawl, before repair is run again
        repair(root)
        assert (keys(root), pending(root)) == expected, point
        assert verify(root).problems == [], point
        shutil.rmtree(root)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
    assert point > 20


@pytest.mark.parametrize("catalogue", ["there", "lost"])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_line_that_is_there_twice_is_left_once_and_nothing_is_requested_for_it(root, catalogue, compressed):
    path = segment_with(root, b"Title 3")
    before = keys(root)
    (line,) = (one for one in path.read_bytes().splitlines(keepends=True) if b"Title 3" in one)
    path.write_bytes(line + path.read_bytes())
    if compressed:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    if catalogue == "lost":
        (root / "catalogue.sqlite").unlink()

    done = repair(root)

    assert [one.damage.key for one in done.taken] == ["replica/3"]
    assert done.is_damage
    assert sorted(keys(root)) == sorted(before)
    assert pending(root) == {}
    assert verify(root).problems == []
    assert not repair(root).is_damage


def test_a_segment_that_was_copied_into_the_other_family_is_taken_out_again(root):
    before = keys(root)
    source = segment_with(root, b"Title 3")
    (root / "duplicates").mkdir(exist_ok=True)
    copy = root / "duplicates" / "duplicates-000001.jsonl"
    copy.write_bytes(source.read_bytes())

    done = repair(root)

    assert [place.segment for place in done.cut] == [copy.name]
    assert keys(root) == before
    assert pending(root) == {}
    assert verify(root).problems == []
    assert not repair(root).is_damage


def test_lines_that_were_moved_into_the_other_family_are_requested_again(root):
    source = segment_with(root, b"Title 3")
    moved = [line.record["key"] for line in AllLines(root, "articles") if line.place.segment == source.name]
    (root / "duplicates").mkdir(exist_ok=True)
    source.rename(root / "duplicates" / "duplicates-000001.jsonl")
    source.with_name(source.name.replace(".jsonl", ".seal.json")).unlink(missing_ok=True)

    done = repair(root)

    assert done.is_damage
    assert set(moved) == set(pending(root))
    assert verify(root).problems == []


@pytest.mark.parametrize("then", ["repair", "the catalogue is lost, too"])
def test_facts_of_a_lost_stub_are_kept_even_if_the_lines_that_list_it_are_lost(tmp_path, then):
    root = tmp_path / "corpus"
    item = RelatedItem(id="2", title="A harbour", pic="/2016/02/26/a_25f_4x3.jpg")
    make_corpus(root, make_seed(related=(1,)), make_article(1, related=(item,)), make_stub(2, related=(), depth=2))
    (path,) = segment_paths(root, "articles")
    path.unlink()
    repair(root)
    if then != "repair":
        (root / "catalogue.sqlite").unlink()
        rebuild(root, "it was missing")
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        targets = {one.key: one for one in corpus.frontier.lease(9, max_depth=9, run="r", until=1e12)}
    assert (targets["replica/2"].title, targets["replica/2"].pic) == (item.title, item.pic)
