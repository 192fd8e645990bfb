"""Headers of a stranger that no WARC file can hold as they came: nothing was damaged, so verify finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crawling import QUICK, crawl, scrapy, setting_arguments, write_seed
from tests.scripted import Scripted, article, http, write_profile

ARTICLE = 1793356
STRANGE = (
    b"Content-Type: text/a\0b",
    b"Content-Type: \xa0te\xffxt/\x85html\x1c",
    b"Content-Type: text/html\r\nContent-Type: text/a\0b",
    b"Content-Type: text/html;\r\n charset=utf-8",
    b"Content-Type:",
    b"X-Long: " + b"y" * 15_000,
    b'ETag: "a\0b\xff"\r\nLast-Modified: \x0b\x85yesterday',
    b": nothing",
    b"Content-Encoding: gz\0ip",
)


def with_headers(answer: bytes, headers: bytes) -> bytes:
    """Return *answer* with *headers* in the place of its Content-Type."""
    start, *lines = answer.split(b"\r\n")
    return b"\r\n".join([start, headers, *(line for line in lines if not line.startswith(b"Content-Type:"))])


def test_verify_finds_no_damage(seen: Callable[[str, Any, Any], None], tmp_path: Path) -> None:
    """A crawl keeps an article and an error with each of the headers, a revisit asks again, and the corpus is sound."""

    def answer(path: str) -> bytes:
        number = int(path.split("/")[2])
        if number < ARTICLE:
            return with_headers(http(404, b"no such page %d" % number), STRANGE[number])
        return with_headers(article(path), STRANGE[number - ARTICLE])

    corpus, settings = tmp_path / "corpus", ("ARCHIVE_WARC=1", "ROBOTSTXT_OBEY=0", "IMAGES_FETCH=none")
    ids = [first + step for first in (0, ARTICLE) for step in range(len(STRANGE))]
    with Scripted(answer) as site:
        profile = write_profile(tmp_path / "site.toml", site.url)
        crawl(write_seed(tmp_path / "seed.txt", *ids), corpus, profile, settings=settings)
        again = ("-a", f"site={profile}", "-a", "older_than=0d")
        scrapy("crawl", "revisit", *again, *setting_arguments(f"CORPUS_DIR={corpus}", *QUICK, *settings))
    verified = scrapy("corpus", "verify", *setting_arguments(f"CORPUS_DIR={corpus}"))
    assert {f"/news/{number}" for number in ids} <= set(site.paths)
    seen("verify after strange headers", (0, []), (verified.returncode, verified.stdout.splitlines()[:-1]))
