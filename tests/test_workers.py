"""Workers leave signals to the group to the process that they work for, and end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker

import pytest

from crawler.workers import GROUP_SIGNALS, Pool, held_back
from tests.crawling import REPOSITORY


def signal_all(process_id):
    for number in GROUP_SIGNALS:
        os.kill(process_id, number)


def test_signals_of_the_group_do_not_touch_a_worker():
    with Pool(1) as pool:
        worker = pool.submit(os.getpid).result()
        signal_all(worker)
        assert pool.submit(os.getpid).result() == worker


def test_signals_do_not_touch_a_worker_that_is_only_beginning():
    """Its first instructions are Python's own: it must not die there, nor tell of it."""
    program = """
        import os, signal, sys
        from crawler.workers import GROUP_SIGNALS, Pool
        if __name__ == "__main__":
            with Pool(1) as pool:
                future = pool.submit(os.getpid)
                (worker,) = pool._context.workers
                while not future.done():
                    for number in GROUP_SIGNALS:
                        os.kill(worker.pid, number)
                sys.exit(0 if future.result() == worker.pid else 1)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_tracker_of_shared_resources_outlives_signals_of_the_group():
    with Pool(1) as pool:
        pool.submit(os.getpid).result()
        tracker = resource_tracker._resource_tracker._pid
        signal_all(tracker)
        assert pool.submit(os.getpid).result()
        os.kill(tracker, 0)
        assert resource_tracker._resource_tracker._check_alive()


def test_a_pool_ends_its_workers_at_once_whatever_they_do():
    pool = Pool(2)
    waiting = [pool.submit(time.sleep, 3600) for _ in range(5)]
    pool.end()
    for future in waiting:
        with pytest.raises(BrokenProcessPool):
            future.result()
    assert not [worker for worker in pool._context.workers if worker.is_alive()]


def test_an_error_in_the_block_ends_the_workers():
    with pytest.raises(KeyboardInterrupt), Pool(1) as pool:
        pool.submit(time.sleep, 3600)
        raise KeyboardInterrupt
    assert not [worker for worker in pool._context.workers if worker.is_alive()]


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
