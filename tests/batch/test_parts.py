"""Parts are made once, whole, and again only if their input, their job or the code changed."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import pytest

from crawler.batch.parts import MANIFEST_NAME, Parts, PartTask
from crawler.batch.pool import open_pool
from crawler.exceptions import ConfigError, FolderInUse, GleanerError
from tests.batch import jobs
from tests.inputs.s3 import BUCKET

ENDING = ".txt"


def make(place, job, numbers, *, restart=False, finish=True, pool="processes:0"):
    """Make the parts of *numbers*; return what came of them."""
    parts = Parts(str(place), ENDING, job)
    with parts.opened(restart=restart), open_pool(pool) as opened:
        tasks = (PartTask(number, parts.name(number), f"input {number}") for number in numbers)
        done = list(parts.make(opened, tasks, retries=0))
        if finish and not any(one.failed for one in done):
            parts.finish(one.facts for one in done)
    return done


def files(place):
    return {path.name: path.read_bytes() for path in Path(place).iterdir() if path.is_file() and path.suffix == ENDING}


@pytest.fixture
def noted(tmp_path):
    """A folder of notes, and a job that notes there each time it makes a part."""
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder, partial(jobs.note_and_write, str(folder))


def times(folder):
    return {int(path.name): len(path.read_text().splitlines()) for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("pool", ["processes:0", "processes:2"])
def test_parts_are_the_same_whatever_makes_them(tmp_path, pool):
    done = make(tmp_path / "parts", partial(jobs.write_lines, {}), [3, 1, 2], pool=pool)
    assert sorted(files(tmp_path / "parts").values()) == [b"0\n", b"0\n1\n", b"0\n1\n2\n"]
    manifest = [json.loads(line) for line in (tmp_path / "parts" / MANIFEST_NAME).read_bytes().splitlines()]
    assert [line["result"]["lines"] for line in manifest] == [3, 1, 2]
    assert manifest == [one.facts for one in done]
    again = make(tmp_path / "again", partial(jobs.write_lines, {}), [3, 1, 2])
    assert files(tmp_path / "again") == files(tmp_path / "parts")
    assert [one.facts for one in again] == manifest


@pytest.mark.parametrize("finish", [True, False])
def test_parts_that_are_there_are_not_made_again(tmp_path, noted, finish):
    folder, job = noted
    make(tmp_path / "parts", job, range(5), finish=finish)
    done = make(tmp_path / "parts", job, range(7), finish=finish)
    assert times(folder) == dict.fromkeys(range(7), 1)
    assert [one.result for one in done] == list(range(7))


def test_input_that_is_named_twice_is_two_lines_of_the_manifest(tmp_path):
    done = make(tmp_path / "parts", partial(jobs.write_lines, {}), [2, 2, 1, 2])
    assert [one.result["lines"] for one in done] == [2, 2, 1, 2]
    assert len(files(tmp_path / "parts")) == 2


def test_failed_part_is_made_again_and_there_is_no_manifest_before(tmp_path):
    done = make(tmp_path / "parts", partial(jobs.write_lines, {2: "fault"}), range(4))
    assert [bool(one.failed) for one in done] == [False, False, True, False]
    assert not (tmp_path / "parts" / MANIFEST_NAME).exists()


def test_part_of_some_of_its_input_is_kept_and_made_again(tmp_path):
    place = tmp_path / "parts"
    done = make(place, partial(jobs.write_lines, {2: "part"}), [2])
    assert (done[0].failed, done[0].result) == ("cut", 4)
    assert list(files(place).values()) == [b"0\n1\n"]
    parts = Parts(str(place), ENDING, partial(jobs.write_lines, {2: "part"}))
    with parts.opened(restart=False):
        assert parts.known_count == 0


@pytest.mark.parametrize("cut", ["the part", "the end of the part", "what is known of it"])
def test_part_that_is_not_whole_is_made_again(tmp_path, noted, cut):
    folder, job = noted
    place = tmp_path / "parts"
    (done,) = make(place, job, [1], finish=False)
    if cut == "the part":
        (place / done.facts["part"]).unlink()
    elif cut == "the end of the part":  # as after a power cut
        (place / done.facts["part"]).write_bytes(b"")
    else:
        known = place / "_done" / f"{done.facts['part']}.json"
        known.write_bytes(known.read_bytes()[:20])
    make(place, job, [1], finish=False)
    assert times(folder) == {1: 2}


def test_damaged_part_is_not_copied_and_then_made_again(tmp_path, noted):
    folder, job = noted
    place = tmp_path / "parts"
    (done,) = make(place, job, [1], finish=False)
    (place / done.facts["part"]).write_bytes(b"0\n")
    parts = Parts(str(place), ENDING, job)
    with pytest.raises(GleanerError, match="this part is damaged"), open(os.devnull, "wb") as out:  # noqa: PTH123
        parts.copy(done, out)
    make(place, job, [1], finish=False)
    assert times(folder) == {1: 2}


def test_what_a_kill_left_is_swept(tmp_path):
    place = tmp_path / "parts"
    make(place, partial(jobs.write_lines, {}), [1], finish=False)
    (place / ".tmp-left").write_bytes(b"x")
    (place / "_done" / ".tmp-left").write_bytes(b"x")
    make(place, partial(jobs.write_lines, {}), [1])
    assert [path.name for path in place.rglob(".tmp-*")] == []
    assert not (place / "_done").exists()


def test_parts_of_other_options_are_refused_or_begun_again(tmp_path):
    place = tmp_path / "parts"
    make(place, partial(jobs.write_lines, {}), [1, 2])
    (place / "mine.txt").write_text("not a part")
    with pytest.raises(ConfigError, match="parts of another job"):
        make(place, partial(jobs.write_lines, {9: "fault"}), [1])
    make(place, partial(jobs.write_lines, {9: "fault"}), [1], restart=True)
    assert sorted(files(place).values()) == [b"0\n", b"not a part"]


def test_two_commands_do_not_share_a_folder(tmp_path):
    parts = Parts(str(tmp_path / "parts"), ENDING, partial(jobs.write_lines, {}))
    with parts.opened(restart=False), pytest.raises(FolderInUse, match="another command"):
        make(tmp_path / "parts", partial(jobs.write_lines, {}), [1])


@pytest.mark.usefixtures("s3")
def test_parts_in_an_object_store(tmp_path, noted):
    folder, job = noted
    place = f"s3://{BUCKET}/parts-{os.getpid()}"
    make(place, job, range(3), finish=False)
    done = make(place, job, range(4))
    assert times(folder) == dict.fromkeys(range(4), 1)
    assert [one.result for one in done] == [0, 1, 2, 3]
    parts = Parts(place, ENDING, job)
    with parts.opened(restart=False):
        out = tmp_path / "out"
        with out.open("wb") as file:
            for one in done:
                parts.copy(one, file)
    assert out.read_bytes() == b"0\n1\n2\n3\n"
