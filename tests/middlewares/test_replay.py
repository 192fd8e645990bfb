from __future__ import annotations

import pytest

from crawler.archive.warccheck import check_coordinates
from tests.crawling import crawl, records, write_seed

NEIGHBOURS = (1793356, 1793883)
UNKNOWN = 9999999


@pytest.fixture(scope="module")
def captured(replica, tmp_path_factory):
    """A corpus with the captures of its crawl, and its seed."""
    folder = tmp_path_factory.mktemp("captured")
    seed = write_seed(folder / "seed.txt", *NEIGHBOURS, UNKNOWN)
    done = crawl(seed, folder / "corpus", replica.profile, settings=["ARCHIVE_WARC=1"])
    assert done.returncode == 0, done.stderr
    return folder / "corpus", seed


def without_origin(record):
    """Return what a record says of the article, without when and by what it was obtained."""
    return {name: value for name, value in record.items() if name not in {"run", "capture"}}


def by_key(corpus):
    return sorted(records(corpus), key=lambda record: record["key"])


def test_a_crawl_of_captures_gives_the_records_of_the_crawl_that_made_them(replica, captured, tmp_path):
    """... without one request, with the captures' own dates, saying where each lies."""
    corpus, seed = captured
    replica.reset()
    done = crawl(seed, tmp_path / "again", replica.profile, settings=[f"SOURCE=warc:{corpus}/warc"])

    assert done.returncode in {0, 9}, done.stderr
    assert [replica.stats()[kind] for kind in ("article", "image", "robots", "other")] == [0, 0, 0, 0]
    first, again = by_key(corpus), by_key(tmp_path / "again")
    assert [without_origin(record) for record in again] == [without_origin(record) for record in first]
    for old, new in zip(first, again, strict=True):
        if new["kind"] != "article":
            continue
        assert new["capture"]["source"] == old["capture"]["source"] == "origin"
        assert new["capture"]["fetched"] == old["capture"]["fetched"]
        place = f"warc/{new['capture']['warc_file']}", new["capture"]["warc_offset"]
        assert place == (old["capture"]["warc_file"], old["capture"]["warc_offset"])


def test_what_the_files_do_not_hold_is_a_stub_that_says_so(replica, captured, tmp_path):
    corpus, _ = captured
    seed = write_seed(tmp_path / "seed.txt", 1794312)
    replica.reset()
    done = crawl(seed, tmp_path / "again", replica.profile, settings=[f"SOURCE=warc:{corpus}/warc/*.warc.gz"])
    (stub,) = [record for record in records(tmp_path / "again") if record["kind"] == "stub"]
    assert {attempt["reason"] for attempt in stub["capture"]["attempts"]} == {"not in the WARC files"}
    assert "not in the WARC files" in done.stderr
    assert replica.stats()["article"] == 0


def test_captures_can_be_copied_into_the_corpus(replica, captured, tmp_path):
    """... with the dates that they had, so that the new corpus needs the old files no more."""
    corpus, seed = captured
    again = tmp_path / "again"
    crawl(seed, again, replica.profile, settings=[f"SOURCE=warc:{corpus}/warc", "ARCHIVE_WARC=1"])
    for old, new in zip(by_key(corpus), by_key(again), strict=True):
        if new["kind"] == "article":
            capture = new["capture"]
            assert check_coordinates(again, capture["warc_file"], capture["warc_offset"], capture["url"]) is None
            assert capture["fetched"] == old["capture"]["fetched"]


@pytest.mark.parametrize(
    ("source", "message"),
    [("warc:/nowhere", "no WARC or WACZ file"), ("warc:", "give warc:PATH"), ("wayback", "give warc:PATH")],
)
def test_a_source_that_is_none_ends_the_run_before_it_begins(replica, captured, tmp_path, source, message):
    _, seed = captured
    done = crawl(seed, tmp_path / "again", replica.profile, settings=[f"SOURCE={source}"])
    assert done.returncode == 4
    assert message in done.stderr
