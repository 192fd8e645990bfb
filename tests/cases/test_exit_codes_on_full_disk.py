"""Commands on a full disk ended with other exit codes than 3, with tracebacks, or spoke of damage that there was not."""

from __future__ import annotations

import json

import pytest

from tests.conftest import made_once
from tests.fulldisk import may_mount, printed

pytestmark = pytest.mark.skipif(
    not may_mount(), reason="no file system may be mounted here (unshare --map-root-user --mount)"
)


CRAWLS = ("new,64,", "old,20,warc", "old,52,warc")
COMMANDS = (
    "search harbour", "reextract --yes", "seal", "repair", "report", "export --format wacz", "export --format parquet",
    "graph --format parquet", "bag", "merge", "harvest",
)  # fmt: skip


@pytest.fixture(scope="session")
def trials(tmp_path_factory):
    """Give what came of each crawl and command on a full disk. All run in one program, which makes the corpus once."""

    def run(folder):
        asked = [part for row in CRAWLS for part in ("--crawl", row)]
        asked += [part for name in COMMANDS for part in ("--command", name)]
        (folder / "rows.json").write_text(json.dumps(printed(*asked, "--left", "8")))

    rows = json.loads((made_once(tmp_path_factory, "fulldisk", run) / "rows.json").read_text())
    return dict(zip([*CRAWLS, *COMMANDS], rows, strict=True))


def test_segment_cut_before_its_first_line_is_no_damage(seen, trials):
    trial = trials["new,64,"]
    seen("exit code of a crawl onto a disk of 64 KiB", 3, trial["code"])
    seen("exit code of corpus stats after it", 0, trial["stats"])
    seen("corpus verify after it speaks of damage", False, trial["verify"] == 5)


@pytest.mark.parametrize("row", ["old,20,warc", "old,52,warc"])
def test_an_index_without_the_room_to_be_opened_is_no_damage(row, seen, trials):
    speaks = trials[row]["verify"] == 5
    seen(f"corpus verify speaks of damage, after a crawl on a disk ({row}) that ran full", False, speaks)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_with_3_and_one_line(name, seen, trials):
    trial = trials[name]
    told = (trial["code"], trial["lines"], trial["left"], trial["problems"])
    seen(
        f"exit code, lines of error, output left, problems: {name} with 8 KiB left",
        (3, 1, ".out.parts" if name == "harvest" else "", 0),
        told,
    )
