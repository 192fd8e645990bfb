"""Crawls that are answered out of WARC files: here the site itself is gone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler

from crawler.archive.reading import read_catalogue
from crawler.corpus.fixity.warccheck import check_coordinates
from crawler.extensions.recoverer import Recoverer
from crawler.middlewares.replay import ReplayMiddleware
from crawler.sites import load_profile
from crawler.warc import write_warc
from tests.crawling import crawl, records, write_seed
from tests.warc.exchanges import EXCHANGE, PAGE


def by_key(corpus):
    return sorted(records(corpus), key=lambda record: record["key"])


def compared(record):
    """Return what a record says of the article, without when and by what it was obtained."""
    return {name: value for name, value in record.items() if name not in {"run", "capture", "discovered_from", "crc32"}}


def test_a_crawl_of_captures_gives_the_records_of_the_crawl_that_made_them(captured, tmp_path):
    """... with the captures' own dates, saying where each lies; what the files do not hold is a stub that says so."""
    seed = write_seed(tmp_path / "seed.txt", 1793356, 1793883, 9999999, 1794312)
    again = tmp_path / "again"
    done = crawl(seed, again, captured.profile, settings=[f"SOURCE=warc:{captured.corpus}/warc"])

    first = {record["key"]: record for record in records(captured.corpus)}
    made = {record["key"]: record for record in records(again)}
    stub = made.pop("replica/1794312")
    assert (stub["kind"], {one["reason"] for one in stub["capture"]["attempts"]}) == ("stub", {"not in the WARC files"})
    assert stub["capture"]["status"] is None
    assert {image["status"] for image in stub["images"]} <= {"failed"}
    assert (done.returncode, "not in the WARC files" in done.stderr) == (9, True)
    with read_catalogue(again) as connection:
        (state,) = connection.execute("SELECT state FROM targets WHERE key = 'replica/1794312'").fetchone()
    assert state == "failed"  # the site may have it: it was not asked
    kept = {key: record for key, record in made.items() if record["kind"] != "seed"}
    assert len(kept) == 3
    for key, new in kept.items():
        old = first[key]
        assert compared(new) == compared(old)
        assert new["capture"]["source"] == "origin"
        assert new["capture"]["fetched"] == old["capture"]["fetched"]
        place = f"warc/{new['capture']['warc_file']}", new["capture"]["warc_offset"]
        assert place == (old["capture"]["warc_file"], old["capture"]["warc_offset"])


def test_captures_can_be_copied_into_the_corpus(captured, tmp_path):
    """... with the dates that they had, so that the new corpus needs the old files no more."""
    again = tmp_path / "again"
    source = f"SOURCE=warc:{captured.corpus}/warc/*.warc.gz"
    crawl(captured.seed, again, captured.profile, settings=[source, "ARCHIVE_WARC=1"])
    first = {record["key"]: record for record in records(captured.corpus)}
    copied = [record for record in records(again) if record["kind"] == "article"]
    assert len(copied) == 3
    for record in copied:
        capture = record["capture"]
        assert check_coordinates(again, capture["warc_file"], capture["warc_offset"], capture["url"]) is None
        assert capture["fetched"] == first[record["key"]]["capture"]["fetched"]


def test_invalid_source_ends_the_run_before_it_begins(captured, tmp_path):
    done = crawl(captured.seed, tmp_path / "again", captured.profile, settings=["SOURCE=warc:/nowhere"])
    assert done.returncode == 4
    assert "no WARC or WACZ file" in done.stderr


@pytest.mark.parametrize("unset", [None, "", "None"])
def test_without_a_source_the_site_and_web_archives_are_requested(unset):
    settings = Settings({"SOURCE": unset})
    with pytest.raises(NotConfigured):
        ReplayMiddleware.from_crawler(SimpleNamespace(settings=settings))
    assert Recoverer(SimpleNamespace(settings=settings), load_profile("alalam")).has_archives
    settings = Settings({"SOURCE": "warc:captures/"})
    assert not Recoverer(SimpleNamespace(settings=settings), load_profile("alalam")).has_archives


def test_without_a_limit_on_bodies_captures_of_any_length_are_found(tmp_path):
    with (tmp_path / "one.warc.gz").open("wb") as file:
        write_warc(file, [EXCHANGE], "one.warc.gz", {})
    settings = {"SOURCE": f"warc:{tmp_path}", "DOWNLOAD_MAXSIZE": 0, "CORPUS_DIR": str(tmp_path)}
    replay = ReplayMiddleware.from_crawler(get_crawler(settings_dict=settings))
    assert asyncio.run(replay.process_request(Request(EXCHANGE.url))).body == PAGE
    replay.engine_stopped()
