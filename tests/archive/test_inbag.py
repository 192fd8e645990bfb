"""A bag must match its manifest, so Gleaner never writes into one."""

from __future__ import annotations

import bagit
import pytest

from crawler.archive import Corpus
from crawler.archive.inbag import is_in_bag
from crawler.archive.rebuilding import rebuild
from crawler.corpus.fixity.bags import make_bag
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.merge.merge import merge
from crawler.exceptions import ConfigError, GleanerError
from tests.commands.test_corpus import run
from tests.corpus.fixity.test_verify import make

VERBS = {
    "repair": (), "verify": (), "stats": (), "seal": (), "report": (), "browse": (), "duplicates": (),
    "search": ("harbour",), "history": ("1",), "bag": ("out",), "reextract": ("--yes",),
    "export": ("--format", "jsonl", "-o", "-"), "graph": ("--format", "dot", "-o", "-"),
}  # fmt: skip


@pytest.fixture
def bag(tmp_path):
    return make_bag(make(tmp_path / "corpus", False), tmp_path / "bag").path


def open_corpus(root):
    return Corpus(root, "replica")


def repair(root):
    return rebuild(root, "on request")


def content(bag):
    return {path.relative_to(bag): path.is_file() and path.read_bytes() for path in bag.rglob("*")}


@pytest.mark.parametrize("place", [".", "data", "data/new"])
@pytest.mark.parametrize("write", [open_corpus, repair, seal])
def test_nothing_writes_into_a_bag(bag, place, write):
    (bag / "data" / "new").mkdir()
    before = content(bag)
    with pytest.raises(GleanerError) as raised:
        write(bag / place)
    assert "scrapy corpus merge" in str(raised.value) or "there is no corpus here" in str(raised.value)
    assert content(bag) == before
    assert bagit.Bag(str(bag)).validate()


def test_folder_beside_the_payload_or_similar_to_it_is_in_no_bag(bag, tmp_path):
    (tmp_path / "corpora" / "data").mkdir(parents=True)
    (bag / "notes").mkdir()
    assert [is_in_bag(path) for path in (bag, bag / "data", bag / "data" / "articles")] == [True] * 3
    assert [is_in_bag(path) for path in (bag.parent, tmp_path / "corpora" / "data", bag / "notes")] == [False] * 3


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_names_merge(bag, verb, capsys):
    before = content(bag)
    code, said, told = run(verb, bag / "data", *VERBS[verb], capsys=capsys)
    assert (code, said) == (4, "")
    (line,) = told.splitlines()
    assert f"scrapy corpus merge {bag / 'data'} -s CORPUS_DIR=NEW" in line
    assert content(bag) == before


def test_a_bag_is_merged_and_stays_as_it_is(bag, tmp_path):
    before = content(bag)
    merged = merge(tmp_path / "new", [bag / "data"])
    assert merged[bag / "data"].added == 3
    with pytest.raises(ConfigError, match="never written to"):
        merge(bag / "data", [tmp_path / "new"])
    assert content(bag) == before
