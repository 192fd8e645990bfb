"""Readers: pages are read in other processes, which may die or hang without harm to the crawl."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from crawler.extensions.readers import PageNotRead, Readers
from crawler.pages.facts import Cleaning
from crawler.sites import load_profile
from crawler.text.boilerplate import paragraph_key
from tests.waiting import HANG_SECONDS, wait_for

PROFILE = load_profile("replica")
PAGE = b"<html lang=en><h1>Rain</h1><article><p>" + b"It rained all day in the city. " * 20 + b"</p></article></html>"
URL = "http://127.0.0.1:8765/news/1"


@pytest.fixture
def readers():
    readers = Readers(1, HANG_SECONDS)
    yield readers
    readers.spider_closed()


def read(readers, page=PAGE):
    return asyncio.run(readers.read(page, URL, PROFILE, None))


def test_a_page_is_read_in_another_process(readers):
    assert read(readers).title == "Rain"
    assert readers._pool._processes.keys() != {os.getpid()}


def test_pages_are_cleaned_where_they_are_read(readers):
    foot = "This story was first told by the readers of the paper, who saw it rain all day."
    rain = "It rained all day in the city, and the river rose. " * 8
    page = f"<html lang=en><h1>Rain</h1><article><p>ROME (AP) - {rain}</p><p>{foot}</p><p>{rain.replace('rain', 'snow')}Then it stopped.</p></article>"
    readers.cleaning = Cleaning(boilerplate=frozenset({paragraph_key(foot)}))
    facts = read(readers, page.encode())
    assert (facts.dateline, foot in facts.text) == ("ROME (AP)", False)
    assert dict(facts.cleaned) == {"dateline": 1, "boilerplate": 1}
    readers.cleaning = Cleaning(off=frozenset({"dateline", "boilerplate"}))
    assert read(readers, page.encode()).text.startswith("ROME (AP) - It")


def test_a_reader_that_is_killed_is_replaced(readers):
    read(readers)
    for process in list(readers._pool._processes.values()):
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    assert read(readers).title == "Rain"


def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_read():
    readers = Readers(1, 0.0)
    with pytest.raises(PageNotRead, match="not read within 0 s"):
        read(readers)
    readers._timeout = HANG_SECONDS
    assert read(readers).title == "Rain"
    readers.spider_closed()


@pytest.mark.parametrize("processes", [0, 1])
def test_other_pages_are_read_while_one_takes_too_long(processes):
    readers = Readers(processes, 0.2)

    async def read_all():
        hung = asyncio.ensure_future(readers._run("hung", partial(time.sleep, 1)))
        await asyncio.sleep(0)
        readers._timeout = HANG_SECONDS
        return await asyncio.gather(
            hung, *(readers.read(PAGE, URL, PROFILE, None) for _ in range(5)), return_exceptions=True
        )

    hung, *others = asyncio.run(read_all())
    readers.spider_closed()
    assert isinstance(hung, PageNotRead)
    assert [page.title for page in others] == ["Rain"] * 5


def test_readers_end_with_the_crawl_however_it_dies(tmp_path):
    pidfile = tmp_path / "reader.pid"
    child = os.fork()
    if child == 0:
        mine = Readers(1, HANG_SECONDS)
        asyncio.run(mine.read(PAGE, URL, PROFILE, None))
        (process,) = mine._pool._processes.values()
        pidfile.write_text(str(process.pid), encoding="ascii")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    reader = int(pidfile.read_text(encoding="ascii"))
    wait_for(lambda: not alive(reader))


def alive(process_id):
    try:
        status = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_without_processes_pages_are_read_in_a_thread():
    readers = Readers(0, HANG_SECONDS)
    assert read(readers).title == "Rain"
    readers.spider_closed()
