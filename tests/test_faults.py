"""What a crawl asks for once more, and what never: of everything that can fail, see test_every_fault."""

from __future__ import annotations

import json

import pytest

from tests.crawling import crawl, records, write_seed

IDS = tuple(range(1793001, 1793031))
QUICK = ("RETRY_TIMES=1",)


@pytest.fixture
def seed(tmp_path):
    return write_seed(tmp_path / "seed.txt", *IDS)


@pytest.fixture
def corpus(tmp_path):
    return tmp_path / "corpus"


def kinds(corpus):
    """Return the kind of each key's latest record."""
    latest = {
        record["key"]: record["kind"] for family in ("articles", "duplicates") for record in records(corpus, family)
    }
    return {key: kind for key, kind in latest.items() if "seed" not in key}


def test_failed_request_is_retried_in_the_same_crawl(start_replica, tmp_path, corpus):
    flaky = start_replica("--faults", "flaky=1")
    seed = write_seed(tmp_path / "few.txt", *IDS[:4])
    done = crawl(seed, corpus, flaky.profile)
    assert done.returncode == 0, done.stderr
    assert set(kinds(corpus).values()) == {"article"}


@pytest.mark.parametrize(
    ("mode", "statuses"), [("pictures", {"stored", "skipped"}), ("all", {"stored"}), ("none", {"skipped"})]
)
def test_images_fetch_says_which_media_are_fetched(replica, tmp_path, corpus, mode, statuses):
    video = "/2016/02/26/alalam_635921016327147719_25f_4x3.mp4"
    seed = write_seed(tmp_path / "video.txt", IDS[0], pic=video)
    assert crawl(seed, corpus, replica.profile, settings=[f"IMAGES_FETCH={mode}"]).returncode == 0
    (article,) = (record for record in records(corpus) if record["kind"] == "article")
    first = article["images"][0]
    assert first["pic"] == video
    assert {image["status"] for image in article["images"]} <= statuses | {"missing", "refused"}
    assert (first["media_type"] == "video/mp4") == (mode == "all")


def test_a_dump_cannot_send_requests_elsewhere(replica, tmp_path, corpus):
    pics = ["//evil.example/x.jpg", "http://127.0.0.1:1/x.jpg", "/../../etc/passwd", "file:///etc/passwd.jpg"]
    records_of_dump = [
        {"id": str(IDS[n]), "sort": "1", "contenttypeid": "21", "pic": pic, "title": "T"} for n, pic in enumerate(pics)
    ]
    dump = "[" + " ,".join(json.dumps(item, separators=(",", ":")) for item in records_of_dump) + " ]"
    seed = tmp_path / "hostile.txt"
    seed.write_text(f'A paragraph.\nstring({len(dump)}) "{dump}"', encoding="utf-8")
    done = crawl(seed, corpus, replica.profile)
    assert done.returncode == 0, done.stderr
    kept = {record["key"]: record for record in records(corpus) if record["kind"] == "article"}
    assert len(kept) == 4
    for record in kept.values():
        assert record["images"][0]["status"] == "refused"
        assert record["images"][0]["path"] is None
