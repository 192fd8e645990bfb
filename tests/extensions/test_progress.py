"""What a person sees at a terminal while a crawl runs: a live line that harms no log line, and a gentle end."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from types import SimpleNamespace

import pytest

from crawler.exceptions import DiskFull
from crawler.extensions import progress
from tests.crawling import REPOSITORY, crawl_arguments, scrapy_command, write_seed
from tests.waiting import HANG_SECONDS

LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[[\w.]+\] [A-Z]+: .*")
PROGRESS = re.compile(r"\d+ articles · \d+ waiting · ")
LAST = re.compile(r"[^\r\n]*\r\n\x1b\[\?25h\r\x1b\[1A\x1b\[2K")  # the live line, and how it is taken away at the end
CONTROL = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


@pytest.fixture(scope="module")
def interrupted(start_replica, tmp_path_factory):
    """Crawl a slow site under a terminal, and press Ctrl-C when the line lives; return exit code and output."""
    folder = tmp_path_factory.mktemp("progress")
    replica = start_replica("--delay", "150", "--missing", "0.5")
    seed = write_seed(folder / "seed.txt", *range(1000012, 1000512, 4))
    command = scrapy_command(*crawl_arguments(seed, folder / "corpus", replica.profile))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as run:
        os.close(theirs)
        output, sent, deadline = b"", False, time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline and (piece := read(ours)) is not None:
            output += piece
            if not sent and output.count(" waiting · ".encode()) > 1 and b"status 404" in output:
                run.send_signal(signal.SIGINT)
                sent = True
        code = run.wait(timeout=HANG_SECONDS)
    os.close(ours)
    return code, output.decode()


def read(descriptor):
    """Return what comes within a second; None at the end."""
    ready, _, _ = select.select([descriptor], [], [], 1)
    try:
        return (os.read(descriptor, 65536) or None) if ready else b""
    except OSError:  # how a terminal says that nobody is there any more
        return None


def test_first_ctrl_c_stops_the_crawl_gently_and_says_how_to_resume(interrupted):
    code, output = interrupted
    assert code == 11
    assert "Received SIGINT: finishing the requests underway." in output
    assert "Next:   run the same command again: it resumes the crawl" in output


def test_log_lines_are_whole_and_alone(interrupted):
    _, output = interrupted
    assert len(PROGRESS.findall(output)) > 1
    log = LAST.sub("", output[: output.index("Archived in")])
    # What stands in a line at last is what was written after it was last erased or begun again.
    shown = [CONTROL.sub("", line.split("\x1b[2K")[-1].split("\r")[-1]) for line in log.split("\r\n")]
    wrong = [line for line in shown if line and not LOG_LINE.fullmatch(line)]
    assert wrong == []
    assert not [line for line in shown if LOG_LINE.fullmatch(line) and PROGRESS.search(line)]
    assert sum("status 404" in line for line in shown) >= 1


def test_unwritable_corpus_is_reported_once(monkeypatch):
    asked = []

    async def full(work):
        asked.append(work)
        raise DiskFull("corpus", "no room")

    crawler = SimpleNamespace(get_extension=lambda _: SimpleNamespace(do=full, held=set()), spider=None)
    monkeypatch.setattr(progress, "_LOG_SECONDS", 0)
    asyncio.run(progress.Progress(crawler)._show_often())  # returns: it shows nothing more
    assert len(asked) == 1
