"""A disk that is full, or fails, at every call that writes: a clear error, nothing acknowledged in vain, all mended."""

from __future__ import annotations

import errno
import os
from contextlib import closing

import pytest

from crawler.archive import Corpus, catalogue
from crawler.archive.verify import verify
from crawler.exceptions import CorpusError, DiskFull
from tests.archive.test_crashes import CALLS, GROUPS, keys_and_versions
from tests.factories import make_article


class FailingCalls:
    """Lets the calls of :data:`CALLS` through until the *point*-th, which fails with *number*, and all after it."""

    def __init__(self, monkeypatch, point, number):
        self.count = 0
        for name in CALLS:
            monkeypatch.setattr(os, name, self.wrap(getattr(os, name), name, point, number))

    def wrap(self, call, name, point, number):
        def wrapper(descriptor, *args, **kwargs):
            self.count += 1
            if self.count >= point:
                if name == "write":
                    call(descriptor, bytes(args[0])[: len(args[0]) // 2])
                raise OSError(number, os.strerror(number))
            return call(descriptor, *args, **kwargs)

        return wrapper


def archive_until_it_fails(root, *, wait):
    """Archive the groups; return the keys that were acknowledged and the error that ended it, if any did."""
    groups, failed = [], None
    try:
        with closing(Corpus(root, "replica", segment_bytes=1500)) as corpus:
            for number, group in enumerate(GROUPS):
                corpus.store_picture(f"picture {number}".encode(), "jpg")
                with corpus.group(wait=wait):
                    for article in group:
                        corpus.add(article)
                groups.append((corpus.durable, [article.key for article in group]))
    except CorpusError as error:
        failed = error
    return [key for durable, keys in groups if durable.exception() is None for key in keys], failed


@pytest.mark.parametrize(
    ("number", "kind", "wait"),
    [
        (errno.ENOSPC, DiskFull, False),
        (errno.EDQUOT, DiskFull, True),
        (errno.EFBIG, DiskFull, True),
        (errno.EIO, CorpusError, False),
    ],
)
def test_every_call_fails_once_and_what_was_acknowledged_is_there(tmp_path, monkeypatch, number, kind, wait):
    monkeypatch.setattr(catalogue, "_LINES_A_COMMIT", 3)
    point, failed = 0, True
    while failed:
        point += 1
        root = tmp_path / str(point)
        with monkeypatch.context() as patch:
            FailingCalls(patch, point, number)
            acknowledged, failed = archive_until_it_fails(root, wait=wait)
        if failed:
            assert type(failed) is kind
            assert str(root) in str(failed)
        root.mkdir(exist_ok=True)
        everything, error = archive_until_it_fails(root, wait=wait)
        assert error is None
        found = keys_and_versions(root)
        assert set(found.values()) == {1}
        assert {key for key, _ in found} == set(everything) >= set(acknowledged)
        assert verify(root).problems == []
    print(f"failed at {point - 1} points with {errno.errorcode[number]}")  # noqa: T201 - for who counts them by hand
    assert point > 30


def test_after_a_failed_sync_the_corpus_takes_nothing_more(tmp_path, monkeypatch):
    corpus = Corpus(tmp_path, "replica")
    with monkeypatch.context() as patch, pytest.raises(CorpusError, match="Input/output"):
        patch.setattr(os, "fdatasync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, os.strerror(errno.EIO))))
        with corpus.group():
            corpus.add(make_article(1))
    with pytest.raises(CorpusError, match="Input/output"), corpus.group():
        corpus.add(make_article(1))
    corpus.close()
    # The line may be whole on disk: whether it was adopted or not, it is there once.
    corpus = Corpus(tmp_path, "replica")
    with corpus.group():
        corpus.add(make_article(1))
    corpus.close()
    assert keys_and_versions(tmp_path) == {("replica/1", 1): 1}


def test_a_sync_that_fails_after_its_group_ended_is_not_passed_over(tmp_path, monkeypatch):
    corpus = Corpus(tmp_path, "replica")
    monkeypatch.setattr(os, "fdatasync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, os.strerror(errno.EIO))))
    with corpus.group(wait=False):
        corpus.add(make_article(1))
    assert isinstance(corpus.durable.exception(), CorpusError)
    with pytest.raises(CorpusError, match="Input/output"):
        corpus.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to a read-only directory")
def test_a_directory_that_may_not_be_written_is_a_clear_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(CorpusError, match="Permission denied"):
        Corpus(tmp_path / "corpus", "replica")


def test_a_file_where_the_corpus_should_be_is_a_clear_error(tmp_path):
    path = tmp_path / "corpus"
    path.write_text("x")
    with pytest.raises(CorpusError, match="File exists"):
        Corpus(path, "replica")
