"""Pictures of a page: all copies of the lead together, the best first; what is none is recorded with its reason."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.corpus.fixity.verify import verify
from crawler.corpus.stats import corpus_stats
from crawler.extensions.archivist import Archivist
from crawler.extensions.readers import Readers
from crawler.items import Image
from crawler.pipelines.images import MAX_IMAGES, ImagesPipeline
from crawler.replica.picture import video
from crawler.replica.profile import profile_text
from crawler.sites import load_profile
from tests.crawling import AS_USERS, crawl, records, write_seed
from tests.factories import make_article
from tests.pictures import drawn, encoded
from tests.scripted import Scripted, http

PARAGRAPH = "<p>The bridge across the river was closed at noon, and the ministry said that it will open on Friday.</p>"
PICTURES = [
    "small.jpg",
    "other.jpg",
    "large.jpg",
    "page.jpg",
    "cut.jpg",
    "head.jpg",
    "drawing.jpg",
    "gone.jpg",
    "empty.jpg",
]
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
    "cut.jpg": encoded(drawn(3))[:4000],
    "head.jpg": encoded(drawn(5))[:640],
    "drawing.jpg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "empty.jpg": b"",
}


def answer(path):
    name = path.rpartition("/")[2]
    if page := {"1793356": PAGE, "1793357": VIDEO_PAGE}.get(name):
        return http(200, page.encode(), content_type="text/html")
    body = BODIES.get(name)
    if path.endswith("original/2016/02/26/small.jpg"):
        body = body[: len(body) // 2]  # its other form is whole
    return http(404) if body is None else http(200, body, content_type="image/jpeg")


@pytest.fixture
def site(tmp_path):
    profile = tmp_path / "site.toml"
    with Scripted(answer) as server:
        profile.write_text(profile_text(server.url), encoding="utf-8")
        yield profile


def test_the_best_copy_leads_and_what_is_flawed_or_no_picture_says_why(site, tmp_path):
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
        ("cut.jpg", "stored", "truncated: its end is missing"),
        ("head.jpg", "refused", "truncated or broken"),
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
def test_video_is_stored_with_images_fetch_all_and_else_recorded_unfetched(
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


@pytest.fixture
def asked():
    """Give the URLs that a pipeline asks for, in order; the site has none of them."""
    return []


@pytest.fixture
def pipeline(asked):
    async def missing(request):
        asked.append(request.url)
        await asyncio.sleep(0)
        return Response(request.url, status=404)

    async def unknown(_):
        return None

    extensions = {Archivist: SimpleNamespace(do=unknown), Readers: object()}
    crawler = get_crawler(settings_dict={"ARCHIVE_WARC": False})
    crawler.engine = SimpleNamespace(download_async=missing)
    crawler.get_extension = extensions.get
    return ImagesPipeline(crawler, load_profile("replica"), "pictures")


def test_records_that_name_one_picture_at_one_time_ask_for_it_once(pipeline, asked):
    one, two = (make_article(number, images=(Image(pic="/a.jpg"),)) for number in (1, 2))

    async def both():
        return await asyncio.gather(pipeline.process_item(one), pipeline.process_item(two))

    assert [item.images[0].status for item in asyncio.run(both())] == ["missing", "missing"]
    assert len(asked) == len(set(asked)) > 0


def test_only_the_first_of_very_many_pictures_are_requested(pipeline, asked):
    images = tuple(Image(pic=f"/{number}.jpg") for number in range(MAX_IMAGES + 2))
    item = asyncio.run(pipeline.process_item(make_article(1, images=images)))
    assert [image.reason for image in item.images if image.status == "skipped"] == ["too many"] * 2
    assert not [url for url in asked if f"/{MAX_IMAGES}.jpg" in url]


def test_with_warc_files_a_picture_is_also_looked_up_by_the_url_in_its_page(pipeline, asked, monkeypatch):
    async def stored(image, urls):
        return replace(image, status="stored", url=urls[0])

    shown = "http://127.0.0.1:8765/news/image/855x495/a.jpg"
    item = make_article(1, images=(Image(pic="/a.jpg", url=shown),))
    monkeypatch.setattr(pipeline, "_fetch", stored)
    asyncio.run(pipeline.process_item(item))
    assert asked == []
    monkeypatch.setattr(pipeline, "_captures", True)
    asyncio.run(pipeline.process_item(item))
    assert asked == [shown]
