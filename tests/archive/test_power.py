"""A power cut: unsynced bytes are missing, cut short or zeros, and the catalogue may have lost its last commits.

The states come from a real run: the segments with the bytes that each ``fdatasync`` covered, and the catalogue after
each commit (in WAL mode with ``synchronous=NORMAL`` a power cut returns it to one of these).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.archive import Corpus
from crawler.corpus.fixity.verify import verify
from tests.archive.test_crashes import keys_and_versions
from tests.factories import make_article, make_seed, related_items

GROUPS = [
    [make_seed(related=(1, 2, 3))],
    [make_article(1, related=related_items(2, 4)), make_article(2, text="Text of article 1.")],
    [make_article(3, related=related_items(1)), make_article(4), make_article(5)],
    [make_article(1, text="Changed."), make_article(6)],
]
NAMES = ("articles", "duplicates")


def segment(root, family):
    return root / family / f"{family}-000001.jsonl"


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Archive the groups; return copies of the corpus folder after 0, 1, 2 ... acknowledged groups."""
    root = tmp_path_factory.mktemp("run")
    snapshots = [tmp_path_factory.mktemp(f"after-{number}") for number in range(len(GROUPS) + 1)]
    corpus = Corpus(root, "replica")
    snapshot(root, snapshots[0])
    for group, to in zip(GROUPS, snapshots[1:], strict=True):
        with corpus.group():
            for article in group:
                corpus.add(article)
        snapshot(root, to)
    corpus.close()
    return snapshots


def snapshot(root, to):
    for family in NAMES:
        if (root / family).exists():
            shutil.copytree(root / family, to / family)
    shutil.copy(root / "corpus.json", to)
    with (
        closing(sqlite3.connect(root / "catalogue.sqlite")) as source,
        closing(sqlite3.connect(to / "catalogue.sqlite")) as target,
    ):
        source.backup(target)


def size(root, family):
    path = segment(root, family)
    return path.stat().st_size if path.exists() else 0


def versions(groups):
    """Return the keys and versions that are durable after *groups* were acknowledged."""
    found = {}
    for group in groups:
        for article in group:
            found[article.key] = found.get(article.key, 0) + 1
    return {(key, version) for key, last in found.items() for version in range(1, last + 1)}


@settings(
    deadline=None,
    max_examples=int(os.environ.get("GLEANER_POWER_CUTS", "100")),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_a_power_cut_leaves_what_was_acknowledged_is_there_once(history, tmp_path_factory, data):
    acknowledged = data.draw(st.integers(0, len(GROUPS)), "acknowledged groups")
    ahead = data.draw(st.integers(1, 2), "groups written since")  # one may be written while another is synced
    written = history[min(acknowledged + ahead, len(GROUPS))]
    catalogue = history[data.draw(st.integers(0, acknowledged), "catalogue of group")]
    root = tmp_path_factory.mktemp("state")
    shutil.copy(written / "corpus.json", root)
    shutil.copy(catalogue / "catalogue.sqlite", root)
    for family in NAMES:
        synced, end = size(history[acknowledged], family), size(written, family)
        if end == 0:
            continue
        there = data.draw(st.integers(synced, end), f"{family}: bytes that reached the disk")
        zeros = data.draw(st.sampled_from([0, end - there, 4096]), f"{family}: zeros after them")
        (root / family).mkdir()
        content = segment(written, family).read_bytes()
        segment(root, family).write_bytes(content[:there] + bytes(zeros))

    Corpus(root, "replica").close()
    survived = keys_and_versions(root)
    assert set(survived.values()) <= {1}
    assert versions(GROUPS[:acknowledged]) <= set(survived)
    assert verify(root).problems == []

    corpus = Corpus(root, "replica")
    assert list(corpus.repairs.messages()) == []
    for group in GROUPS:
        with corpus.group():
            for article in group:
                corpus.add(article)
    corpus.close()
    assert {key for key, _ in versions(GROUPS)} == {key for key, _ in keys_and_versions(root)}
    assert verify(root).problems == []
