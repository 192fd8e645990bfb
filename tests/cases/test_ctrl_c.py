"""One Ctrl-C on a real terminal, which signals every process of a crawl, once killed it about half the time."""

from __future__ import annotations

import json
import os

import pytest

from crawler.corpus.fixity.verify import verify
from tests.conftest import NEIGHBOURS
from tests.crawling import crawl_arguments, records, scrapy_command, write_seed
from tests.terminal import Terminal

pytestmark = pytest.mark.timeout(1200)


@pytest.mark.parametrize(("presses", "code"), [(1, 11), (2, 13)])
def test_ctrl_c_in_mid_crawl(seen, start_replica, tmp_path, presses, code):
    """For the second press something must be underway still: answers that take minutes."""
    replica, corpus = start_replica("--faults", f"drip={0.4 * (presses - 1)}", "--delay", "50"), tmp_path / "corpus"
    seed = write_seed(tmp_path / "seed.txt", *NEIGHBOURS)
    settings = ["EXTRACT_PROCESSES=1", "REPORT_SECONDS=120", "IMAGES_FETCH=none", "DOWNLOAD_TIMEOUT=240"]
    arguments = crawl_arguments(seed, corpus, replica.profile, "depth=6", settings=settings)
    with Terminal(scrapy_command(*arguments)) as terminal:
        terminal.wait_until(lambda: len(records(corpus)) > 2 and (presses == 1 or replica.stats()["faults"]))
        terminal.press_ctrl_c()
        if presses > 1:
            terminal.wait_for("Received SIGINT")
            terminal.press_ctrl_c()
        ended, left = terminal.wait(), terminal.left()
    noted = [json.loads(path.read_bytes())["exit_code"] for path in corpus.glob("runs/*/stats.json")]
    seen(f"{presses} x Ctrl-C: exit code, in stats.json too", (code, [code]), (ended, noted))
    seen(f"{presses} x Ctrl-C: tracebacks, processes left", (0, []), (terminal.output.count("Traceback"), left))
    seen(f"{presses} x Ctrl-C: problems of the corpus", [], verify(corpus).problems)


def test_ctrl_c_while_a_crawl_begins(seen, replica, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    arguments = crawl_arguments(tmp_path / "pipe", tmp_path / "corpus", replica.profile)
    with Terminal(scrapy_command(*arguments)) as terminal:
        writer = os.open(tmp_path / "pipe", os.O_WRONLY)
        terminal.press_ctrl_c()
        code = terminal.wait()
        os.close(writer)
    seen("before the spider opens", (11, "^Cgleaner: stopped by Ctrl-C\r\n"), (code, terminal.output))


def test_a_terminal_that_is_closed(seen, start_replica, tmp_path):
    replica, corpus = start_replica("--delay", "1000"), tmp_path / "corpus"  # a crawl of minutes, on any machine
    seed = write_seed(tmp_path / "seed.txt", *NEIGHBOURS)
    with Terminal(scrapy_command(*crawl_arguments(seed, corpus, replica.profile, "depth=6"))) as terminal:
        terminal.wait_until(lambda: len(records(corpus)) > 2)
        terminal.close()
        ended, left = terminal.wait(), terminal.left()
    seen("a closed terminal: exit code, processes left", (11, []), (ended, left))
