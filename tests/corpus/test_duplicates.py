"""Clusters of duplicates: what stands in articles/, with all that repeats it."""

from __future__ import annotations

import pytest

from crawler.archive import Corpus
from crawler.corpus.duplicates import clusters
from crawler.exceptions import ConfigError, CorpusError
from tests.archive.test_near import add, opened, story
from tests.factories import make_article


@pytest.fixture
def root(tmp_path):
    """The story of 4, told thrice before, each time shorter; that of 8 and an equal one; a story told once."""
    corpus = opened(tmp_path)
    for article_id, words in ((1, 40), (2, 45), (3, 50), (4, 60)):
        add(corpus, make_article(article_id, text=story(1, words)))
    add(corpus, make_article(8, text=story(2)), make_article(9, text=story(2)), make_article(7, text=story(3)))
    corpus.close()
    return tmp_path


def found(root, key=None, limit=10):
    return [
        (one.key, [(repeat.key, repeat.of) for repeat in one.repeats]) for one in clusters(root, key, limit=limit).shown
    ]


STORY = (
    "replica/4",
    [("replica/1", "replica/2"), ("replica/2", "replica/3"), ("replica/3", "replica/4")],
)
TWIN = ("replica/8", [("replica/9", "replica/8")])


def test_record_moved_three_times_is_listed_under_the_record_kept(root):
    assert found(root) == [STORY, TWIN]
    assert clusters(root, limit=1)[1:3] == (2, 4)
    assert found(root, limit=1) == [STORY]


@pytest.mark.parametrize("key", ["1", "replica/3", "4"])
def test_a_cluster_is_found_by_any_of_its_keys(root, key):
    assert found(root, key) == [STORY]
    assert clusters(root, key, limit=10).shown[0].record["text"] == story(1)


def test_a_key_that_says_something_else_now_is_in_no_cluster(root):
    corpus = Corpus(root, "replica")
    add(corpus, make_article(9, text=story(9)))
    corpus.close()

    assert found(root) == [STORY]
    assert found(root, "9") == found(root, "7") == []


def test_damaged_line_is_reported_and_unknown_key_is_an_error(root, tmp_path):
    for path in (root / "duplicates").glob("*.jsonl"):
        path.write_bytes(path.read_bytes().replace(b'"key":"replica/9"', b'"yek":"replica/9"'))

    assert [repeat.record for repeat in clusters(root, "8", limit=1).shown[0].repeats] == [None]
    with pytest.raises(ConfigError, match="replica/77: nothing is archived"):
        clusters(root, "77", limit=1)
    with pytest.raises(CorpusError):
        clusters(tmp_path / "none", limit=1)
