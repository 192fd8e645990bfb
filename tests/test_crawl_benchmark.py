"""The benchmark of crawls runs, on a small site."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.crawling import REPOSITORY
from tests.waiting import HANG_SECONDS

ARTICLES = 50


def test_benchmark_of_crawls_reports_cpu_of_each_process(tmp_path):
    figures = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "benchmarks/crawl.py", f"--articles={ARTICLES}", "--only=bare,watched", f"--json={figures}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    (took,) = json.loads(figures.read_text())
    assert list(took) == ["warc", "bare", "watched"]
    assert 0.8 * ARTICLES <= took["warc"]["articles"] <= ARTICLES
    assert took["warc"]["articles"] == took["watched"]["articles"]
    for one in took.values():
        assert 0 < one["cpu"]["own"] <= one["seconds"] * 2
    assert took["warc"]["cpu"]["reader"] > 0
    assert "| warc |" in done.stdout
