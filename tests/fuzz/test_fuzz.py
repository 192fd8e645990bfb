"""What the fuzzers found stays found: the corpus of inputs is read whole, and mutated seeds of fixed numbers.

Nothing is searched at random here, and no clock decides. ``make fuzz`` searches.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from crawler.seeds import parse_page
from crawler.text.charset import decode
from tests.fuzz import mutate
from tests.fuzz.promises import check
from tests.waiting import HANG_SECONDS

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_reader_keeps_its_promises_on_each_input_of_the_corpus(path: Path) -> None:
    text = decode(path.read_bytes())
    check(parse_page(text, mutate.ZONE), len(text.encode("utf-8", "surrogatepass")))


def test_mutated_seed_follows_from_its_number() -> None:
    seeds = mutate.bases(mutate.FOLDERS)
    assert [mutate.mutated(number, seeds) for number in range(50)] == [
        mutate.mutated(number, seeds) for number in range(50)
    ]


def test_mutant_that_breaks_a_promise_is_counted_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_at_dump(page: object, size: int) -> None:
        check(page, size)
        assert not page.dumps, "a dump"

    monkeypatch.setattr(mutate, "FOUND", tmp_path)
    monkeypatch.setattr(mutate, "check", break_at_dump)
    tally = mutate.read(7, 20, mutate.FOLDERS, limit=HANG_SECONDS)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    seeds = mutate.bases(mutate.FOLDERS)
    assert 0 < tally.wrong == len(kept)
    assert all(data == mutate.mutated(int(name.partition("-")[2]), seeds) for name, data in kept.items())
    printed = capsys.readouterr().out
    assert all(name in printed for name in kept)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed; make fuzz-fixed does it")
def test_fuzz_target_reads_its_corpus() -> None:
    command = [sys.executable, "-m", "tests.fuzz.fuzz_seeds", "-runs=0", str(CORPUS[0].parent)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "INITED" in done.stderr
