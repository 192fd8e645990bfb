"""One crawl through everything that a server can do wrong: what is available is archived, the rest has its reason."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest

from crawler.corpus.fixity.verify import verify
from crawler.net.answers import MAX_HEAD_BYTES
from crawler.replica import Site
from crawler.replica.faults import Faults
from crawler.replica.misbehaviour import FAULTS
from crawler.sites import load_profile
from tests.crawling import AS_USERS, crawl, records, write_seed

SHARE = 0.03
FIRST = 1793001
EACH = 2
MOST_MEMORY = 300 * 1024 * 1024
"""Bytes that the process of the crawl may take; its readers hold themselves to limits of their own."""

# The first words of the reason in the stub of an article that suffers the fault; None where there is an article.
PAGES = {
    "slow": None,
    "error500": "status 500",
    "429": "status 429",
    "flaky": None,
    "busy": None,
    "reset": "Connection to the other side was lost",
    "truncated": "it is cut short",
    "longer": "it is cut short",
    "bad-chunk": "it is cut short",
    "endless": "it is longer than DOWNLOAD_MAXSIZE",
    "endless-head": f"more than {MAX_HEAD_BYTES} bytes of headers",
    "drip": "Getting http://127.0.0.1:",
    "gzip-garbage": "it is not gzip",
    "gzip-cut": "it is cut short",
    "gzip-checksum": "it is not gzip (Error -3 while decompressing data: incorrect data check)",
    "gzip-bomb": "its body of",
    "gzip-twice": None,
    "unknown-coding": "its content coding 'rot13' is unknown",
    "wrong-charset": None,
    "unknown-charset": None,
    "redirect-loop": "max redirections reached",
    "redirect-away": "refused: other_host",
    "redirect-file": "status 302",
    "soft404": "soft 404: ",
    "empty": "an empty answer",
    "204": "status 204",
    "206": "status 206",
    "304": "status 304",
    "mislabelled-picture": None,
    "cut-picture": None,
    "picture-bomb": None,
}
NO_PICTURE = {"mislabelled-picture", "picture-bomb", "soft404", "empty"}
HAD = {None, *(fault for fault, reason in PAGES.items() if reason is None)} - NO_PICTURE
"""What a picture may suffer and still be had."""


class Crawled(NamedTuple):
    """What a crawl through all faults left: the corpus, how it ended, its stats, and the latest record of each id."""

    seed: Path
    corpus: Path
    profile: Path
    done: CompletedProcess[str]
    stats: dict[str, Any]
    latest: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def faults():
    return Faults(dict.fromkeys(FAULTS, SHARE), Site().number)


@pytest.fixture(scope="module")
def chosen(faults):
    """Return so many articles for each fault, and some that suffer none."""
    site = Site()
    found = {name: [] for name in [*FAULTS, None]}
    for number in range(FIRST, FIRST + 3000):
        of_fault = found[faults.of(f"/news/{number}")]
        if len(of_fault) < EACH and site.answer(number) == "page":
            of_fault.append(number)
    assert all(len(numbers) == EACH for numbers in found.values())
    return found


@pytest.fixture(scope="module")
def crawled(chosen, start_replica, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    sick = start_replica("--faults", f"all={SHARE}")
    seed = write_seed(folder / "seed.txt", *(number for numbers in chosen.values() for number in numbers))
    settings = [
        "RETRY_TIMES=1",
        "DOWNLOAD_TIMEOUT=30",
        "DOWNLOAD_MAXSIZE=2000000",
        "CONCURRENT_REQUESTS=32",
        "PATIENCE=300",
        AS_USERS,
    ]
    done = crawl(seed, folder / "corpus", sick.profile, settings=settings)
    (stats,) = (folder / "corpus" / "runs").glob("*/stats.json")
    latest = {}
    for family in ("articles", "duplicates"):
        latest |= {record["id"]: record for record in records(folder / "corpus", family) if record["kind"] != "seed"}
    return Crawled(seed, folder / "corpus", sick.profile, done, json.loads(stats.read_text())["stats"], latest)


def test_every_fault_is_in_this_test():
    assert PAGES.keys() == FAULTS.keys()


def test_the_exit_code_says_that_some_gave_no_answer_and_the_corpus_is_well(crawled):
    assert crawled.done.returncode == 9, crawled.done.stderr
    assert verify(crawled.corpus).problems == []


@pytest.mark.parametrize("fault", [None, *PAGES])
def test_reachable_articles_are_archived_and_the_others_have_a_true_reason(crawled, chosen, fault):
    for number in chosen[fault]:
        record = crawled.latest[str(number)]
        reason = PAGES.get(fault)
        if reason is None:
            assert record["kind"] == "article", record["capture"]["attempts"]
            assert record["title"] == Site().title(number)
        else:
            assert record["kind"] == "stub"
            reasons = [attempt["reason"] for attempt in record["capture"]["attempts"]]
            assert reasons
            assert all(told.startswith(reason) and told for told in reasons), reasons


def test_reachable_pictures_are_stored(crawled, faults):
    profile = load_profile(str(crawled.profile))
    statuses = Counter()
    for record in crawled.latest.values():
        for image in record["images"]:
            if image["pic"]:
                urls = profile.image_urls(image["pic"])
                had = any(faults.of(url[url.index("/news") :]) in HAD for url in urls)
                assert (image["status"] == "stored") == had, (
                    image,
                    [faults.of(url[url.index("/news") :]) for url in urls],
                )
                statuses[image["status"]] += 1
    assert statuses["stored"] > 20
    assert statuses["failed"] + statuses["refused"] > 5


def test_the_next_run_has_what_failed_and_leaves_alone_what_is_settled(crawled, chosen, replica, tmp_path):
    """The same command, when the site is well again."""
    corpus = shutil.copytree(crawled.corpus, tmp_path / "corpus")
    profile = tmp_path / "well.toml"
    sick = load_profile(str(crawled.profile)).article_urls("1")[0].removesuffix("/news/1")
    profile.write_text(crawled.profile.read_text(encoding="utf-8").replace(sick, replica.url), encoding="utf-8")
    done = crawl(crawled.seed, corpus, profile)
    assert done.returncode == 0, done.stderr
    had = {record["id"] for record in records(corpus) if record["kind"] == "article"}
    had |= {record["id"] for record in records(corpus, "duplicates") if record["kind"] == "article"}
    assert had == {str(number) for fault, numbers in chosen.items() for number in numbers if fault != "soft404"}
    assert verify(corpus).problems == []


def test_memory_stays_below_its_bound(crawled):
    if sys.platform != "linux":
        pytest.skip("only Linux tells the peak of one process")
    assert 0 < crawled.stats["gleaner/peak_memory_bytes"] < MOST_MEMORY
