"""The bounds of the download handler, against a server that keeps none."""

from __future__ import annotations

from crawler.net.answers import MAX_HEAD_BYTES
from tests.crawling import crawl, records, write_seed
from tests.scripted import Scripted, http, write_profile

ENDLESS, LONGER = 1793001, 1793002
QUICK = ["ROBOTSTXT_OBEY=False", "RETRY_ENABLED=False", "DOWNLOAD_TIMEOUT=60", "IMAGES_FETCH=none"]
MOST_SENT = 128 * 1024 * 1024  # systems give the buffers of a connection up to some 10 MiB
HEADER = b"X-More: " + b"x" * 1000 + b"\r\n"
PAGE = b"<html><h1>A page</h1>" + b"<p>It goes on, and on, as many a page does.</p>" * 20


def test_neither_headers_without_end_nor_a_body_beyond_its_length_make_a_page(tmp_path):
    sent = []

    def endless():
        yield b"HTTP/1.1 200 OK\r\n"
        for _ in range(MOST_SENT // len(HEADER)):
            yield HEADER
            sent.append(len(HEADER))
        yield b"Content-Type: text/html\r\n\r\n" + PAGE

    def answer(path):
        return endless() if path.endswith(str(ENDLESS)) else http(200, PAGE, f"Content-Length: {len(PAGE) // 2}")

    seed = write_seed(tmp_path / "seed.txt", ENDLESS, LONGER)
    with Scripted(answer) as server:
        profile = write_profile(tmp_path / "site.toml", server.url)
        done = crawl(seed, tmp_path / "corpus", profile, settings=QUICK)
    assert done.returncode == 9, done.stderr
    stubs = {record["id"]: record for record in records(tmp_path / "corpus") if record["kind"] == "stub"}
    reasons = {key: stub["capture"]["attempts"][0]["reason"] for key, stub in stubs.items()}
    assert reasons == {str(ENDLESS): f"more than {MAX_HEAD_BYTES} bytes of headers", str(LONGER): "it is cut short"}
    assert sum(sent) < MOST_SENT // 2  # what lies in the buffers of both ends, and no more
