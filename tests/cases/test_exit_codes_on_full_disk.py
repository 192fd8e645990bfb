"""Commands on a full disk ended with other exit codes than 3, with tracebacks, or spoke of damage that there was not."""

from __future__ import annotations

import pytest

from tests.fulldisk import may_mount, printed

pytestmark = pytest.mark.skipif(
    not may_mount(), reason="no file system may be mounted here (unshare --map-root-user --mount)"
)


def test_segment_cut_before_its_first_line_is_no_damage(seen):
    (trial,) = printed("--crawl", "new,64,")
    seen("exit code of a crawl onto a disk of 64 KiB", 3, trial["code"])
    seen("exit code of corpus stats after it", 0, trial["stats"])
    seen("corpus verify after it speaks of damage", False, trial["verify"] == 5)


@pytest.mark.parametrize("row", ["old,20,warc", "old,52,warc"])
def test_an_index_without_the_room_to_be_opened_is_no_damage(row, seen):
    (trial,) = printed("--crawl", row)
    seen(f"corpus verify speaks of damage, after a crawl on a disk ({row}) that ran full", False, trial["verify"] == 5)


@pytest.mark.parametrize(
    "name",
    ["search harbour", "reextract --yes", "seal", "repair", "report", "export --format wacz", "export --format parquet",
     "graph --format parquet", "bag", "merge", "harvest"],
)  # fmt: skip
def test_a_command_ends_with_3_and_one_line(name, seen):
    (trial,) = printed("--command", name, "--left", "8")
    told = (trial["code"], trial["lines"], trial["left"], trial["problems"])
    seen(f"exit code, lines of error, output left, problems: {name} with 8 KiB left", (3, 1, "", 0), told)
