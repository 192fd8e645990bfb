"""``-a plan=1`` beside the crawl that follows it: the same numbers, and before it no request, look-up or file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from crawler.captures.lines import CaptureLine, write_captures
from tests.conftest import RunningReplica
from tests.crawling import crawl, crawl_arguments, records, scrapy, setting_arguments, write_seed
from tests.test_nothing_outside import AUDIT

IDS = (1793001, 1793002, 1793003)


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    found = {str(path.relative_to(folder)): path.stat() for path in folder.rglob("*")}
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in found.items()}


def plan(*arguments: str) -> dict[str, Any]:
    done = scrapy(*arguments, "-a", "plan=json")
    assert (done.returncode, done.stderr) == (0, "")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    return write_seed(tmp_path / "seed.txt", *IDS)


def test_crawl_requests_what_its_plan_said_and_the_next_plan_has_nothing_left(seed, tmp_path, start_replica):
    replica: RunningReplica = start_replica()
    corpus = tmp_path / "corpus"
    arguments = crawl_arguments(seed, corpus, replica.profile)
    before = plan(*arguments)
    assert not corpus.exists()
    assert (before["named"], before["articles"], before["is_lower_bound"]) == ({"new": 3}, 3, False)
    (host,) = before["hosts"]
    assert host["name"] == replica.url.removeprefix("http://")
    assert host["least"] == 3 + before["pictures"] + 1  # and robots.txt
    assert host["delay_seconds"] is None  # a site on this machine is crawled at full speed
    assert before["disk"]["is_assumed"]
    replica.reset()
    assert crawl(seed, corpus, replica.profile).returncode == 0
    assert replica.stats()["article"] == before["articles"]
    after = plan(*arguments)
    assert (after["named"], after["articles"], after["pictures"]) == ({"fetched": 3}, 0, 0)
    assert not after["disk"]["is_assumed"]


def test_plan_requests_looks_up_and_writes_nothing(seed, tmp_path, crawled):
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "sitecustomize.py").write_text(AUDIT)
    log = tmp_path / "audit.log"
    corpus = crawled.copy(tmp_path / "copy")
    for left_by_readers in corpus.glob("catalogue.sqlite-*"):
        left_by_readers.unlink()
    before = files_of(corpus)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "audit"), "AUDIT_LOG": str(log)}
    runs = (
        crawl_arguments(seed, corpus, "alalam", "depth=3"),
        ["crawl", "revisit", "-a", "older_than=0d", *setting_arguments(f"CORPUS_DIR={corpus}")],
    )
    for run in runs:
        done = scrapy(*run, "-a", "plan=1", env=environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Nothing was requested or written" in done.stdout
    assert not log.exists()
    assert files_of(corpus) == before


def test_revisit_plans_all_that_is_older(tmp_path, crawled):
    corpus = crawled.copy(tmp_path / "copy")
    articles = {record["key"] for record in records(corpus) if record["kind"] == "article"}
    facts = plan("crawl", "revisit", "-a", "older_than=0d", *setting_arguments(f"CORPUS_DIR={corpus}"))
    assert facts["due"] >= len(articles)
    assert facts["named"] == {}


def test_time_follows_from_the_delay_and_archives_from_their_budgets(seed, tmp_path):
    facts = plan(*crawl_arguments(seed, tmp_path / "none", "alalam", settings=["DOWNLOAD_DELAY=3"]))
    site = next(host for host in facts["hosts"] if host["name"] == "en.alalam.ir")
    assert (site["least"], site["least_seconds"], site["most"]) == (4, 12.0, 7)
    index = next(one for one in facts["archives"] if one["name"] == "wayback, index")
    assert (index["least"], index["most"], index["most_seconds"]) == (0, 3, 7.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-a", "seeds=README.md", "-a", "plan=1"], "no dump found"),
        (["-a", "seeds=nowhere", "-a", "plan=1"], "no such file"),
        (["-a", "seeds=examples/seeds", "-a", "plan=yes"], "give 1, or json"),
        (["-a", "seeds=examples/seeds", "-a", "depht=2", "-a", "plan=1"], "depht"),
        (["-a", "seeds=examples/seeds", "-a", "site=nosuch", "-a", "plan=1"], "nosuch"),
    ],
)
def test_what_would_end_the_crawl_ends_the_plan(arguments, words, tmp_path):
    done = scrapy("crawl", "neighbours", *arguments, *setting_arguments(f"CORPUS_DIR={tmp_path}/none"))
    assert done.returncode == 4
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_listed_captures_are_requested_from_their_archives(tmp_path):
    captures = [
        CaptureLine(
            "", f"2016022710111{second}", f"http://en.alalam.ir/news/{number}", "text/html", "200", None, 9, source
        )
        for second, (number, source) in enumerate([(1793001, "wayback"), (1793001, "wayback"), (1793002, "wayback")])
    ]
    write_captures(tmp_path / "list.jsonl.gz", captures)
    arguments = ["-a", f"captures={tmp_path}/list.jsonl.gz", "-a", "site=alalam", "-a", "depth=0"]
    facts = plan("crawl", "captures", *arguments, *setting_arguments(f"CORPUS_DIR={tmp_path}/none"))
    assert (facts["named"], facts["articles"], facts["is_lower_bound"]) == ({"new": 2}, 2, False)
    listed = next(one for one in facts["archives"] if one["name"] == "wayback, listed captures")
    assert (listed["most"], listed["most_seconds"]) == (3, 1.5)
    assert all(host["least"] == 0 for host in facts["hosts"])


def test_plan_of_a_revisit_needs_a_corpus(tmp_path):
    done = scrapy("crawl", "revisit", "-a", "plan=1", *setting_arguments(f"CORPUS_DIR={tmp_path}/none"))
    assert done.returncode != 0
    assert "there is no corpus here" in done.stderr


def test_with_captures_as_the_source_no_host_is_named(seed, tmp_path):
    facts = plan(*crawl_arguments(seed, tmp_path / "none", "replica", settings=[f"SOURCE=warc:{tmp_path}"]))
    assert (facts["hosts"], facts["archives"]) == ([], [])
    assert f"pages come from {tmp_path}, not from hosts" in facts["remarks"]
