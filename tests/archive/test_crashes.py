"""A corpus killed at every write, fsync and rename, and at random: nothing lost, torn or doubled."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest

from crawler.archive import Corpus, database
from crawler.corpus.fixity.verify import verify
from crawler.jsonl import decode
from tests.factories import make_article, make_seed, related_items

_MORE_GROUPS = int(os.environ.get("GLEANER_CRASH_GROUPS", "0"))
"""Set by hand for hundreds or thousands of points, here and in test_faults. At most 250."""

CALLS = ("write", "pwrite", "fdatasync", "fsync", "rename", "ftruncate")
GROUPS = [
    [make_seed(related=(1, 2, 3))],
    [make_article(1, related=related_items(2, 4)), make_article(2, text="Text of article 1.")],
    [make_article(3, related=related_items(1)), make_article(4)],
    *([make_article(10 + number, related=related_items(1, 11 + number))] for number in range(_MORE_GROUPS)),
]


def archive_all(root: Path, acknowledged: int, *, wait: bool) -> None:
    """Archive all groups, and write a byte to the descriptor *acknowledged* for each durable one.

    Without *wait*, each is gathered while the previous one is synced, and the catalogue is committed only sometimes.
    """
    database.MAX_UNCOMMITTED_LINES = 3  # only in a process that will die
    corpus = Corpus(root, "replica", segment_bytes=1500)
    for number, group in enumerate(GROUPS):
        picture = corpus.store_picture(f"picture {number}".encode(), "jpg")
        assert picture[0].startswith("images/")
        with corpus.group(wait=wait):
            for article in group:
                corpus.add(article)
        corpus.durable.add_done_callback(partial(acknowledge, acknowledged, number))
    corpus.close()


def acknowledge(acknowledged: int, number: int, durable: Future[None]) -> None:
    if durable.exception() is None:
        original_write(acknowledged, bytes([number]))


original_write = os.write


def die_at(point: int, *, torn: bool) -> None:
    """Die at the *point*-th call of :data:`CALLS`: after half of a write if *torn*, else before it."""
    count = 0

    def dying(name):
        call = getattr(os, name)

        def wrapper(descriptor, *args, **kwargs):
            nonlocal count
            count += 1
            if count == point:
                if torn and name == "write":
                    data = bytes(args[0])
                    original_write(descriptor, data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(descriptor, *args, **kwargs)

        return wrapper

    for name in CALLS:
        setattr(os, name, dying(name))


def run_child(root: Path, point: int, *, torn: bool, wait: bool) -> tuple[int, set[int]]:
    """Archive in a child that dies at *point*; return its wait status and the groups that it acknowledged."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            die_at(point, torn=torn)
            archive_all(root, writer, wait=wait)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(9)
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        return status, set(pipe.read())


def keys_and_versions(root: Path) -> Counter[tuple[str, int]]:
    found: Counter[tuple[str, int]] = Counter()
    for family in ("articles", "duplicates"):
        for path in sorted((root / family).glob("*.jsonl")):
            for line in path.read_bytes().splitlines(keepends=True):
                record = decode(line)
                found[record.key, record.version] += 1
    return found


_KILLS = [(False, False), (True, True), *([(False, True), (True, False)] if _MORE_GROUPS else [])]


@pytest.mark.parametrize(("torn", "wait"), _KILLS)
def test_killed_at_every_call_that_writes(tmp_path, torn, wait):
    """The writer dies once at each call; then the same is archived again. This also counts the points."""
    expected = Counter({(article.key, 1): 1 for group in GROUPS for article in group})
    point = 0
    while True:
        point += 1
        root = tmp_path / str(point)
        status, acknowledged = run_child(root, point, torn=torn, wait=wait)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        root.mkdir(exist_ok=True)
        Corpus(root, "replica", segment_bytes=1500).close()
        survived = keys_and_versions(root)
        for number in acknowledged:
            assert all(survived[article.key, 1] == 1 for article in GROUPS[number])
        assert verify(root).problems == []
        status, acknowledged = run_child(root, 10**9, torn=False, wait=wait)
        assert (os.WEXITSTATUS(status), acknowledged) == (0, set(range(len(GROUPS))))
        assert keys_and_versions(root) == expected
        assert verify(root).problems == []
    print(f"killed at {point - 1} points")  # noqa: T201 - for who counts them by hand
    assert point > 30
