"""The bounds of the download handler, against a server that keeps none."""

from __future__ import annotations

import contextlib
import socketserver
import threading

import pytest

from crawler.net.answers import MAX_HEAD_BYTES
from tests.crawling import crawl, records, write_seed

ENDLESS, LONGER = 1793001, 1793002
QUICK = ["ROBOTSTXT_OBEY=False", "RETRY_ENABLED=False", "DOWNLOAD_TIMEOUT=60", "IMAGES_FETCH=none"]
MOST_SENT = 128 * 1024 * 1024  # systems give the buffers of a connection up to some 10 MiB
HEADER = b"X-More: " + b"x" * 1000 + b"\r\n"
PAGE = b"<html><h1>A page</h1>" + b"<p>It goes on, and on, as many a page does.</p>" * 20


class Unbounded(socketserver.BaseRequestHandler):
    """Sends headers without end, or more of a body than it announced."""

    def handle(self):
        asked = self.request.recv(65536)
        with contextlib.suppress(OSError):  # we are hung up on: that is what is wanted
            if str(ENDLESS).encode() in asked:
                self.request.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(MOST_SENT // len(HEADER)):
                    self.request.sendall(HEADER)
                    self.server.sent += len(HEADER)
                self.request.sendall(b"Content-Type: text/html\r\n\r\n" + PAGE)
            else:
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
                self.request.sendall(head % (len(PAGE) // 2) + PAGE)


@pytest.fixture
def server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Unbounded) as server:
        server.daemon_threads = True
        server.sent = 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_neither_headers_without_end_nor_a_body_beyond_its_length_make_a_page(server, replica, tmp_path):
    here = f"http://127.0.0.1:{server.server_address[1]}"
    profile = tmp_path / "site.toml"
    profile.write_text(replica.profile.read_text(encoding="utf-8").replace(replica.url, here), encoding="utf-8")
    seed = write_seed(tmp_path / "seed.txt", ENDLESS, LONGER)
    done = crawl(seed, tmp_path / "corpus", profile, settings=QUICK)
    assert done.returncode == 9, done.stderr
    stubs = {record["id"]: record for record in records(tmp_path / "corpus") if record["kind"] == "stub"}
    reasons = {key: stub["capture"]["attempts"][0]["reason"] for key, stub in stubs.items()}
    assert reasons == {str(ENDLESS): f"more than {MAX_HEAD_BYTES} bytes of headers", str(LONGER): "it is cut short"}
    assert server.sent < MOST_SENT // 2  # what lies in the buffers of both ends, and no more
