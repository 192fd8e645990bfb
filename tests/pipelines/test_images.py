"""Pictures of a page: all copies of the lead together, the best first; what is none is recorded with its reason."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crawler.archive.reading import corpus_stats
from crawler.archive.verify import verify
from crawler.replica.picture import video
from crawler.replica.profile import profile_text
from tests.crawling import AS_USERS, crawl, records, write_seed
from tests.pictures import drawn, encoded

PARAGRAPH = "<p>The bridge across the river was closed at noon, and the ministry said that it will open on Friday.</p>"
PICTURES = ["small.jpg", "other.jpg", "large.jpg", "page.jpg", "cut.jpg", "drawing.jpg", "gone.jpg", "empty.jpg"]
PAGE = (
    "<html lang=en><head><title>Story 1793356</title></head><body><article><h1>Story 1793356</h1>"
    + PARAGRAPH * 6
    + "".join(f'<figure><img src="/news/image/original/2016/02/26/{name}"></figure>' for name in PICTURES)
    + "</article></body></html>"
)
VIDEO_PAGE = f"<html lang=en><head><title>Story 1793357</title></head><body><article>{PARAGRAPH * 6}</article></html>"
BODIES = {
    "film.mp4": video("film.mp4"),
    "small.jpg": encoded(drawn(1, (200, 150))),
    "large.jpg": encoded(drawn(1, (400, 300)), quality=60),
    "other.jpg": encoded(drawn(2)),
    "page.jpg": b"<!DOCTYPE html><title>Not here</title>",
    "cut.jpg": encoded(drawn(3))[:3000],
    "drawing.jpg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "empty.jpg": b"",
}


class Site(BaseHTTPRequestHandler):
    """One article, and its pictures."""

    def do_GET(self):
        page = {"1793356": PAGE, "1793357": VIDEO_PAGE}.get(self.path.rpartition("/")[2])
        is_page = page is not None
        body = page.encode() if page else BODIES.get(self.path.rpartition("/")[2])
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "text/html" if is_page else "image/jpeg")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    profile = tmp_path / "site.toml"
    profile.write_text(profile_text(f"http://127.0.0.1:{server.server_port}"), encoding="utf-8")
    yield profile
    server.shutdown()
    server.server_close()


def test_the_best_copy_leads_and_what_is_no_picture_says_why(site, tmp_path):
    corpus = tmp_path / "corpus"
    seed = write_seed(tmp_path / "seed.txt", 1793356, pic="/2016/02/26/small.jpg")
    done = crawl(seed, corpus, site, settings=["ROBOTSTXT_OBEY=False", AS_USERS])
    assert done.returncode == 0, done.stderr
    (article,) = (record for record in records(corpus) if record["kind"] == "article")
    images = [(image["url"].rpartition("/")[2], image["status"], image["reason"]) for image in article["images"]]
    assert images == [
        ("large.jpg", "stored", None),
        ("small.jpg", "stored", None),
        ("other.jpg", "stored", None),
        ("page.jpg", "refused", "a page"),
        ("cut.jpg", "refused", "truncated or broken"),
        ("drawing.jpg", "refused", "SVG"),
        ("gone.jpg", "missing", "status 404"),
        ("empty.jpg", "refused", "empty"),
    ]
    assert corpus_stats(corpus)["picture_groups"] == {"groups": 1, "files": 2}
    assert verify(corpus).problems == []


@pytest.mark.parametrize(
    ("fetch", "status", "reason", "media_type"),
    [("pictures", "skipped", "a video", None), ("all", "stored", None, "video/mp4")],
)
def test_a_video_is_stored_when_all_media_are_asked_for_and_else_recorded_unfetched(
    site, tmp_path, fetch, status, reason, media_type
):
    corpus = tmp_path / "corpus"
    seed = write_seed(tmp_path / "seed.txt", 1793357, pic="/2016/02/26/film.mp4")

    done = crawl(seed, corpus, site, settings=["ROBOTSTXT_OBEY=False", f"IMAGES_FETCH={fetch}"])

    assert done.returncode == 0, done.stderr
    (article,) = (record for record in records(corpus) if record["kind"] == "article")
    (image,) = article["images"]
    assert (image["pic"], image["status"], image["reason"]) == ("/2016/02/26/film.mp4", status, reason)
    assert image["media_type"] == media_type
    files = [path.read_bytes() for path in corpus.glob("images/??/*.mp4")]
    assert files == ([BODIES["film.mp4"]] if fetch == "all" else [])
    assert corpus_stats(corpus)["pictures"] == {status: 1}
    assert verify(corpus).problems == []
