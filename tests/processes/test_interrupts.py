"""How commands end by a signal: on terminals of their own, in all their processes, at chosen and at random instants."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing

import pytest

from crawler.corpus.fixity.verify import verify
from crawler.processes.interrupts import GROUP_SIGNALS, held_back
from tests.conftest import NEIGHBOURS
from tests.crawling import REPOSITORY, crawl, crawl_arguments, records, scrapy_command, write_seed
from tests.ctrlc import COMMANDS, OfCorpus, interrupt
from tests.terminal import Terminal

AS_BY_DEFAULT = ["EXTRACT_PROCESSES=1", "REPORT_SECONDS=120"]
PATIENT = ["IMAGES_FETCH=none", "DOWNLOAD_TIMEOUT=240", "RETRY_TIMES=0"]
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def seed(tmp_path):
    return write_seed(tmp_path / "seed.txt", *NEIGHBOURS)


@pytest.fixture
def corpus(tmp_path):
    return tmp_path / "corpus"


@pytest.fixture(scope="module")
def slow_replica(start_replica):
    return start_replica("--delay", "150")


@pytest.fixture
def crawling(slow_replica, seed, corpus):
    """Give a crawl on a terminal that has archived its first article, and whose reader is at work."""
    arguments = crawl_arguments(seed, corpus, slow_replica.profile, "depth=6", settings=AS_BY_DEFAULT)
    with Terminal(scrapy_command(*arguments)) as terminal:
        terminal.wait_until(lambda: len(records(corpus)) > 2)
        yield terminal


def leases(corpus):
    with closing(sqlite3.connect(corpus / "catalogue.sqlite")) as connection:
        return connection.execute("SELECT count(*) FROM targets WHERE state = 'leased'").fetchone()[0]


def exit_codes(corpus):
    return [json.loads(path.read_bytes())["exit_code"] for path in corpus.glob("runs/*/stats.json")]


def test_one_ctrl_c_ends_a_crawl_gently_in_all_its_processes(crawling, slow_replica, seed, corpus):
    crawling.press_ctrl_c()
    assert crawling.wait() == 11
    assert "Traceback" not in crawling.output
    assert "Next:   run the same command again" in crawling.output
    assert (exit_codes(corpus), leases(corpus), crawling.left()) == ([11], 0, [])
    assert len(list(corpus.glob("runs/*/report.html"))) == 1
    assert verify(corpus).problems == []
    assert crawl(seed, corpus, slow_replica.profile).returncode == 0
    assert {f"replica/{number}" for number in NEIGHBOURS} <= {record["key"] for record in records(corpus)}


def test_two_end_it_at_once_and_leave_a_record_of_the_run(start_replica, slow_replica, seed, corpus):
    """Something is underway for minutes, which one Ctrl-C would wait for."""
    dripping = start_replica("--faults", "drip=0.4")
    settings = AS_BY_DEFAULT + PATIENT
    with Terminal(
        scrapy_command(*crawl_arguments(seed, corpus, dripping.profile, "depth=6", settings=settings))
    ) as crawling:
        crawling.wait_until(lambda: len(records(corpus)) > 2 and dripping.stats()["faults"])
        crawling.press_ctrl_c()
        crawling.wait_for("Received SIGINT")
        crawling.press_ctrl_c()
        assert crawling.wait() == 13
        assert "Traceback" not in crawling.output
        assert crawling.output.rstrip("\r\n").endswith("it resumes the crawl")
        assert "\x1b[?25h" in crawling.output  # the cursor is back
        assert (exit_codes(corpus), crawling.left()) == ([13], [])
    assert verify(corpus).problems == []
    assert crawl(seed, corpus, slow_replica.profile).returncode == 0


def test_closing_the_terminal_ends_a_crawl_as_gently(crawling, corpus):
    """The signal comes twice, as a shell passes it on and so does the kernel; what is written goes nowhere."""
    crawling.close()
    crawling.process.send_signal(signal.SIGHUP)
    assert crawling.wait() == 11
    assert (exit_codes(corpus), leases(corpus), crawling.left()) == ([11], 0, [])
    assert len(list(corpus.glob("runs/*/report.html"))) == 1


def test_under_nohup_a_crawl_outlives_its_terminal(slow_replica, seed, corpus):
    command = scrapy_command(*crawl_arguments(seed, corpus, slow_replica.profile, settings=AS_BY_DEFAULT))
    with Terminal(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command]) as terminal:
        terminal.wait_for("Spider opened")
        terminal.close()
        terminal.process.send_signal(signal.SIGHUP)
        assert terminal.wait() == 0
    assert exit_codes(corpus) == [0]
    assert {f"replica/{number}" for number in NEIGHBOURS} <= {record["key"] for record in records(corpus)}


def test_a_crawl_that_still_begins_ends_with_one_line(replica, corpus, tmp_path):
    """It waits, before its spider opens, for somebody to write a seed into the pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with Terminal(scrapy_command(*crawl_arguments(pipe, corpus, replica.profile))) as terminal:
        writer = os.open(pipe, os.O_WRONLY)  # waits for the reader
        terminal.press_ctrl_c()
        code = terminal.wait()
        os.close(writer)
    assert (code, terminal.output) == (11, "^Cgleaner: stopped by Ctrl-C\r\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_harvest_that_is_stopped_leaves_no_file(tmp_path, number):
    """It waits for what comes out of the pipe, in a process beside the first."""
    pipe, inputs = tmp_path / "inputs" / "2.txt", tmp_path / "inputs"
    inputs.mkdir()
    write_seed(inputs / "1.txt", *NEIGHBOURS)
    os.mkfifo(pipe)
    command = scrapy_command("seeds", "harvest", inputs / "1.txt", pipe, "-o", tmp_path / "out.jsonl", "--jobs", 2)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with Terminal(command, env={"TMPDIR": str(temporary)}) as terminal:
        writer = os.open(pipe, os.O_WRONLY)
        assert terminal.children()
        os.killpg(terminal.process.pid, number)
        code, left = terminal.wait(), terminal.left()
        os.close(writer)
    line = {signal.SIGHUP: "SIGHUP: its terminal was closed", signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}
    assert (code, left) == (11, [])
    assert terminal.output.endswith(f"gleaner: stopped by {line[number]}\r\n")
    assert "Traceback" not in terminal.output
    assert [path.name for path in tmp_path.glob("out*")] == []
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_at_random_instants_nothing_is_harmed_or_left(name, monkeypatch):
    """``python -m tests.ctrlc`` does it 200 times, on a larger corpus."""
    monkeypatch.setattr(OfCorpus, "depth", 1)
    assert interrupt(name, 2, random.Random(os.getpid())).violations == []


def test_a_reader_of_the_output_that_ctrl_c_ended_does_not_change_the_exit_code():
    """As in ``scrapy ... 2>&1 | tee log``."""
    program = """
        import os, sys
        from crawler.processes import interrupts
        reader, writer = os.pipe()
        os.dup2(writer, 1), os.dup2(writer, 2), os.close(reader)
        interrupts.release_terminal()
        print("lost"), print("lost", file=sys.stderr)
        sys.exit(11)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=REPOSITORY, check=False)
    assert done.returncode == 11


def test_an_interrupt_that_falls_into_a_destructor_comes_again():
    program = """
        import signal, sys, time
        from crawler.processes import interrupts
        class Destroyed:
            def __del__(self):
                signal.raise_signal(signal.SIGINT)
        try:
            with interrupts.raising():
                Destroyed()
                time.sleep(600)
                sys.exit(1)
        except KeyboardInterrupt:
            signal.raise_signal(signal.SIGINT)  # which is ignored by now
            sys.exit(0)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", GROUP_SIGNALS)
def test_a_signal_that_is_held_back_comes_after_the_block_to_the_same_handler(number):
    came = []
    before = signal.signal(number, lambda number, _: came.append(number))
    handler = signal.getsignal(number)
    try:
        with held_back():
            os.kill(os.getpid(), number)
            time.sleep(0)
            assert came == []
        assert came == [number]
        assert signal.getsignal(number) is handler
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(GROUP_SIGNALS)
    finally:
        signal.signal(number, before)


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with held_back():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
