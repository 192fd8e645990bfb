"""Scrapy's own commands within the project: for spiders that have no site profile, and so no corpus."""

from __future__ import annotations

import subprocess
import sys

from tests.crawling import REPOSITORY
from tests.waiting import HANG_SECONDS


def test_scrapy_shell_tries_a_selector_and_makes_no_corpus(replica, tmp_path):
    url, corpus = f"{replica.url}/news/1797097", f"CORPUS_DIR={tmp_path / 'c'}"
    command = [sys.executable, "-m", "scrapy", "shell", url, "-c", 'len(response.css("h1"))', "-s", corpus]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "c").exists()
