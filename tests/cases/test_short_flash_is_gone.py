"""A news flash of one sentence is an article, and a page that tells nothing is asked for again."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawling import crawl, records

FLASH = "Rockets hit the airport of Sanaa, witnesses say."
AGAIN = "The minister told reporters that the airport of Sanaa will open next week."
PAGES = {
    "flash": f"<article><h1>Story {{id}}</h1><p>{FLASH}</p></article>",
    "repeated": f"<article><h1>Story {{id}}</h1>{f'<p>{AGAIN}</p>' * 30}</article>",
    "nothing": "<html><body><div id=root></div></body></html>",
    "maintenance": "<h1>Scheduled maintenance</h1><p>We will be right back.</p>",
    "soft 404": "<h1>Page not found</h1><p>The page you requested could not be found.</p>",
}
EXPECTED = {"flash": "article", "repeated": "article", "nothing": "failed", "maintenance": "failed", "soft 404": "gone"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = self.path.rpartition("/")[2]
            known = number.isdigit() and int(number) <= len(PAGES)
            body = list(PAGES.values())[int(number) - 1].replace("{id}", number).encode() if known else b""
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    profile = tmp_path / "site.toml"
    profile.write_text(
        f'name = "made"\nlanguage = "en"\ntimezone = "UTC"\n[article]\nurls = ["{base}/news/{{id}}"]\n'
        f"id_pattern = '/news/(?P<id>\\d+)'\n[image]\nurls = [\"{base}/image/{{pic}}\"]\n"
    )
    yield profile
    server.shutdown()
    server.server_close()


def test_short_articles_are_archived_and_error_pages_are_failed_or_gone(site: Path, tmp_path: Path, seen):
    listed = " ,".join(
        f'{{"id":"{n}","sort":"{n}","contenttypeid":"21","pic":"/a{n}.jpg","title":"Story {n}"}}'
        for n in range(1, len(PAGES) + 1)
    )
    (tmp_path / "seed.txt").write_text(f'A paragraph.\nstring({len(listed) + 3}) "[{listed} ]"')
    crawl(
        tmp_path / "seed.txt", tmp_path / "corpus", site, settings=["IMAGES_FETCH=none", "NEAR_DUPLICATE_THRESHOLD=0"]
    )
    by_id = {record["id"]: record for record in records(tmp_path / "corpus") if record["id"]}
    for number, (name, expected) in enumerate(EXPECTED.items(), 1):
        record = by_id[str(number)]
        state = {"article": "article"}.get(record["kind"]) or ("gone" if record["capture"]["status"] else "failed")
        seen(name, expected, state)
    seen("text of the flash", FLASH, by_id["1"]["text"])
