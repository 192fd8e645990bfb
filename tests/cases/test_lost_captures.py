"""A WARC file that was cut in half: repair and verify name each capture that is lost, and the records made of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from crawler.warc.index import CaptureIndex
from tests.conftest import Captured
from tests.crawling import records, scrapy, setting_arguments


def test_nothing_is_lost_in_silence(seen: Callable[[str, Any, Any], None], captured: Captured, tmp_path: Path) -> None:
    """... also for those who read the pages again or export them."""
    corpus = shutil.copytree(captured.corpus, tmp_path / "corpus")
    warc = min(corpus.glob("warc/*.warc.gz"), key=lambda path: path.name)
    with closing(CaptureIndex(corpus / "warc.sqlite", read_only=True)) as index:
        half = sorted(one.offset for one in index.of_file(f"warc/{warc.name}"))[1] + 100
        lost = {one.url for one in index.of_file(f"warc/{warc.name}") if one.offset + one.length > half}
    with warc.open("r+b") as file:
        file.truncate(half)
    pages = {one["key"] for one in records(corpus) if one["capture"]["url"] in lost}

    def run(*arguments: str) -> tuple[int, str]:
        done = scrapy("corpus", *arguments, *setting_arguments(f"CORPUS_DIR={corpus}"))
        return done.returncode, done.stdout

    code, told = run("repair", "--json")
    named = json.loads(told)["lost_captures"]
    seen("repair: exit code", 5, code)
    seen("repair: captures not named", set(), lost - {one["url"] for one in named})
    seen("repair: records not named", set(), pages - {record.split()[0] for one in named for record in one["records"]})
    code, told = run("verify")
    seen("verify: exit code, captures not named", (0, set()), (code, {url for url in lost if url not in told}))
    code, told = run("export", "--format", "wacz", "-o", str(tmp_path / "a.wacz"))
    seen("export to WACZ: exit code, articles not named", (5, set()), (code, {key for key in pages if key not in told}))
    code, told = run("reextract", "--dry-run", "--site", str(captured.profile))
    seen("reextract: exit code, articles not named", (5, set()), (code, {key for key in pages if key not in told}))
