"""``scrapy corpus withdraw``: what it prints, and what it refuses."""

from __future__ import annotations

import argparse
import json

import pytest

from crawler.archive.tombstones import TOMBSTONES_NAME
from crawler.cli.corpus.withdraw import run
from crawler.exceptions import ConfigError
from tests.archive.corpora import make_corpus
from tests.factories import make_article


@pytest.fixture
def root(tmp_path):
    make_corpus(tmp_path / "corpus", make_article(7), make_article(8))
    return tmp_path / "corpus"


def options(*keys, **changes):
    given = {"keys": list(keys), "reason": None, "near": False, "dry_run": False, "list_": False, "json": False}
    return argparse.Namespace(**{**given, **changes})


def test_withdrawn_key_is_printed_and_listed(root, capsys):
    assert run(root, options("7", reason="a request")) == 0
    assert capsys.readouterr().out == "replica/7: 1 versions, 0 pictures withdrawn\n"
    assert run(root, options(list_=True, json=True)) == 0
    (listed,) = json.loads(capsys.readouterr().out)["withdrawn"]
    assert (listed["key"], listed["reason"]) == ("replica/7", "a request")


def test_dry_run_writes_nothing(root, capsys):
    assert run(root, options("7", dry_run=True)) == 0
    assert "would be withdrawn" in capsys.readouterr().out
    assert not (root / TOMBSTONES_NAME).exists()


@pytest.mark.parametrize("given", [options("7"), options("7", reason="  "), options(reason="a request")])
def test_key_and_reason_are_needed(root, given):
    with pytest.raises(ConfigError, match="withdraw needs"):
        run(root, given)
