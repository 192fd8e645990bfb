"""The depth of a target is the length of the shortest way to it, in whatever order its records came."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.archive import Corpus
from crawler.archive.rebuilding import rebuild
from crawler.spiders.base import ArticleSpider
from tests.factories import make_article, make_seed, related_items

FAR = 9
NODES = range(1, 7)


def archive(root, records, together=1):
    corpus = Corpus(root, "replica")
    for at in range(0, len(records), together):
        with corpus.group():
            for record in records[at : at + together]:
                corpus.add(record)
    corpus.close()


def depths(root):
    with closing(sqlite3.connect(root / "catalogue.sqlite")) as connection:
        return {
            int(article_id): depth
            for article_id, depth in connection.execute("SELECT id, depth FROM targets WHERE id IS NOT NULL")
        }


def test_targets_come_nearer_with_the_record_that_lists_them(tmp_path):
    late = [make_article(1, depth=4, related=related_items(2)), make_article(2, depth=5, related=related_items(3))]
    archive(tmp_path / "corpus", [*late, make_seed(related=(1,))])
    assert depths(tmp_path / "corpus") == {1: 1, 2: 2, 3: 3}
    corpus = Corpus(tmp_path / "corpus", "replica")
    with corpus.group():
        assert [target.id for target in corpus.frontier.lease(9, max_depth=3, run="run-2", until=2e9)] == ["3"]
    corpus.close()


def test_spider_requests_targets_that_came_nearer_before_the_commit(tmp_path):
    corpus = Corpus(tmp_path / "corpus", "replica")
    with corpus.group(wait=False):
        corpus.add(make_article(1, depth=4, related=related_items(2)))
        corpus.add(make_seed(related=(1,)))
    with corpus.group():
        targets = ArticleSpider.lease(SimpleNamespace(depth=2), corpus, 9, run="run-2", until=2e9)
    corpus.close()
    assert [(target.id, target.depth) for target in targets] == [("2", 2)]


def test_a_nearer_way_that_was_found_while_a_page_was_fetched_counts(tmp_path):
    archive(tmp_path / "corpus", [make_seed(related=(1,)), make_article(1, depth=3, related=related_items(2))])
    assert depths(tmp_path / "corpus") == {1: 1, 2: 2}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.sampled_from(NODES), max_size=3, unique=True), min_size=len(NODES), max_size=len(NODES)),
    st.lists(st.sampled_from(NODES), min_size=1, max_size=2, unique=True),
    st.permutations([0, *NODES]),
    st.integers(1, 7),
)
def test_the_order_of_records_makes_no_difference(tmp_path_factory, listed, seeded, order, together):
    records = {0: make_seed(related=tuple(seeded))}
    for node, others in zip(NODES, listed, strict=True):
        records[node] = make_article(node, depth=FAR, related=related_items(*others))
    root = tmp_path_factory.mktemp("depths") / "corpus"
    archive(root, [records[number] for number in order], together)
    expected = dict.fromkeys(NODES, FAR)
    steps, reached = 1, set(seeded)
    while any(expected[node] > steps for node in reached):
        nearer = {node for node in reached if expected[node] > steps}
        expected |= dict.fromkeys(nearer, steps)
        reached = {other for node in nearer for other in listed[node - 1]}
        steps += 1
    assert depths(root) == expected
    rebuild(root, "for a test")
    assert depths(root) == expected
