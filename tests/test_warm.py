"""A forked process is to its test what a new one is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests import warm
from tests.crawling import REPOSITORY, scrapy, scrapy_command
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.skipif(warm.COLD, reason="no process is forked here")
REPLICA = [*warm.PREFIX, "crawler.replica", "--port", "0"]
PIPES = {"cwd": REPOSITORY, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def cold(command, **options):
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, **options)


@pytest.mark.parametrize(
    "arguments",
    [
        ("settings", "--get", "BOT_NAME"),
        ("no-such-command",),
        ("corpus", "stats", "-s", "CORPUS_DIR=/nowhere"),
        ("corpus", "verify", "--help"),
        ("seeds", "inspect", "/nowhere.txt"),
    ],
)
def test_output_and_exit_code_are_those_of_a_new_process(arguments):
    forked, new = scrapy(*arguments), cold(scrapy_command(*arguments))
    assert (forked.returncode, forked.stdout, forked.stderr) == (new.returncode, new.stdout, new.stderr)


def test_standard_input_is_read():
    command = scrapy_command("seeds", "inspect", "-", "--json")
    text = 'A paragraph.\n212-11\nstring(13) "[{"id":"17"}]"'
    assert warm.run(command, cwd=REPOSITORY, capture_output=True, text=True, input=text).stdout == (
        cold(command, input=text).stdout
    )


def test_variables_are_those_that_are_given():
    command = scrapy_command("corpus", "verify", "--help")
    narrow, usual = {**os.environ, "COLUMNS": "40"}, {**os.environ, "COLUMNS": "80"}
    assert scrapy(*command[5:], env=narrow).stdout == cold(command, env=narrow).stdout
    assert scrapy(*command[5:], env=usual).stdout != scrapy(*command[5:], env=narrow).stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)])
def test_signals_reach_it_and_its_end_is_seen(number, code):
    with warm.Popen(REPLICA, **PIPES) as process:
        assert process.stdout.readline().startswith(b"replica: http")
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        os.kill(process.pid, number)
        assert process.wait(HANG_SECONDS) == code
    assert process.poll() == code
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_several_run_at_once_and_end_in_any_order():
    running = [warm.Popen(REPLICA, **PIPES) for _ in range(3)]
    for process in running:
        assert process.stdout.readline()
    for process in reversed(running):
        process.terminate()
        assert process.communicate(timeout=HANG_SECONDS) == (b"", b"")
        assert process.returncode == 0


@pytest.mark.parametrize(
    "options",
    [{"cwd": "/"}, {"env": {**os.environ, "PYTHONWARNINGS": "error"}}, {"start_new_session": True}, {"umask": 0o77}],
    ids=lambda options: next(iter(options)),
)
def test_what_cannot_be_forked_faithfully_is_started_anew(options):
    with warm.Popen([sys.executable, "-W", "ignore", "-m", "this"], **PIPES | options) as process:
        assert b"Zen" in process.communicate()[0]
        assert process._status is None
