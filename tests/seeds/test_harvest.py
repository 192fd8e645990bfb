"""A harvest as parts: resumed by the same command, the same bytes wherever it is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from crawler.batch.parts import MANIFEST_NAME
from tests.conftest import NEIGHBOURS
from tests.crawling import REPOSITORY, scrapy, scrapy_command, write_seed
from tests.inputs.conftest import s3, s3_server
from tests.inputs.s3 import BUCKET
from tests.waiting import HANG_SECONDS, wait_for

__all__ = ["s3", "s3_server"]


@pytest.fixture
def inputs(tmp_path):
    folder = tmp_path / "inputs"
    folder.mkdir()
    for number in range(8):
        write_seed(folder / f"{number}.txt", *NEIGHBOURS, text=f"Text {number}.")
    return folder


def harvest(*arguments):
    return scrapy("seeds", "harvest", *arguments)


def names(path):
    return [Path(json.loads(line)["file"]).name for line in path.read_bytes().splitlines()]


def done_parts(out):
    return [path.stem for path in out.parent.glob(f".{out.name}.parts/_done/*")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_harvest_that_was_stopped_does_only_what_is_missing(inputs, tmp_path, number):
    """It waits in the last input, a pipe: all others are done when it is stopped."""
    out, whole = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    assert harvest(inputs, "-o", whole).returncode == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    arguments = ("seeds", "harvest", inputs, pipe, "-o", out, "-j", 2)
    stopped = subprocess.Popen(scrapy_command(*arguments), cwd=REPOSITORY, stderr=subprocess.PIPE)
    writer = os.open(pipe, os.O_WRONLY)
    wait_for(lambda: len(done_parts(out)) == 8)
    stopped.send_signal(number)
    _, said = stopped.communicate(timeout=HANG_SECONDS)
    os.close(writer)
    assert stopped.returncode == (11 if number == signal.SIGINT else -9)
    assert number == signal.SIGKILL or b"the same command resumes" in said
    before = {path.name: path.stat().st_ino for path in tmp_path.glob(".out.jsonl.parts/*.jsonl")}
    assert len(before) == 8
    (inputs / "8.txt").write_bytes((inputs / "0.txt").read_bytes())
    done = harvest(inputs, "-o", out, "-j", 2, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == 9
    assert out.read_bytes().startswith(whole.read_bytes())
    assert names(out) == [f"{number}.txt" for number in range(9)]
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_parts_and_manifest_are_the_output_in_the_order_of_the_files(inputs, tmp_path):
    folder, whole = tmp_path / "parts", tmp_path / "whole.jsonl"
    assert harvest(inputs, "-o", whole, "-j", 1).returncode == 0
    done = harvest(inputs, "-o", folder, "--parts", "-j", 2)
    assert done.returncode == 0, done.stderr
    manifest = [json.loads(line) for line in (folder / MANIFEST_NAME).read_bytes().splitlines()]
    assert [Path(line["input"]).name for line in manifest] == [f"{number}.txt" for number in range(8)]
    assert b"".join((folder / line["part"]).read_bytes() for line in manifest) == whole.read_bytes()
    assert len(list(folder.glob("*.jsonl"))) == 8
    times = {path: path.stat().st_mtime_ns for path in folder.glob("*.jsonl")}
    (inputs / "3.txt").unlink()
    write_seed(inputs / "9.txt", *NEIGHBOURS, text="New.")
    assert harvest(inputs, "-o", folder, "--parts", "-j", 2).returncode == 0
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("*.jsonl")}
    assert len(kept) == 8
    assert len(kept.items() & times.items()) == 7


@pytest.mark.usefixtures("s3")
def test_parts_may_stand_in_an_object_store(inputs, tmp_path):
    place = f"s3://{BUCKET}/harvest-parts"
    first = harvest(inputs, "-o", place, "--parts", "--json", "-j", 1)
    assert (first.returncode, json.loads(first.stdout)["pages"]) == (0, 8), first.stderr
    again = harvest(inputs, "-o", place, "--parts", "--json", "-j", 1)
    assert again.stdout == first.stdout
    local = tmp_path / "from-store.jsonl"
    assert harvest(f"{place}/*.jsonl", "-o", local).returncode == 0
    assert len(names(local)) == 8


def test_parts_of_another_site_are_refused_and_kept(inputs, tmp_path):
    folder = tmp_path / "parts"
    assert harvest(inputs, "-o", folder, "--parts").returncode == 0
    before = sorted(path.name for path in folder.iterdir())
    done = harvest(inputs, "-o", folder, "--parts", "--site", "alalam")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert "parts of another job" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "-", "--parts"), "--parts: give a folder"),
        (("-o", "s3://bucket/out.jsonl"), "takes parts only"),
        (("-o", "OUT", "--cluster", "spark:local"), "give processes:N, dask:ADDRESS"),
        (("-o", "OUT", "--cluster", "dask:ftp://x"), "is not the address of a Dask scheduler"),
    ],
)
def test_senseless_places_are_refused_with_one_line(inputs, tmp_path, arguments, said):
    if any(one.startswith("dask") for one in arguments):
        pytest.importorskip("distributed", reason="the extra cluster is not installed")
    done = harvest(inputs, *(str(tmp_path / "out") if one == "OUT" else one for one in arguments))
    assert (done.returncode, done.stderr.count("\n")) == (4, 1), done.stderr
    assert said in done.stderr


def test_scheduler_that_does_not_answer_is_named(inputs, tmp_path):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    done = harvest(inputs, "-o", tmp_path / "out", "--cluster", "dask:tcp://127.0.0.1:1")
    assert (done.returncode, done.stderr.count("\n")) == (8, 1), done.stderr
    assert "no scheduler answers" in done.stderr
