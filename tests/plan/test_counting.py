"""What a plan counts, against what is in a corpus."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from crawler.archive import Corpus, Target
from crawler.archive.files import CorpusLock
from crawler.exceptions import CorpusError
from crawler.frontier.visits import Due
from crawler.items import Image
from crawler.plan.counting import Counts, CrawlScope, census
from tests.factories import make_article, make_stub, related_items

RUN = "20260101T000000Z-0001"


def target(number: int, depth: int = 1, pic: str | None = None) -> Target:
    return Target(key=f"replica/{number}", id=str(number), depth=depth, pic=pic)


def count(root: Path, *named: Target, depth: int | None = 1, **scope: object) -> Counts:
    with census(root) as targets:
        targets.name(named)
        return targets.count(CrawlScope(depth=depth, **scope))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a corpus: article 1 lists 2 to 5 at depth 2; 2 is archived, 3 is gone, 4 failed and 5 waits."""
    corpus = Corpus(tmp_path / "corpus", "replica")
    with corpus.group():
        corpus.add(make_article(1, depth=1, related=related_items(2, 3, 4, 5)))
        corpus.add(make_article(2, depth=2))
        corpus.add(make_stub(3, depth=2, status=404))
        corpus.add(make_stub(4, depth=2, status=503))
    corpus.close()
    return tmp_path / "corpus"


def test_without_a_corpus_all_that_is_named_is_new(tmp_path):
    counts = count(tmp_path / "none", target(1), target(2), target(1))
    assert (counts.named, counts.articles, counts.is_lower_bound) == ({"new": 2}, 2, False)
    assert not (tmp_path / "none").exists()


def test_pages_within_the_depth_make_the_number_a_lower_bound(tmp_path):
    assert count(tmp_path, target(1), depth=2).is_lower_bound
    assert not count(tmp_path, target(1), depth=1).is_lower_bound
    assert not count(tmp_path, target(1), target(2), depth=2, max_articles=1).is_lower_bound


def test_targets_beyond_the_depth_are_not_counted(tmp_path, root):
    assert count(tmp_path / "none", target(1, depth=0), target(2), depth=0).named == {"new": 1}
    assert count(root, depth=1).waiting == 0


def test_what_is_archived_or_gone_is_not_requested_again(root):
    counts = count(root, *(target(number, depth=2) for number in (1, 2, 3, 9)), depth=2)
    assert counts.named == {"fetched": 2, "gone": 1, "new": 1}
    assert (counts.waiting, counts.articles) == (2, 3)  # 4 and 5, and the new one


def test_failed_targets_count_if_the_run_retries_them(root):
    assert count(root, depth=2).waiting == 2
    assert count(root, depth=2, retries_failed=False).waiting == 1


def test_depth_of_earlier_crawls_is_the_default(root):
    assert count(root, depth=None).waiting == 2


def test_leases_of_a_stopped_run_count_as_what_they_were(root):
    corpus = Corpus(root, "replica")
    with corpus.group():
        assert len(corpus.frontier.lease(5, max_depth=9, run=RUN, until=time.time() + 3600)) == 1
    corpus.close()
    assert count(root, depth=2).waiting == 2


def test_due_articles_are_counted_once(root):
    due = Due(now=time.time() + 500 * 86400)
    counts = count(root, depth=2, due=due, retries_failed=False)
    assert (counts.due, counts.waiting, counts.articles) == (4, 1, 5)
    assert count(root, depth=2, due=Due(now=0), retries_failed=False).due == 0


def test_old_news_is_not_due_unless_all_is_asked_for(root):
    corpus = Corpus(root, "replica")
    with corpus.group():
        corpus.add(make_article(7, published="2013-01-01T00:00:00+00:00"))
    corpus.close()
    later = time.time() + 500 * 86400
    old = count(root, depth=2, due=Due(now=later), published_since="2020-01-01T00:00:00+00:00")
    whole = count(root, depth=2, due=Due(now=later, checked_before=later), published_since="2020-01-01T00:00:00+00:00")
    assert whole.due > old.due


def test_pictures_that_the_corpus_has_are_not_counted(root):
    corpus = Corpus(root, "replica")
    with corpus.group():
        path, digest = corpus.store_picture(b"picture", "jpg")
        image = Image(pic="/a.jpg", status="stored", path=path, sha256=digest, bytes=7)
        corpus.add(make_article(8, images=(image,)))
    corpus.close()
    counts = count(root, target(20, pic="/a.jpg"), target(21, pic="/b.jpg"), target(22, pic="/b.jpg"))
    assert (counts.articles, counts.pictures) == (3, 1)
    assert counts.sizes.picture_bytes == 7


def test_nothing_is_written_and_a_crawl_may_hold_the_lock(root):
    before = {path: path.stat().st_mtime_ns for path in [root, *root.rglob("*")]}
    lock = CorpusLock(root)
    try:
        count(root, target(1))
    finally:
        lock.release()
    assert {path: path.stat().st_mtime_ns for path in [root, *root.rglob("*")]} == before


def test_damaged_catalogue_is_an_error(root):
    (root / "catalogue.sqlite").write_bytes(os.urandom(4096))
    with pytest.raises(CorpusError, match="repair"):
        count(root)
