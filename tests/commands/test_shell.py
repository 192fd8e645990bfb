"""Scrapy's own commands within the project: for spiders that have no site profile, and so no corpus."""

from __future__ import annotations

import subprocess
import sys

from tests.crawling import REPOSITORY


def test_scrapy_shell_tries_a_selector_and_makes_no_corpus(replica, tmp_path):
    url, ask = f"{replica.url}/news/1797097", 'len(response.css("h1"))'
    command = [sys.executable, "-W", "ignore", "-m", "scrapy", "shell", url, "-c", ask, "-s", f"CORPUS_DIR={tmp_path}/c"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "c").exists()
