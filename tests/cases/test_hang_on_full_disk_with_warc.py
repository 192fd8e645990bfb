"""A full disk hung a crawl for ever, with the corpus's lock held."""

from __future__ import annotations

import json

import pytest

from tests.conftest import made_once
from tests.fulldisk import may_mount, printed

ROWS = ("new,256,warc", "new,304,", "old,20,", "old,120,warc")
pytestmark = pytest.mark.skipif(
    not may_mount(), reason="no file system may be mounted here (unshare --map-root-user --mount)"
)


@pytest.fixture(scope="session")
def trials(tmp_path_factory):
    """Give what came of each crawl. All run in one program, which starts the site once."""

    def run(folder):
        asked = [part for row in ROWS for part in ("--crawl", row)]
        (folder / "rows.json").write_text(json.dumps(printed(*asked)))

    return dict(
        zip(ROWS, json.loads((made_once(tmp_path_factory, "hang", run) / "rows.json").read_text()), strict=True)
    )


@pytest.mark.parametrize("row", ROWS)
def test_the_crawl_ends_by_itself_with_exit_code_3(row, seen, trials):
    trial = trials[row]
    told = (trial["code"], trial["lines"], trial["problems"])
    seen(f"exit code, lines of error, problems: a crawl on a disk ({row}) that runs full", (3, 1, 0), told)
