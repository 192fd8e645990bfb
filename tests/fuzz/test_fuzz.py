"""The fuzz target: over its corpus wherever atheris is installed, and guided by coverage for some seconds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.waiting import HANG_SECONDS

CORPUS = Path(__file__).parent / "corpus"
REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")


def test_the_fuzz_target_finds_nothing_in_a_few_seconds(tmp_path: Path) -> None:
    grown = tmp_path / "corpus"
    shutil.copytree(CORPUS, grown)
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.fuzz_seeds",
        "-max_total_time=4",
        f"-artifact_prefix={tmp_path}/",
        str(grown),
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done" in done.stderr
