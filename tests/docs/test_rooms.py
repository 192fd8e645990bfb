"""The map of the code in the docs is the one that the imports draw."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import REPOSITORY


def test_map_in_the_docs_is_that_of_the_code():
    done = subprocess.run(
        [sys.executable, "-m", "docs.rooms", "--check"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
