"""Running ``scrapy crawl`` as a user does, in a process of its own, and reading the corpus back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import warm
from tests.waiting import HANG_SECONDS

REPOSITORY = Path(__file__).resolve().parents[1]
QUICK = ("REPORT_SECONDS=0", "EXTRACT_PROCESSES=0")
AS_USERS = "EXTRACT_PROCESSES=1"
"""What crawls have by default."""


def scrapy_command(*arguments: object) -> list[str]:
    """Return the command line of ``scrapy`` with *arguments*."""
    return [sys.executable, "-W", "ignore", "-m", "scrapy", *map(str, arguments)]


def scrapy(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ``scrapy`` with *arguments* to its end."""
    return warm.run(
        scrapy_command(*arguments), cwd=REPOSITORY, capture_output=True, text=True, timeout=HANG_SECONDS, **options
    )


def crawl_arguments(
    seeds: Path | str, corpus: Path, site: Path | str, *arguments: str, settings: Sequence[str] = ()
) -> list[str]:
    """Return the arguments of a crawl of *seeds* into *corpus*; *arguments* are further ``-a`` of the spider.

    Unless *settings* say otherwise it reads pages in a thread and makes no report: two processes less to start.
    """
    spider = [part for argument in (f"seeds={seeds}", f"site={site}", *arguments) for part in ("-a", argument)]
    return ["crawl", "neighbours", *spider, *setting_arguments(f"CORPUS_DIR={corpus}", *QUICK, *settings)]


def setting_arguments(*settings: str) -> list[str]:
    """Return *settings*, ``NAME=VALUE``, as arguments of ``scrapy``; the last of a name holds."""
    return [part for setting in settings for part in ("-s", setting)]


def crawl(
    seeds: Path | str, corpus: Path, site: Path | str, *arguments: str, settings: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Crawl to the end."""
    return scrapy(*crawl_arguments(seeds, corpus, site, *arguments, settings=settings))


def records(corpus: Path, family: str = "articles") -> list[dict[str, Any]]:
    """Return the records in the lines of *family*, in order."""
    return [
        json.loads(line)
        for path in sorted((corpus / family).glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]


def write_seed(path: Path, *ids: int, text: str = "A paragraph about the harbour.", pic: str | None = None) -> Path:
    """Write the dump of a page that lists *ids* as related, and return its path."""
    fields = [
        {
            "id": str(number),
            "sort": str(500 + order),
            "contenttypeid": "21",
            "pic": pic or f"/2016/02/26/alalam_6359210163271477{order:02d}_25f_4x3.jpg",
            "title": f"Story {number}",
        }
        for order, number in enumerate(ids)
    ]
    dump = "[" + " ,".join(json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in fields) + " ]"
    path.write_text(f'{text}\n212-11\nstring({len(dump.encode())}) "{dump}"', encoding="utf-8")
    return path
