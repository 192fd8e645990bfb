"""What a crawl leaves in runs/: a record for machines, a report for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import Response

from crawler.corpus.report.make import list_keys
from crawler.extensions import runs
from tests.crawling import crawl, records, write_seed
from tests.extensions.test_progress import LOG_LINE


@pytest.fixture(scope="module")
def crawled(replica, tmp_path_factory):
    """Crawl two articles, and then one more with no time for its report; return the corpus and the crawls."""
    folder = tmp_path_factory.mktemp("runs")
    corpus = folder / "corpus"
    first = write_seed(folder / "first.txt", 1797789, 1797573)
    second = write_seed(folder / "second.txt", 1797547, text="Another page.")
    seconds = {first: 60, second: 0.001}
    done = [
        crawl(
            seed,
            corpus,
            replica.profile,
            settings=[f"REPORT_SECONDS={time}", "IMAGES_FETCH=none"],
        )
        for seed, time in seconds.items()
    ]
    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    return corpus, done


def run_folder(printed):
    """Return the folder that the summary of a crawl names."""
    return Path(
        next(line.removeprefix("Report: ") for line in printed.splitlines() if line.startswith("Report"))
    ).parent


def test_a_crawl_ends_with_its_report_and_says_where_it_is(crawled):
    done = crawled[1][0]
    report = run_folder(done.stdout) / "report.html"
    assert f"Report: {report}\n" in done.stdout
    assert "From seeds to articles" in report.read_text(encoding="utf-8")


def test_a_report_that_takes_too_long_harms_no_crawl(crawled):
    done = crawled[1][1]
    assert "could not be made" in done.stderr
    assert f"Report: {run_folder(done.stdout)}/stats.json\n" in done.stdout


def test_where_there_is_no_terminal_the_log_is_plain_lines(crawled):
    for done in crawled[1]:
        assert "\x1b" not in done.stderr + done.stdout
        assert all(LOG_LINE.fullmatch(line) for line in done.stderr.splitlines())


def test_the_record_tells_which_lines_are_of_this_run(crawled):
    corpus, done = crawled
    stats = [json.loads((run_folder(one.stdout) / "stats.json").read_bytes()) for one in done]
    segment = (corpus / "articles/articles-000001.jsonl").read_bytes()
    (first,), (second,) = (one["lines"].values() for one in stats)
    assert (first[0], first[1], second[1]) == (0, second[0], len(segment))
    keys = {record["key"] for record in map(json.loads, segment[slice(*second)].splitlines())}
    assert "replica/1797547" in keys
    assert len(keys) == 2
    assert stats[0]["spider"] == "neighbours"
    (host,) = stats[0]["hosts"].values()
    assert host["responses"] >= 3
    assert 0 < host["slowest"] <= host["seconds"]


def test_the_keys_behind_a_number_of_a_run(crawled):
    corpus, crawls = crawled
    name = run_folder(crawls[0].stdout).name
    found = set()
    list_keys(corpus, name, "articles", lambda entry: found.add(entry.key))
    assert found == {
        record["key"] for record in records(corpus) if record["run"] == name and record["kind"] == "article"
    }
    assert len(found) == 2


def test_only_the_first_of_very_many_hosts_have_their_own_numbers(monkeypatch):
    monkeypatch.setattr(runs, "_MAX_HOSTS", 2)
    record = runs.RunRecord(None, report_seconds=0, min_answers=0)
    for host in ("a", "b", "c", "d", "a"):
        request = Request(f"http://{host}.example/")
        record.response_downloaded(Response(request.url, body=b"page"), request)
    assert {name: host.responses for name, host in record._hosts.items()} == {
        "a.example": 2,
        "b.example": 1,
        "others": 2,
    }
