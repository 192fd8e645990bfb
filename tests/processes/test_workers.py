"""Workers leave signals to the group to the process that they work for, and end with it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from concurrent.futures.process import BrokenProcessPool

import pytest

from crawler.processes.interrupts import GROUP_SIGNALS
from crawler.processes.workers import Pool
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
        from crawler.processes.interrupts import GROUP_SIGNALS
        from crawler.processes.workers import Pool
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
    """In a process of its own: in this one, other tests may have started a tracker before."""
    program = """
        import os, sys
        from multiprocessing import resource_tracker
        from crawler.processes.interrupts import GROUP_SIGNALS
        from crawler.processes.workers import Pool
        if __name__ == "__main__":
            with Pool(1) as pool:
                pool.submit(os.getpid).result()
                tracker = resource_tracker._resource_tracker
                for number in GROUP_SIGNALS:
                    os.kill(tracker._pid, number)
                pool.submit(os.getpid).result()
                sys.exit(0 if tracker._check_alive() else 1)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


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
