"""``scrapy replica`` from the terminal."""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.commands import ScrapyHelpFormatter
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from crawler.commands.replica import Command
from crawler.replica.options import add_options, run_options
from tests.waiting import HANG_SECONDS

REPOSITORY = Path(__file__).resolve().parents[2]
SCRAPY = (sys.executable, "-m", "scrapy", "replica")
PLAIN = (sys.executable, "-m", "crawler.replica")


def run(*command):
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=HANG_SECONDS, check=False)


@pytest.mark.parametrize(("command", "number"), [(SCRAPY, signal.SIGINT), (PLAIN, signal.SIGTERM)])
def test_signals_end_it_cleanly(command, number):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*command, "--port", "0", "--articles", "12"], cwd=REPOSITORY, text=True, **pipes) as process:
        line = process.stdout.readline()
        assert line.startswith("replica: http://127.0.0.1:")
        assert line.endswith("/ (12 articles)\n")
        with socket.create_connection(
            ("127.0.0.1", int(line.split(":")[3].split("/")[0]))
        ):  # stays open, as in a crawl
            os.kill(process.pid, number)
            assert process.communicate(timeout=HANG_SECONDS) == ("", "")
        assert process.returncode == 0


def test_port_in_use_is_one_line_and_exit_code_1(replica):
    port = replica.url.rpartition(":")[2]
    done = run(*PLAIN, "--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"replica: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--host", "0.0.0.0"), "loopback only"),
        (("--host", "example.com"), "loopback only"),
        (("--port", "70000"), "--port must be"),
        (("--articles", "0"), "articles must be"),
        (("--missing", "2"), "missing must be"),
        (("--faults", "fire"), "unknown fault 'fire'"),
        (("--print-seed", "x"), "not a list of ids"),
        (("--port", "0", "--profile", "/nonexistent/folder/a.toml"), "cannot write the profile"),
    ],
)
def test_senseless_options_are_one_line_and_exit_code_4(options, message, capsys):
    parser = argparse.ArgumentParser()
    add_options(parser)
    assert run_options(parser.parse_args(options)) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("replica: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("width", range(40, 140, 7))
def test_no_option_looks_like_a_heading(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    command = Command()
    command.settings = Settings()
    parser = argparse.ArgumentParser(formatter_class=ScrapyHelpFormatter, conflict_handler="resolve")
    command.add_options(parser)
    text = parser.format_help()
    assert re.findall(r"^(.*)\n[=-]+$", text, re.MULTILINE) == ["Usage", "Options", "Global Options", "Replica"]


def test_unknown_argument_is_a_usage_error():
    with pytest.raises(UsageError, match="unknown argument 'nonsense'"):
        Command().run(["nonsense"], argparse.Namespace())


def test_print_seed_prints_the_example():
    ids = "1797789,1795060,1795248,1795519,1795725,1796287,1797070,1797133,1797268,1797547,1797573"
    done = run(*SCRAPY, "--print-seed", ids)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (REPOSITORY / "examples/seeds/harbour.txt").read_text(encoding="utf-8")
