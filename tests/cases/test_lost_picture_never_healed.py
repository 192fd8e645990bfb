"""Pictures that were lost or damaged: repair tells of them, and the next crawls fetch them from the site again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Crawled, RunningReplica
from tests.crawling import QUICK, crawl, records, scrapy, setting_arguments


@pytest.mark.parametrize("catalogue", ["kept", "lost"])
def test_lost_pictures_are_fetched_again(
    seen: Callable[[str, Any, Any], None], crawled: Crawled, replica: RunningReplica, tmp_path: Path, catalogue: str
) -> None:
    """One is deleted, one cut, one changed; the lines stay as they are, as the same bytes come back."""
    corpus = crawled.copy(tmp_path)
    pictures, lines = sorted(corpus.glob("images/??/*")), records(corpus)
    whole = {path: path.read_bytes() for path in pictures}
    pictures[0].unlink()
    pictures[1].write_bytes(whole[pictures[1]][:100])
    pictures[2].write_bytes(whole[pictures[2]].replace(b"\xff", b"\xfe", 1))

    def run(*arguments: str) -> int:
        return scrapy(*arguments, *setting_arguments(f"CORPUS_DIR={corpus}", *QUICK)).returncode

    seen("verify, repair: exit codes", (5, 5), (run("corpus", "verify"), run("corpus", "repair")))
    if catalogue == "lost":
        for path in corpus.glob("catalogue.sqlite*"):
            path.unlink()
    crawl(crawled.seed, corpus, replica.profile)
    run("crawl", "revisit", "-a", f"site={replica.profile}", "-a", "older_than=0d")
    seen(
        f"pictures after a crawl, catalogue {catalogue}", True, whole == {path: path.read_bytes() for path in pictures}
    )
    seen("verify after the crawls: exit code", 0, run("corpus", "verify"))
    seen("lines that were added", 0, len(records(corpus)) - len(lines))
