"""A full disk hung a crawl for ever, with the corpus's lock held."""

from __future__ import annotations

import pytest

from tests.fulldisk import may_mount, printed


@pytest.mark.skipif(not may_mount(), reason="no file system may be mounted here (unshare --map-root-user --mount)")
@pytest.mark.parametrize("row", ["new,256,warc", "new,304,", "old,20,", "old,120,warc"])
def test_the_crawl_ends_by_itself_with_exit_code_3(row, seen):
    (trial,) = printed("--crawl", row)
    told = (trial["code"], trial["lines"], trial["problems"])
    seen(f"exit code, lines of error, problems: a crawl on a disk ({row}) that runs full", (3, 1, 0), told)
