"""``scrapy seeds`` from the terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from scrapy import cmdline
from scrapy.settings import Settings

from tests.seeds.written import RECORDS, Record, json_string
from tests.waiting import HANG_SECONDS

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that does what the terminal does, but in this process: starting another takes a second."""

    def execute(*arguments: str | Path, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        settings = Settings()
        settings.setmodule("crawler.settings")
        with pytest.raises(SystemExit) as ended:
            cmdline.execute(["scrapy", "seeds", *map(str, arguments)], settings)
        assert isinstance(ended.value.code, int)
        told = capfd.readouterr()
        return Done(ended.value.code, told.out, told.err)

    return execute


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "seed.txt"
    path.write_text(f"Title\n\nFri Jan 3, 2014 18:13:55\n\nBody.\n212-11\n{json_string(RECORDS)}\n")
    return path


def test_inspect_as_json_has_exactly_the_promised_fields(run: Run, seed: Path) -> None:
    done = run("inspect", seed, "--json")
    (told,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(told) == [
        "file", "url", "title", "date", "desk_code", "declared_length", "length_verdict", "related", "diagnoses",
    ]  # fmt: skip
    assert told["date"] == "2014-01-03T18:13:55+03:30"
    assert (told["title"], told["desk_code"], told["length_verdict"]) == ("Title", "212-11", "exact")
    number, sort, kind, pic, title = RECORDS[0]
    assert told["related"][0] == {
        "id": number, "sort": int(sort), "content_type": int(kind), "pic": pic, "title": title, "partial": False,
    }  # fmt: skip
    assert (done.returncode, done.stderr, told["diagnoses"]) == (0, "", [])


def test_inspect_prints_a_table(run: Run, seed: Path) -> None:
    done = run("inspect", seed)
    assert all(word in done.stdout for word in ("page", "records", "exact", "2014-01-03 18:13"))
    assert (done.returncode, done.stderr) == (0, "")


def test_inspect_sums_up(run: Run, seed: Path) -> None:
    cut = seed.with_name("cut.txt")
    cut.write_text(seed.read_text()[:-40])
    assert run("inspect", seed, cut).stdout.splitlines()[-1] == "Dumps: 2 · related items: 6 · cut off: 1"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_has_seen_enough_is_no_error(
    run: Run, seed: Path, form: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert run("inspect", seed, *form) == Done(0, "", "")
        monkeypatch.undo()


def test_empty_folder_is_reported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    for arguments in (["inspect"], ["harvest", "-o", tmp_path / "out"]):
        done = run(*arguments, tmp_path / "seeds")
        assert (done.returncode, done.stderr) == (4, f"gleaner: {tmp_path}/seeds: it contains nothing to read\n")


def test_cut_dump_is_printed_with_its_diagnoses(run: Run, seed: Path) -> None:
    done = run("inspect", "-", "--json", stdin=seed.read_text()[:-60])
    told = json.loads(done.stdout)
    assert (told["file"], told["length_verdict"], told["related"][-1]["partial"]) == ("-", "truncated", True)
    assert {"kind", "offset", "message"} == set(told["diagnoses"][0])


def test_one_page_without_a_dump_among_others_is_reported(run: Run, seed: Path) -> None:
    (seed.parent / "plain.txt").write_text("no dump here")
    done = run("inspect", seed.parent, "--json")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert done.stderr == f"gleaner: {seed.parent}/plain.txt: no dump in it\n"


@pytest.mark.parametrize("verb", ["inspect", "harvest"])
@pytest.mark.parametrize("what", ["missing", "plain"])
def test_no_dump_at_all_is_one_line_and_exit_code_4(run: Run, tmp_path: Path, verb: str, what: str) -> None:
    (tmp_path / "plain").write_text("no dump here")
    out = tmp_path / "out.jsonl"
    done = run(verb, tmp_path / what, *(["-o", out] if verb == "harvest" else []))
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(f"gleaner: {tmp_path / what}: no ")
    assert done.stderr.count("\n") == 1
    assert not out.exists()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("arguments", [[], ["weigh"], ["inspect"], ["inspect", "a", "--wrong"], ["harvest", "a"]])
def test_wrong_use_is_exit_code_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


def test_harvest_writes_lines_that_inspect_reads(run: Run, seed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    done = run("harvest", seed, "-o", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 pages with 3 related items from 1 files\n", "")
    line = json.loads(out.read_text())
    assert (line["file"], line["offset"], line["records"]) == (str(seed), 0, 3)
    assert json.loads(run("inspect", out, "--json").stdout)["length_verdict"] == "exact"
    assert json.loads(run("harvest", seed, "-o", "-").stdout) == line
    facts = json.loads(run("harvest", seed, "-o", out, "--json").stdout)
    assert facts == {"output": str(out), "files": 1, "pages": 1, "records": 3}


ATTACKS = ["\x1b]52;c;cm0gLXJm\x07", "\x1b[2J", "\x9b31m", "\r", "\x7f", "\u202e", "\u2066", "\u2028", "[red]", "\x00"]


@pytest.mark.parametrize("form", [["--json"], []])
def test_nothing_in_a_page_steers_the_terminal(run: Run, tmp_path: Path, form: list[str]) -> None:
    for number, attack in enumerate(ATTACKS):
        record: Record = ("1", "2", "21", f"/{attack}.jpg", f"T{attack}T")
        dump = json_string([record, (f"x{attack}", *record[1:])])
        (tmp_path / f"{number}.txt").write_text(f"A{attack}A\n\nA{attack}A\nMon Jan 3, 2014 18:13:55\n\nBody.\n{dump}")
    done = run("inspect", tmp_path, *form)
    raw = done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (0, "")
    assert not set(raw.replace("\n", "")) & set("\x1b\x9b\x07\r\x7f\x00\u2066\u2028\u202e")
    assert "A[red]A" in raw


def test_from_a_terminal(seed: Path) -> None:
    command = [sys.executable, "-m", "scrapy", "seeds", "inspect", "-", "--json"]
    with seed.open() as stdin:
        done = subprocess.run(
            command, cwd=REPOSITORY, stdin=stdin, capture_output=True, timeout=HANG_SECONDS, check=False, env=os.environ
        )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["file"] == "-"
