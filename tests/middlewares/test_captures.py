from __future__ import annotations

import gzip
from pathlib import Path

from crawler.archive.warccheck import check_index, check_warc
from crawler.archive.warcs import warc_paths
from crawler.warc.reading import Record, read_record, read_records
from tests.archives import warcio_check
from tests.crawling import crawl, records, write_seed

WARC = "ARCHIVE_WARC=1"
NEIGHBOURS = (1793356, 1793883)


def read(corpus: Path) -> list[Record]:
    return [record for path in warc_paths(corpus) for record in read_records(path)]


def test_a_crawl_leaves_its_captures(replica, tmp_path):
    """Every answer, robots.txt and pictures included; each article's record says where its page lies, as it came."""
    corpus = tmp_path / "corpus"
    seed = write_seed(tmp_path / "seed.txt", *NEIGHBOURS, 9999999)
    first = crawl(seed, corpus, replica.profile, settings=[WARC])
    assert first.returncode == 0, first.stderr

    captured = read(corpus)
    assert {record.kind for record in captured} >= {"warcinfo", "response", "request"}
    urls = [record.headers["warc-target-uri"] for record in captured if record.kind == "response"]
    assert f"{replica.url}/robots.txt" in urls
    articles = [record for record in records(corpus) if record["kind"] == "article"]
    assert articles
    for article in articles:
        capture = article["capture"]
        response = read_record(corpus / capture["warc_file"], capture["warc_offset"])
        assert response.headers["warc-target-uri"] == capture["url"]
        assert response.headers["warc-date"][:19] == capture["fetched"][:19]
        assert response.headers["warc-ip-address"] == "127.0.0.1"
        body = gzip.decompress(response.payload) if b"Content-Encoding: gzip" in response.block else response.payload
        assert article["title"].encode() in body
    stored = {image["url"] for article in articles for image in article["images"] if image["status"] == "stored"}
    assert stored <= set(urls)
    assert [record for record in captured if b"Cookie" in record.block or b"Authorization" in record.block] == []
    (path,) = warc_paths(corpus)
    assert warcio_check(path).returncode == 0


def test_a_page_that_did_not_change_is_stored_once(replica, tmp_path):
    """... in the life of the corpus: the second run has revisits only, in a file of its own."""
    corpus = tmp_path / "corpus"
    seed = write_seed(tmp_path / "seed.txt", NEIGHBOURS[0])
    crawl(seed, corpus, replica.profile, settings=[WARC])
    crawl(write_seed(tmp_path / "other.txt", NEIGHBOURS[1]), corpus, replica.profile, settings=[WARC])
    robots = [
        record.kind
        for record in read(corpus)
        if record.kind != "request" and record.headers.get("warc-target-uri", "").endswith("/robots.txt")
    ]
    assert robots == ["response", "revisit"]
    assert [*check_index(corpus)] == []
    for path in warc_paths(corpus):
        assert [*check_warc(corpus, f"warc/{path.name}")] == []


def test_without_the_setting_there_are_none(replica, tmp_path):
    corpus = tmp_path / "corpus"
    crawl(write_seed(tmp_path / "seed.txt", NEIGHBOURS[0]), corpus, replica.profile)
    assert not (corpus / "warc").exists()
    assert {record["kind"] for record in records(corpus)} == {"seed", "article"}
    assert {record["capture"]["warc_file"] for record in records(corpus)} == {None}
