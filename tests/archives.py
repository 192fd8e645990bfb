"""The tools of web archivists that judge our files, in an environment of their own (``make test`` makes it)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import HANG_SECONDS

ARCHIVES = Path(os.environ.get("GLEANER_ARCHIVES") or f"{sys.prefix}-archives")


def tool(name: str) -> str:
    """Return the path of the command *name*, such as ``wayback``; skip the test where it is not installed."""
    path = ARCHIVES / "bin" / name
    if not path.exists():
        pytest.skip(f"{name} is not installed in {ARCHIVES}; make test does it")
    return str(path)


def run_tool(name: str, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command *name* to its end."""
    command = [tool(name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=HANG_SECONDS, **options)


def warcio_check(path: Path) -> subprocess.CompletedProcess[str]:
    """Let warcio check the digests in the WARC file at *path*."""
    return subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)], capture_output=True, text=True, check=False
    )
