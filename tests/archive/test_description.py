"""corpus.json: every changed byte is found, and its content is rebuilt from the files beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.archive import Corpus
from crawler.archive.description import (
    describe,
    describe_checked,
    encode_description,
    has_remains,
    update_description,
)
from crawler.archive.rebuilding import rebuild
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.exceptions import ConfigError, CorpusDamaged, CorpusError
from tests.archive.corpora import make_corpus
from tests.factories import make_article

PROFILE = b'name = "replica"\ntimezone = "Asia/Tehran"\n'
FIELDS = {"schema": 1, "site": "replica", "created": "2026-11-22T20:00:00+00:00", "depth": 2, "profiles": ["0" * 64]}
NEWER = {"schema": 2, "site": "replica", "shape": "other"}


@pytest.fixture
def root(tmp_path):
    """Return a corpus with one line, a profile, and the record of a run."""
    root = tmp_path / "corpus"
    make_corpus(root, make_article(1))
    corpus = Corpus(root, "replica")
    corpus.keep_profile(PROFILE)
    corpus.depths.allow(3)
    corpus.close()
    run = root / "runs/20261122T210543Z-ab6e"
    run.mkdir(parents=True)
    told = {"site": "replica", "profile_sha256": describe(root)["profiles"][0], "depth": 3}
    (run / "stats.json").write_bytes(orjson.dumps(told))
    return root


@settings(max_examples=300, deadline=None)
@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_every_flipped_bit_is_found(tmp_path_factory, at, bit):
    root = tmp_path_factory.getbasetemp() / "flipped"
    root.mkdir(exist_ok=True)
    data = bytearray(encode_description(FIELDS))
    data[at % len(data)] ^= 1 << bit
    (root / "corpus.json").write_bytes(data)
    with pytest.raises(CorpusDamaged, match=r"corpus\.json"):
        describe_checked(root)


def test_an_older_description_without_checksum_is_read_and_completed(root):
    older = {name: FIELDS[name] for name in ("schema", "site", "created")}
    (root / "corpus.json").write_bytes(orjson.dumps(older))
    assert describe_checked(root) == older
    assert verify(root).problems == []
    assert update_description(root, depth=1) == {**older, "depth": 1}
    assert "sha256" in json.loads((root / "corpus.json").read_bytes())


@pytest.mark.parametrize("data", [b"", bytes(80), b'{"schema": 1, "si', b"[]", b"null", b"{}", b'{"schema": 1}', None])
def test_description_is_rebuilt_from_the_other_files(root, data):
    path = root / "corpus.json"
    said = describe(root)
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CorpusDamaged, match="scrapy corpus repair"):
        describe(root)
    (problem,) = verify(root).problems
    assert problem.file == "corpus.json"
    assert rebuild(root, "on request").described is not None
    assert describe_checked(root) == {**said, "created": "2026-11-22T21:05:43+00:00"}
    assert verify(root).problems == []
    kept = [one.read_bytes() for one in (root / "quarantine").glob("corpus.json-*.damaged")]
    assert kept == ([] if data is None else [data])


def test_unknown_facts_of_a_rebuilt_description_are_null(root):
    shutil.rmtree(root / "runs")
    (root / "site.toml").unlink()
    (root / "corpus.json").unlink()
    rebuild(root, "on request")
    described = describe(root)
    assert (described["site"], described["depth"], described["profiles"]) == ("replica", None, [])
    assert described["created"] == make_article().capture.fetched


def test_a_corpus_of_which_nothing_tells_the_site_is_not_rebuilt(root):
    for path in ("articles", "runs", "corpus.json", "site.toml"):
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
    (root / "images/ab").mkdir(parents=True)
    with pytest.raises(CorpusError, match="of which site"):
        rebuild(root, "on request")
    assert not (root / "corpus.json").exists()
    Corpus(root, "replica").close()
    assert describe(root)["site"] == "replica"


def test_a_crawl_rebuilds_a_missing_one_but_for_another_site(root):
    (root / "corpus.json").unlink()
    with pytest.raises(ConfigError, match="of the site 'replica'"):
        Corpus(root, "alalam")
    assert not (root / "corpus.json").exists()
    corpus = Corpus(root, "replica")
    corpus.close()
    assert any("corpus.json was rebuilt" in message for message in corpus.repairs.messages())
    assert describe(root)["depth"] == 3


@pytest.mark.parametrize("fields", [NEWER, {**NEWER, "sha256": "of another kind"}])
def test_description_of_a_newer_gleaner_is_not_changed(root, fields):
    (root / "corpus.json").write_bytes(orjson.dumps(fields))
    for act in (describe, verify, lambda at: rebuild(at, ""), lambda at: Corpus(at, "replica")):
        with pytest.raises(CorpusDamaged, match="a newer Gleaner may have written it"):
            act(root)
    assert json.loads((root / "corpus.json").read_bytes()) == fields


def test_a_manifest_stays_true_when_a_crawl_goes_deeper(root):
    seal(root)
    manifest = root / "manifest-sha256.txt"
    assert b"  corpus.json\n" in manifest.read_bytes()
    corpus = Corpus(root, "replica")
    corpus.depths.allow(5)
    corpus.close()
    assert b"  corpus.json\n" not in manifest.read_bytes()
    assert b"  site.toml\n" in manifest.read_bytes()
    assert verify(root).problems == []
    seal(root)
    assert b"  corpus.json\n" in manifest.read_bytes()
    assert verify(root).problems == []


def test_the_depth_grows_and_is_never_lowered(tmp_path):
    corpus = Corpus(tmp_path / "corpus", "replica")
    asked = [corpus.depths.allow(depth) for depth in (2, 0, None, 3, None)]
    corpus.close()
    assert (asked, describe(corpus.root)["depth"]) == ([2, 0, 2, 3, 3], 3)


def test_a_folder_with_other_files_is_no_corpus(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "articles").mkdir()
    Path(tmp_path / "articles/notes.txt").touch()
    assert not has_remains(tmp_path)
    with pytest.raises(CorpusError, match="no corpus here"):
        rebuild(tmp_path, "on request")
