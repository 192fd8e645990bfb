"""Gathered rows are visible at once, written together, and equal to rows that are written one by one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.archive import Added, Corpus, Duplicate, Unchanged
from crawler.archive.catalogue import Catalogue
from crawler.archive.fingerprints import Fingerprints
from crawler.archive.rebuilding import rebuild
from crawler.archive.schema import VERSION
from crawler.corpus.fixity.verify import verify
from crawler.corpus.stats import corpus_stats
from crawler.frontier.targets import Validators
from crawler.items import Image, RelatedItem
from crawler.jsonl import decode
from tests.archive.test_repair import content
from tests.factories import make_article, make_seed, make_stub, related_items

IDS = st.integers(1, 6)
TITLES = st.sampled_from([None, "A", "B", "Longer", "Langer"])
RELATED = st.lists(
    st.builds(RelatedItem, id=IDS.map(str), sort=st.none() | st.integers(0, 9), title=TITLES, pic=TITLES), max_size=4
).map(tuple)
RECORDS = st.one_of(
    st.builds(
        make_article,
        IDS,
        text=st.sampled_from(["One text.", "Another.", None]),
        url=st.sampled_from(["http://h/1", "https://h/1", "http://h/2"]),
        depth=st.integers(0, 3),
        related=RELATED,
        images=st.sampled_from([(), (Image(pic="/a.jpg", status="failed"),), (Image(pic="/a.jpg", status="missing"),)]),
    ),
    st.builds(make_stub, IDS, status=st.sampled_from([404, 503, None]), depth=st.integers(0, 3)),
    st.builds(
        make_seed, st.sampled_from(["000000000001", "000000000002"]), related=st.just((1, 2, 3)), depth=st.just(0)
    ),
    st.builds(make_article, IDS, kind=st.just("seed"), related=RELATED),
)


def archive(root, groups):
    corpus = Corpus(root, "replica")
    outcomes = []
    for group in groups:
        with corpus.group():
            corpus.look_up(group)
            outcomes += [corpus.add(record) for record in group]
    with corpus.group():
        corpus.frontier.release(now=0)
    corpus.close()
    return outcomes


def lines(root):
    return {path.name: path.read_bytes() for path in root.glob("*/*.jsonl")}


def told_by_lines(tables):
    """Leave out pictures that were requested without success: an unchanged article has no line to record that."""
    return [[row for row in table if row[1:2] not in {("failed",), ("missing",)}] for table in tables]


@settings(deadline=None, max_examples=25)
@given(records=st.lists(RECORDS, max_size=12), cuts=st.lists(st.integers(0, 12), max_size=3))
def test_how_records_are_grouped_makes_no_difference(tmp_path_factory, records, cuts):
    ends = [0, *sorted(min(cut, len(records)) for cut in cuts), len(records)]
    groups = [records[start:end] for start, end in pairwise(ends)]
    one_by_one, grouped = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("grouped")
    assert archive(one_by_one, [[record] for record in records]) == archive(grouped, groups)
    assert content(one_by_one) == content(grouped)
    assert lines(one_by_one) == lines(grouped)
    rebuild(grouped, "on request")
    assert told_by_lines(content(one_by_one)) == told_by_lines(content(grouped))
    assert verify(grouped).problems == []


def test_an_edge_has_the_smallest_sort_of_all_versions_in_whatever_order_they_are_read(tmp_path):
    """Lines in duplicates/ are read after those in articles/ when a catalogue is rebuilt."""
    corpus = Corpus(tmp_path, "replica")
    repeated, changed = ((RelatedItem(id="9", sort=sort),) for sort in (None, 5))
    with corpus.group():
        corpus.add(make_article(1, text="One text."))
        assert corpus.add(make_article(2, text="One text.", related=repeated)) == Duplicate("replica/1", 1.0, 1, "text")
        assert corpus.add(make_article(2, text="Another.", related=changed)) == Added(2)
    before = content(tmp_path)
    corpus.close()
    rebuild(tmp_path, "on request")
    assert content(tmp_path) == before


def test_records_added_in_a_group_are_known_inside_it(tmp_path):
    corpus = Corpus(tmp_path, "replica")
    picture = Image(pic="/a.jpg", url="u", status="stored", path="p", sha256="s")
    first = make_article(1, text="One text.", url="http://h/1", related=related_items(2, 3), images=(picture,))
    with corpus.group():
        assert corpus.add(make_seed(related=(1, 2))) == Added(1)
        assert corpus.add(first, Validators("http://h/1", etag='"e"')) == Added(1)
        assert corpus.add(first) == Unchanged(1)
        assert corpus.add(make_article(2, text="One text.")) == Duplicate("replica/1", 1.0, 1, "text")
        assert corpus.add(make_article(3, url="https://h/1")) == Duplicate("replica/1", None, 1, "url")
        assert corpus.catalogue.discovered_from("replica/2") == {"replica/1", "replica/seed-0e0b62733202"}
        assert corpus.catalogue.picture("/a.jpg") == picture
        assert corpus.frontier.counts() == {"fetched": 3, "seed": 1}
        row = corpus.catalogue.connection.execute("SELECT url, etag FROM visits WHERE tid = 1").fetchone()
        assert row == ("http://h/1", '"e"')
    corpus.close()


def test_a_second_version_in_a_group_knows_who_listed_it(tmp_path):
    """Looking up the first version writes the gathered rows, and loses none of them."""
    archive(tmp_path, [[make_seed(related=(1,)), make_article(1, text="One."), make_article(1, text="Another.")]])
    _, *versions = next(iter(lines(tmp_path).values())).splitlines()
    assert [decode(line).discovered_from for line in versions] == [("replica/seed-0e0b62733202",)] * 2


def test_fingerprints_are_found_before_and_after_they_are_merged(tmp_path):
    with closing(Catalogue(tmp_path / "catalogue.sqlite")) as catalogue:
        found = Fingerprints(catalogue.connection, max_recent=4)
        with catalogue.transaction():
            for number in range(10):
                found.add(number // 2, number)
                found.write()
        for seen in (found, Fingerprints(catalogue.connection)):
            seen.load()
            assert [seen.find(number) for number in range(6)] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], []]
        counted = "SELECT (SELECT count(*) FROM fingerprints), (SELECT count(*) FROM recent_fingerprints)"
        merged, recent = catalogue.connection.execute(counted).fetchone()
        assert merged > 4
        assert merged + recent == 10


def test_a_fingerprint_of_a_group_that_failed_finds_nothing(tmp_path):
    with closing(Catalogue(tmp_path / "catalogue.sqlite")) as catalogue:
        found = Fingerprints(catalogue.connection)
        with pytest.raises(ValueError, match="no"), catalogue.transaction():
            found.add(1, 1)
            found.write()
            raise ValueError("no")
        found.load()
        assert found.find(1) == []


@pytest.mark.parametrize("opened", [lambda root: Corpus(root, "replica").close(), corpus_stats, verify])
def test_catalogue_of_another_version_is_rebuilt(tmp_path, opened):
    archive(tmp_path, [[make_article(1)]])
    before = content(tmp_path)
    with closing(sqlite3.connect(tmp_path / "catalogue.sqlite")) as connection, connection:
        connection.executescript("PRAGMA user_version = 3; DROP TABLE fingerprints")
    connection.close()
    opened(tmp_path)
    assert content(tmp_path) == before
    with closing(sqlite3.connect(tmp_path / "catalogue.sqlite")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
