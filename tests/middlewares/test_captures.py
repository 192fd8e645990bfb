"""What a crawl with ARCHIVE_WARC leaves."""

from __future__ import annotations

import signal
import subprocess
import time

from crawler import settings
from crawler.archive.warcs import warc_paths
from crawler.corpus.fixity.verify import verify
from crawler.corpus.reextract import load_page
from crawler.items import Capture
from crawler.jsonl import decode
from crawler.warc.reading import read_record, read_records
from tests import warm
from tests.archives import warcio_check
from tests.crawling import crawl, crawl_arguments, records, scrapy_command, write_seed
from tests.waiting import HANG_SECONDS


def articles(corpus):
    return [record for record in records(corpus) if record["kind"] == "article"]


def read(corpus):
    return [record for path in warc_paths(corpus) for record in read_records(path)]


def test_every_answer_is_kept(captured):
    """... of robots.txt and pictures too, and no header that could hold a secret."""
    kept = read(captured.corpus)
    assert {record.kind for record in kept} == {"warcinfo", "response", "request", "revisit"}
    urls = {record.headers["warc-target-uri"] for record in kept if record.kind == "response"}
    assert any(url.endswith("/robots.txt") for url in urls)
    images = [image for article in articles(captured.corpus) for image in article["images"]]
    assert {image["url"] for image in images if image["status"] == "stored"} <= urls
    assert [record for record in kept if b"Cookie" in record.block or b"Authorization" in record.block] == []
    assert {record.headers.get("warc-ip-address") for record in kept if record.kind != "warcinfo"} == {"127.0.0.1"}


def test_a_record_says_where_its_page_lies(captured):
    kept = articles(captured.corpus)
    assert len(kept) == 4
    for article in kept:
        capture = Capture(**{**article["capture"], "attempts": ()})
        response = read_record(captured.corpus / capture.warc_file, capture.warc_offset)
        assert response.headers["warc-target-uri"] == capture.url
        assert response.headers["warc-date"][:19] == capture.fetched[:19]
        assert article["title"].encode() in load_page(captured.corpus, capture).body


def test_a_payload_is_stored_once_in_the_life_of_a_corpus(captured):
    robots = [
        record.kind
        for record in read(captured.corpus)
        if record.kind != "request" and record.headers.get("warc-target-uri", "").endswith("/robots.txt")
    ]
    assert robots == ["response", "revisit"]


def test_the_corpus_is_sound(captured):
    assert verify(captured.corpus, processes=1).problems == []
    assert [warcio_check(path).returncode for path in warc_paths(captured.corpus)] == [0, 0]


def test_captures_are_kept_only_with_the_setting():
    assert settings.ARCHIVE_WARC is False


def test_kill_9_leaves_whole_records_and_lines_that_lead_to_them(replica, tmp_path):
    """... and the next crawl ends what was begun."""
    corpus, seed = tmp_path / "corpus", write_seed(tmp_path / "seed.txt", *range(1793300, 1793316))
    options = ["ARCHIVE_WARC=1", "IMAGES_FETCH=none"]
    crawling = warm.Popen(
        scrapy_command(*crawl_arguments(seed, corpus, replica.profile, settings=options)), stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline and not any(path.stat().st_size > 25_000 for path in warc_paths(corpus)):
        time.sleep(0.02)
    crawling.send_signal(signal.SIGKILL)
    crawling.wait()
    lines = [line for path in corpus.glob("articles/*.jsonl") for line in path.read_bytes().splitlines(keepends=True)]
    for line in lines:
        record = decode(line) if line.endswith(b"\n") else None
        if record is not None and record.kind == "article":
            assert load_page(corpus, record.capture).body

    done = crawl(seed, corpus, replica.profile, settings=options)

    assert done.returncode in {0, 9}, done.stderr
    assert verify(corpus, processes=1).problems == []
    assert len({record["key"] for record in articles(corpus)}) >= 16
