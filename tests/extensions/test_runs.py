"""What a crawl leaves in runs/: a record for machines, a report for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.crawling import crawl, records, scrapy, write_seed


@pytest.fixture(scope="module")
def crawled(replica, tmp_path_factory):
    """Crawl two articles, then one more, each with a report; return the corpus and what the crawls printed."""
    folder = tmp_path_factory.mktemp("runs")
    corpus = folder / "corpus"
    first = write_seed(folder / "first.txt", 1797789, 1797573)
    second = write_seed(folder / "second.txt", 1797547, text="Another page.")
    done = [crawl(seed, corpus, replica.profile, settings=["REPORT_SECONDS=60"]) for seed in (first, second)]
    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    return corpus, [one.stdout for one in done]


def run_folder(printed):
    """Return the folder that the summary of a crawl names."""
    return Path(
        next(line.removeprefix("Report: ") for line in printed.splitlines() if line.startswith("Report"))
    ).parent


def test_a_crawl_ends_with_its_report_and_says_where_it_is(crawled):
    _, printed = crawled
    for text in printed:
        report = run_folder(text) / "report.html"
        assert f"Report: {report}\n" in text
        assert "From seeds to articles" in report.read_text(encoding="utf-8")


def test_the_record_tells_which_lines_are_of_this_run(crawled):
    corpus, printed = crawled
    stats = [json.loads((run_folder(text) / "stats.json").read_bytes()) for text in printed]
    segment = (corpus / "articles/articles-000001.jsonl").read_bytes()
    (first,), (second,) = (one["lines"].values() for one in stats)
    assert (first[0], first[1], second[1]) == (0, second[0], len(segment))
    keys = {record["key"] for record in map(json.loads, segment[slice(*second)].splitlines())}
    assert "replica/1797547" in keys
    assert len(keys) == 2
    assert stats[0]["spider"] == "neighbours"
    (host,) = stats[0]["hosts"].values()
    assert host["responses"] >= 4
    assert 0 < host["slowest"] <= host["seconds"]


def test_the_keys_behind_a_number_of_a_run(crawled):
    corpus, printed = crawled
    name = run_folder(printed[0]).name
    done = scrapy("corpus", "report", "--run", name, "--keys", "articles", "--json", "-s", f"CORPUS_DIR={corpus}")
    found = {json.loads(line)["key"] for line in done.stdout.splitlines()}
    assert found == {
        record["key"] for record in records(corpus) if record["run"] == name and record["kind"] == "article"
    }
    assert len(found) == 2


def test_a_report_that_takes_too_long_harms_no_crawl(replica, tmp_path):
    seed = write_seed(tmp_path / "seed.txt", 1797789)
    done = crawl(seed, tmp_path / "corpus", replica.profile, settings=["REPORT_SECONDS=0.001"])
    assert done.returncode == 0
    assert "could not be made" in done.stderr
    assert (run_folder(done.stdout) / "stats.json").exists()
    assert f"Report: {run_folder(done.stdout)}/stats.json\n" in done.stdout
