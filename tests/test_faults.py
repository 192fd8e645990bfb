"""A crawl of a site that misbehaves: what can be had is archived, the rest carries its reason and is had later."""

from __future__ import annotations

import json
import re

import pytest

from crawler.archive.reading import read_catalogue
from crawler.archive.verify import verify
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


def as_if_it_were(replica, other, tmp_path):
    """Return a profile by which *replica* is asked as *other* was: the same site, better or worse behaved."""
    path = tmp_path / f"{re.sub('[^0-9]', '', replica.url)}.toml"
    path.write_text(other.profile.read_text(encoding="utf-8").replace(other.url, replica.url), encoding="utf-8")
    return path


def test_everything_that_can_go_wrong_at_once_loses_nothing(replica, start_replica, seed, corpus, tmp_path):
    faults = "error500=0.15,429=0.15,flaky=0.3,reset=0.15,truncated=0.15"
    sick = start_replica("--faults", faults)
    done = crawl(seed, corpus, sick.profile, settings=QUICK)
    assert done.returncode == 9, done.stderr
    first = kinds(corpus)
    assert first.keys() == {f"replica/{number}" for number in IDS}
    assert set(first.values()) == {"article", "stub"}
    assert verify(corpus).problems == []
    with read_catalogue(corpus) as connection:
        states = dict(connection.execute("SELECT key, state FROM targets WHERE depth = 1"))
    assert {key for key, state in states.items() if state == "failed"} == {
        k for k, kind in first.items() if kind == "stub"
    }

    done = crawl(seed, corpus, as_if_it_were(replica, sick, tmp_path), settings=QUICK)
    assert done.returncode == 0, done.stderr
    assert set(kinds(corpus).values()) == {"article"}
    assert verify(corpus).problems == []


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("error500", 500, "status 500"),
        ("429", 429, "status 429"),
        ("reset", None, "Connection to the other side was lost"),
        ("truncated", None, "it is cut short"),
    ],
)
def test_a_stub_says_how_the_site_failed(start_replica, tmp_path, corpus, fault, status, words):
    sick = start_replica("--faults", f"{fault}=1")
    seed = write_seed(tmp_path / "one.txt", IDS[0])
    done = crawl(seed, corpus, sick.profile, settings=[*QUICK, "ROBOTSTXT_OBEY=False"])
    assert done.returncode == 9
    (stub,) = (record for record in records(corpus) if record["kind"] == "stub")
    assert (stub["capture"]["status"], stub["images"][0]["status"]) == (status, "failed")
    reasons = [attempt["reason"] for attempt in stub["capture"]["attempts"]]
    assert all(reason.startswith(words) for reason in reasons), reasons


def test_what_fails_once_is_asked_again_in_the_same_crawl(start_replica, tmp_path, corpus):
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
